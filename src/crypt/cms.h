/*
 * Detached CMS signatures (RFC 5652) with ECDSA P-256 by the provider's seal certificate over
 * short documents, and that certificate. Never over gigabytes (dependencies.md section 0).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_CMS_H
#define CRYPT_CMS_H

#include "base/ctx.h"
#include "base/span.h"
#include "crypt/hash.h"

/* Checks p7s (DER) over content; the signer's certificate must be the one that p7s carries and
 * its SHA-256 is given back: the caller compares it with what it trusts. Exactly one signer,
 * ECDSA P-256 with SHA-256, detached, and the DER must re-encode to itself. */
enum err cms_verify(struct ctx *c, struct span p7s, struct span content,
		    struct sha256 *certificate_out) MUST_USE;
/* SHA-256 of a certificate in PEM or DER. */
enum err certificate_hash(struct ctx *c, struct span certificate, struct sha256 *out) MUST_USE;

/* In crypt_sign only. Keys and certificates are PEM. */
enum err seal_certificate_make(struct ctx *c, struct span common_name, struct span *key_pem_out,
			       struct span *cert_pem_out, struct span *request_pem_out) MUST_USE;
enum err cms_sign(struct ctx *c, struct span key_pem, struct span cert_pem, struct span content,
		  struct span *p7s_out) MUST_USE;

#endif

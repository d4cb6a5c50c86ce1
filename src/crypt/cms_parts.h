/*
 * What cms.c gives to cms_secret.c. Nobody outside src/crypt includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_CMS_PARTS_H
#define CRYPT_CMS_PARTS_H

#include "crypt/ossl.h"

DEFINE_SCOPED(X509, x509, X509_free)

static inline void x509_stack_free(STACK_OF(X509) *s)
{
	sk_X509_pop_free(s, X509_free);
}

/* One certificate in PEM or DER. */
enum err cms_certificate_open(struct ctx *c, struct span certificate, X509 **out) MUST_USE;
/* An EC key on P-256, named, not written out in numbers. */
bool cms_is_p256(const EVP_PKEY *key);
/* For OpenSSL's PEM readers: no passphrase, and never a question on the terminal. */
int cms_no_passphrase(char *room, int n, int writing, void *nothing);

#endif

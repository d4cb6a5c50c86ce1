/*
 * The key and the certificate of the site. See tls.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <unistd.h>

#include "base/file.h"
#include "web/form.h"

#define PEM_MAX ((size_t)64 << 10)
#define DAY INT64_C(86400)
#define VALID_DAYS 397  /* what browsers take at most */
#define RENEW_DAYS 30
#define OWN_NAME "writ development certificate"

static void drop_key(gnutls_x509_privkey_t *k)
{
	gnutls_x509_privkey_deinit(*k);
}

static void drop_certificate(gnutls_x509_crt_t *t)
{
	gnutls_x509_crt_deinit(*t);
}

static void drop_datum(gnutls_datum_t *d)
{
	if (d->data)
		gnutls_memset(d->data, 0, d->size);
	gnutls_free(d->data);
}

static enum err check(struct ctx *c, int status)
{
	if (status < 0)
		FAIL(c, ERR_CRYPTO, "the certificate of the site: %s", gnutls_strerror(status));
	return ERR_OK;
}

static enum err paths(struct ctx *c, const struct home *home, char **key, char **certificate)
{
	TRY(path_fmt(c, key, "%s/tls/key.pem", home->dir));
	return path_fmt(c, certificate, "%s/tls/certificate.pem", home->dir);
}

static enum err fill(struct ctx *c, gnutls_x509_crt_t t, gnutls_x509_privkey_t k)
{
	static const unsigned char v4[] = { 127, 0, 0, 1 };
	static const unsigned char v6[16] = { [15] = 1 };
	int64_t now = c->seam->now_ms() / 1000;
	unsigned char serial[16];

	if (c->seam->random(serial, sizeof serial) != 0)
		FAIL(c, ERR_IO, "no randomness");
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
	TRY(check(c, gnutls_x509_crt_set_version(t, 3)));
	TRY(check(c, gnutls_x509_crt_set_serial(t, serial, sizeof serial)));
	TRY(check(c, gnutls_x509_crt_set_activation_time(t, (time_t)(now - DAY))));
	TRY(check(c, gnutls_x509_crt_set_expiration_time(t, (time_t)(now + VALID_DAYS * DAY))));
	TRY(check(c, gnutls_x509_crt_set_dn(t, "CN=" OWN_NAME, NULL)));
	TRY(check(c, gnutls_x509_crt_set_subject_alt_name(t, GNUTLS_SAN_DNSNAME, "localhost", 9,
							  GNUTLS_FSAN_SET)));
	TRY(check(c, gnutls_x509_crt_set_subject_alt_name(t, GNUTLS_SAN_IPADDRESS, v4, sizeof v4,
							  GNUTLS_FSAN_APPEND)));
	TRY(check(c, gnutls_x509_crt_set_subject_alt_name(t, GNUTLS_SAN_IPADDRESS, v6, sizeof v6,
							  GNUTLS_FSAN_APPEND)));
	TRY(check(c, gnutls_x509_crt_set_basic_constraints(t, 0, -1)));
	TRY(check(c, gnutls_x509_crt_set_key_usage(t, GNUTLS_KEY_DIGITAL_SIGNATURE)));
	TRY(check(c, gnutls_x509_crt_set_key_purpose_oid(t, GNUTLS_KP_TLS_WWW_SERVER, 0)));
	TRY(check(c, gnutls_x509_crt_set_key(t, k)));
	return check(c, gnutls_x509_crt_sign2(t, t, k, GNUTLS_DIG_SHA256, 0));
}

/* A key that is there is kept: then one file alone is another, and no crash leaves two that do not
 * belong together. */
static enum err key_of(struct ctx *c, const char *path, gnutls_x509_privkey_t k)
{
	struct span pem;
	gnutls_datum_t d;

	if (!file_exists(path))
		return check(c, gnutls_x509_privkey_generate(
					k, GNUTLS_PK_EC,
					GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	TRY(file_read(c, path, PEM_MAX, &pem));
	d = (gnutls_datum_t){ (unsigned char *)(uintptr_t)pem.p, (unsigned)pem.n };
	return check(c, gnutls_x509_privkey_import(k, &d, GNUTLS_X509_FMT_PEM));
}

static enum err make(struct ctx *c, const char *key_path, const char *certificate_path)
{
	__attribute__((cleanup(drop_certificate))) gnutls_x509_crt_t t = NULL;
	__attribute__((cleanup(drop_key))) gnutls_x509_privkey_t k = NULL;
	__attribute__((cleanup(drop_datum))) gnutls_datum_t key = { 0 }, certificate = { 0 };

	TRY(check(c, gnutls_x509_privkey_init(&k)));
	TRY(key_of(c, key_path, k));
	TRY(check(c, gnutls_x509_crt_init(&t)));
	TRY(fill(c, t, k));
	TRY(check(c, gnutls_x509_privkey_export2(k, GNUTLS_X509_FMT_PEM, &key)));
	TRY(check(c, gnutls_x509_crt_export2(t, GNUTLS_X509_FMT_PEM, &certificate)));
	/* The key last: where it stands, its certificate does, too. */
	TRY(file_write(c, certificate_path, span_of(certificate.data, certificate.size), 0600));
	return file_exists(key_path) ? ERR_OK
				     : file_write(c, key_path, span_of(key.data, key.size), 0600);
}

/* Our own certificate, near its end: an operator's is left alone whatever it says. */
static enum err is_ending(struct ctx *c, const char *path, bool *out)
{
	__attribute__((cleanup(drop_certificate))) gnutls_x509_crt_t t = NULL;
	char name[128];
	size_t n = sizeof name;
	struct span pem;
	gnutls_datum_t d;

	*out = false;
	TRY(file_read(c, path, PEM_MAX, &pem));
	d = (gnutls_datum_t){ (unsigned char *)(uintptr_t)pem.p, (unsigned)pem.n };
	TRY(check(c, gnutls_x509_crt_init(&t)));
	if (gnutls_x509_crt_import(t, &d, GNUTLS_X509_FMT_PEM) < 0 ||
	    gnutls_x509_crt_get_dn_by_oid(t, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &n) < 0 ||
	    !span_is(span_of(name, n), OWN_NAME))
		return ERR_OK;
	*out = gnutls_x509_crt_get_expiration_time(t) <
	       (time_t)(c->seam->now_ms() / 1000 + RENEW_DAYS * DAY);
	return ERR_OK;
}

enum err tls_prepare(struct ctx *c, const struct home *home)
{
	char *key, *certificate, *folder;
	bool ending = false;

	TRY(paths(c, home, &key, &certificate));
	if (file_exists(key))
		TRY(is_ending(c, certificate, &ending));
	if (file_exists(key) && !ending)
		return ERR_OK;
	TRY(path_fmt(c, &folder, "%s/tls", home->dir));
	TRY(dir_make(c, folder, 0700));
	return make(c, key, certificate);
}

enum err tls_read(struct ctx *c, const struct home *home, struct tls_files *out)
{
	char *key, *certificate;
	struct span text;

	TRY(paths(c, home, &key, &certificate));
	TRY(file_read(c, key, PEM_MAX, &text));
	TRY(span_cstr(c, text, &out->key));
	TRY(file_read(c, certificate, PEM_MAX, &text));
	return span_cstr(c, text, &out->certificate);
}

void tls_session(void *session, const unsigned char *ticket_key, bool clients)
{
	const gnutls_datum_t key = { (unsigned char *)(uintptr_t)ticket_key, TLS_TICKET_BYTES };

	gnutls_session_ticket_enable_server(session, &key);
	if (clients) {
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
		gnutls_session_set_verify_cert(session, NULL, 0);
	}
}

void tls_hold(void *session)
{
	gnutls_record_cork(session);
}

bool tls_let_go(void *session)
{
	int sent = gnutls_record_uncork(session, 0);

	return sent != GNUTLS_E_AGAIN && sent != GNUTLS_E_INTERRUPTED;
}

enum err tls_client(struct ctx *c, void *session, struct span *out)
{
	__attribute__((cleanup(drop_certificate))) gnutls_x509_crt_t t = NULL;
	__attribute__((cleanup(drop_datum))) gnutls_datum_t name = { 0 };
	unsigned count = 0;
	const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &count);

	*out = SPAN_NONE;
	if (!shown || count == 0)
		return ERR_OK;
	TRY(check(c, gnutls_x509_crt_init(&t)));
	TRY(check(c, gnutls_x509_crt_import(t, &shown[0], GNUTLS_X509_FMT_DER)));
	TRY(check(c, gnutls_x509_crt_get_dn3(t, &name, 0)));
	return form_text(c, span_of(name.data, name.size), out);
}

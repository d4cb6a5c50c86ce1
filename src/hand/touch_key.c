/*
 * Security keys through libfido2 (CTAP2 over HID): found, asked, heard. What a key answers is
 * believed by nobody here: libfido2 takes it apart inside the cage, writ checks what comes of it. A
 * key gets a time to answer, whatever it keeps saying meanwhile.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
/* It brings OpenSSL's types along, which have an ERR_STATE, too. */
#define ERR_STATE ossl_err_state
#include <fido.h>
#undef ERR_STATE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hidraw.h"
#include "base/num.h"
#include "crypt/cbor.h"
#include "hand/touch.h"

#define TOUCH_MS 60000          /* for a person to touch it */
#define HELLO_MS 5000           /* what needs nobody */

/* One process asks once, so they stand here: libfido2 gives its callbacks a name alone. */
static struct key {
	struct ctx *c;
	fido_dev_t *dev;
	char path[64];          /* for people */
	int fd;
	int64_t until_ms;
	bool late;
} keys[KEYS_MAX];
static int test_wait_ms;

static void assert_end(fido_assert_t **a)
{
	fido_assert_free(a);
}
static void cred_end(fido_cred_t **cred)
{
	fido_cred_free(cred);
}
#define ASSERT_SCOPED __attribute__((cleanup(assert_end)))
#define CRED_SCOPED __attribute__((cleanup(cred_end)))

/* ---- what libfido2 reads and writes ---- */

static void *io_open(const char *place)
{
	return &keys[(unsigned char)place[0] - '0'];
}

static void io_close(void *handle)
{
	(void)handle;
}

/* libfido2's own limit counts anew with each thing that a key says; this one does not. */
static int io_read(void *handle, unsigned char *p, size_t n, int ms)
{
	struct key *k = handle;
	int64_t left = k->until_ms - k->c->seam->mono_ms();
	enum touch_heard heard = left > 0 ? touch_wait(k->fd, left) : HEARD_NOTHING;

	(void)ms;
	k->late = k->late || heard == HEARD_NOTHING;
	return heard == HEARD ? (int)k->c->seam->read(k->fd, p, n) : -1;
}

static int io_write(void *handle, const unsigned char *p, size_t n)
{
	struct key *k = handle;

	return (int)k->c->seam->write(k->fd, p, n);
}

static void hurry(struct key *k, struct ctx *c, int ms)
{
	k->c = c;
	k->late = false;
	k->until_ms = c->seam->mono_ms() + (test_wait_ms > 0 ? test_wait_ms : ms);
}

/* ---- what is plugged in ---- */

static enum err add(struct ctx *c, const char *path, int fd, size_t *count)
{
	struct key *k = &keys[*count];

	if (fd < 0 || *count == KEYS_MAX)
		FAIL(c, ERR_IO, "cannot open the security key at %s: %s", path, strerror(errno));
	snprintf(k->path, sizeof k->path, "%s", path);
	k->fd = fd;
	(*count)++;
	return ERR_OK;
}

static enum err add_test_keys(struct ctx *c, const char *list, size_t *count)
{
	struct span rest = span_str(list), one;
	char *path;

	while (span_next(&rest, ' ', &one)) {
		TRY(span_cstr(c, one, &path));
		TRY(add(c, path, c->seam->connect(path), count));
	}
	return ERR_OK;
}

static enum err add_machine_keys(struct ctx *c, size_t *count)
{
	fido_dev_info_t *list = fido_dev_info_new(KEYS_MAX);
	const char *path;
	size_t n = 0;
	enum err e = ERR_OK;

	if (!list)
		FAIL(c, ERR_NOMEM, "no memory for the list of security keys");
	if (fido_dev_info_manifest(list, KEYS_MAX, &n) != FIDO_OK)
		n = 0;
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		path = fido_dev_info_path(fido_dev_info_ptr(list, i));
		e = add(c, path, c->seam->open(path, O_RDWR | O_NOCTTY, 0), count);
	}
	fido_dev_info_free(&list, KEYS_MAX);
	return e;
}

/* A key that is there and closed to this user: libfido2 does not tell it from none. */
static enum err look_for_closed(struct ctx *c)
{
	char *node;

	for (int i = 0; i < HIDRAW_MOST; i++) {
		TRY(hidraw_key(c, i, &node));
		if (!node || access(node, R_OK | W_OK) == 0)
			continue;
		err_next(c, "systemd's udev rules open it to who sits at the machine: log in "
			    "there, or have your administrator give you %s", node);
		FAIL(c, ERR_DENIED, "a security key is plugged in, but you may not open %s", node);
	}
	return ERR_OK;
}

/* OpenSSL reads its configuration when something is hashed first, which the cage forbids. */
static enum err warm_up(struct ctx *c)
{
	ASSERT_SCOPED fido_assert_t *a = fido_assert_new();

	fido_init(FIDO_DISABLE_U2F_FALLBACK);
	if (!a || fido_assert_set_clientdata(a, (const unsigned char *)"", 1) != FIDO_OK)
		FAIL(c, ERR_NOMEM, "libfido2 cannot be set up");
	return ERR_OK;
}

enum err keys_open(struct ctx *c, size_t *count_out)
{
	const char *test = seam_test_keys(&test_wait_ms);

	*count_out = 0;
	TRY(warm_up(c));
	TRY(test ? add_test_keys(c, test, count_out) : add_machine_keys(c, count_out));
	if (*count_out > 0)
		return ERR_OK;
	if (!test)
		TRY(look_for_closed(c));
	err_next(c, "plug it into the machine on which you type this; if the home is on another "
		    "one, 'man writ' says how to sign here (approve --show)");
	FAIL(c, ERR_NOT_FOUND, "no security key is plugged in");
}

int key_fd(size_t i)
{
	return keys[i].fd;
}

/* ---- what it says ---- */

static enum err pin_wrong(struct ctx *c, struct key *k)
{
	int left = -1;

	hurry(k, c, HELLO_MS);
	if (fido_dev_get_retry_count(k->dev, &left) == FIDO_OK && left >= 0)
		FAIL(c, ERR_DENIED, "wrong PIN; tries left: %d", left);
	FAIL(c, ERR_DENIED, "wrong PIN");
}

/* What keys are known to answer, in words. */
static const struct {
	int r;
	enum err e;
	const char *why, *next;
} answers[] = {
	{ FIDO_ERR_USER_ACTION_TIMEOUT, ERR_AGAIN,
	  "the security key was not touched in time",
	  "run it again, and touch the key when it blinks" },
	{ FIDO_ERR_ACTION_TIMEOUT, ERR_AGAIN, "the security key was not touched in time",
	  "run it again, and touch the key when it blinks" },
	{ FIDO_ERR_OPERATION_DENIED, ERR_DENIED, "the security key said no",
	  "run it again, and touch the key when it blinks" },
	{ FIDO_ERR_PIN_AUTH_BLOCKED, ERR_DENIED,
	  "the security key takes no PIN for the moment: too many were wrong in a row",
	  "take it out, put it in again, and run it again" },
	{ FIDO_ERR_PIN_BLOCKED, ERR_DENIED,
	  "the security key is blocked: all tries of its PIN were wrong",
	  "sign with another key; this one must be reset, and its new passkey entered by two "
	  "people" },
	{ FIDO_ERR_PIN_NOT_SET, ERR_STATE, "the security key has no PIN",
	  "give it one: fido2-token -S DEVICE, or in the settings of a browser" },
	{ FIDO_ERR_NO_CREDENTIALS, ERR_NOT_FOUND,
	  "the security key does not hold the passkey",
	  "plug in the one that was enrolled" },
	{ FIDO_ERR_KEY_STORE_FULL, ERR_LIMIT, "the security key has no room for a passkey",
	  "take another, or delete one that nobody needs: fido2-token -L -r DEVICE" },
	{ FIDO_ERR_PIN_POLICY_VIOLATION, ERR_DENIED,
	  "the security key wants a longer PIN, or a new one",
	  "change it: fido2-token -C DEVICE" },
	{ FIDO_ERR_UNSUPPORTED_ALGORITHM, ERR_FORMAT,
	  "the security key makes no key of ES256", "take another security key" },
};

static enum err failed(struct ctx *c, struct key *k, int r)
{
	if (touch_stopped()) {
		fido_dev_cancel(k->dev);
		return touch_say_stopped(c);
	}
	if (k->late) {
		fido_dev_cancel(k->dev);
		err_next(c,
			 "touch it when it blinks; if it does not, take it out, put it in again, "
			 "and run it again");
		FAIL(c, ERR_AGAIN, "the security key has not answered in time");
	}
	for (size_t i = 0; i < COUNT_OF(answers); i++)
		if (answers[i].r == r) {
			err_next(c, "%s", answers[i].next);
			FAIL(c, answers[i].e, "%s", answers[i].why);
		}
	err_next(c, "take it out, put it in again, and run it again; or sign with another key");
	FAIL(c, ERR_FAILED, "the security key answers what is not to be used (%s)", fido_strerr(r));
}

enum err key_greet(struct ctx *c, size_t i)
{
	static const fido_dev_io_t io = { io_open, io_close, io_read, io_write };
	struct key *k = &keys[i];
	char place[2] = { (char)('0' + i), '\0' };
	int r;

	k->dev = fido_dev_new();
	if (!k->dev || fido_dev_set_io_functions(k->dev, &io) != FIDO_OK)
		FAIL(c, ERR_NOMEM, "no memory for a security key");
	hurry(k, c, HELLO_MS);
	r = fido_dev_open(k->dev, place);
	if (r != FIDO_OK)
		return failed(c, k, r);
	if (!fido_dev_is_fido2(k->dev)) {
		err_next(c, "take one of FIDO2");
		FAIL(c, ERR_DENIED, "the security key cannot verify its user: it is of FIDO U2F");
	}
	if (fido_dev_has_pin(k->dev) || fido_dev_has_uv(k->dev))
		return ERR_OK;
	return failed(c, k, FIDO_ERR_PIN_NOT_SET);
}

bool key_by_itself(size_t i)
{
	return fido_dev_has_uv(keys[i].dev);
}

/* ---- signing ---- */

static enum err took(struct ctx *c, int r)
{
	if (r != FIDO_OK)
		FAIL(c, ERR_FAILED, "libfido2 does not take it: %s", fido_strerr(r));
	return ERR_OK;
}

static enum err assertion_of(struct ctx *c, const struct touch_ask *ask, fido_assert_t **out)
{
	fido_assert_t *a = fido_assert_new();

	*out = a;
	if (!a)
		FAIL(c, ERR_NOMEM, "no memory for an assertion");
	TRY(took(c, fido_assert_set_rp(a, ask->rp_id)));
	TRY(took(c, fido_assert_set_clientdata(a, ask->client_data.p, ask->client_data.n)));
	return took(c, fido_assert_allow_cred(a, ask->credential.p, ask->credential.n));
}

enum err key_holds(struct ctx *c, size_t i, const struct touch_ask *ask, bool *out)
{
	ASSERT_SCOPED fido_assert_t *a = NULL;
	struct key *k = &keys[i];
	int r;

	TRY(assertion_of(c, ask, &a));
	TRY(took(c, fido_assert_set_up(a, FIDO_OPT_FALSE)));
	hurry(k, c, HELLO_MS);
	r = fido_dev_get_assert(k->dev, a, NULL);
	*out = r == FIDO_OK;
	/* A credential that is not its own may be malformed in its eyes. */
	if (r == FIDO_OK || r == FIDO_ERR_NO_CREDENTIALS || r == FIDO_ERR_INVALID_CREDENTIAL)
		return ERR_OK;
	return failed(c, k, r);
}

static enum err own(struct ctx *c, const unsigned char *p, size_t n, struct span *out)
{
	return span_copy(c, p ? span_of(p, n) : SPAN_NONE, out);
}

static int sign(struct ctx *c, struct key *k, const struct touch_ask *ask, const char *pin,
		struct touch_got *out)
{
	ASSERT_SCOPED fido_assert_t *a = NULL;
	struct reader r = { .at = 0 };
	struct span item, data;
	int said;

	if (assertion_of(c, ask, &a) != ERR_OK ||
	    (!pin && fido_assert_set_uv(a, FIDO_OPT_TRUE) != FIDO_OK))
		return FIDO_ERR_INTERNAL;
	said = fido_dev_get_assert(k->dev, a, pin);
	if (said != FIDO_OK)
		return said;
	/* libfido2 gives authenticator data as the byte string that it came in. */
	r.s = span_of(fido_assert_authdata_ptr(a, 0), fido_assert_authdata_len(a, 0));
	if (fido_assert_count(a) != 1 || !r.s.p || !take_cbor(&r, &item) ||
	    !cbor_bytes(item, &data) ||
	    span_copy(c, data, &out->authenticator_data) != ERR_OK ||
	    own(c, fido_assert_sig_ptr(a, 0), fido_assert_sig_len(a, 0), &out->signature) != ERR_OK)
		return FIDO_ERR_RX_INVALID_CBOR;
	return FIDO_OK;
}

/* The attestation object (WebAuthn section 6.5.4) without an attestation: nobody judges makers. */
static enum err attestation_of(struct ctx *c, const fido_cred_t *cred, struct span *out)
{
	struct span data = { fido_cred_authdata_ptr(cred), fido_cred_authdata_len(cred) };
	struct buf b;

	buf_begin(&b, c, data.n + 64);
	buf_add(&b, SPAN("\xa3\x63" "fmt" "\x64" "none" "\x67" "attStmt" "\xa0" "\x68" "authData"));
	buf_add(&b, data);
	return buf_done(c, &b, out);
}

static int make(struct ctx *c, struct key *k, const struct touch_ask *ask, const char *pin,
		struct touch_got *out)
{
	CRED_SCOPED fido_cred_t *cred = fido_cred_new();
	int r;

	/* A resident key, as the desk has browsers make it: who signs in there types no name. */
	if (!cred || fido_cred_set_type(cred, COSE_ES256) != FIDO_OK ||
	    fido_cred_set_rp(cred, ask->rp_id, ask->rp_id) != FIDO_OK ||
	    fido_cred_set_user(cred, ask->user_id.p, ask->user_id.n, ask->user, ask->user, NULL) !=
		    FIDO_OK ||
	    fido_cred_set_clientdata(cred, ask->client_data.p, ask->client_data.n) != FIDO_OK ||
	    fido_cred_set_rk(cred, FIDO_OPT_TRUE) != FIDO_OK ||
	    (!pin && fido_cred_set_uv(cred, FIDO_OPT_TRUE) != FIDO_OK))
		return FIDO_ERR_INTERNAL;
	r = fido_dev_make_cred(k->dev, cred, pin);
	if (r == FIDO_OK && attestation_of(c, cred, &out->attestation_object) != ERR_OK)
		return FIDO_ERR_RX_INVALID_CBOR;
	return r;
}

enum err key_do(struct ctx *c, size_t i, const struct touch_ask *ask, const char *pin,
		struct touch_got *out, bool *again_out)
{
	struct key *k = &keys[i];
	int r;

	*again_out = false;
	hurry(k, c, TOUCH_MS);
	r = ask->make ? make(c, k, ask, pin, out) : sign(c, k, ask, pin, out);
	if (r == FIDO_OK)
		return ERR_OK;
	err_clear(c);
	if (r == FIDO_ERR_PIN_INVALID && !touch_stopped()) {
		*again_out = true;
		return pin_wrong(c, k);
	}
	/* The finger was not known, or too often: the PIN opens it then. */
	if (!pin && fido_dev_has_pin(k->dev) &&
	    (r == FIDO_ERR_UV_INVALID || r == FIDO_ERR_UV_BLOCKED || r == FIDO_ERR_PIN_REQUIRED)) {
		*again_out = true;
		FAIL(c, ERR_DENIED, "the security key did not know your finger");
	}
	return failed(c, k, r);
}

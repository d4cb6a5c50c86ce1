/*
 * C2SP signed notes and tlog-checkpoints, checked: verifier keys, the body of a checkpoint, the one
 * signature line of the log. Refuses control characters, malformed lines even of strangers, a
 * second line by the same key, extension lines, leading zeros, and an origin other than the key's
 * name. Signs nothing: that is note_secret.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/note.h"

#include <string.h>

#include "base/buf.h"
#include "crypt/note_line.h"
#include "crypt/sign.h"

#define TYPE_ED25519 0x01
#define NAME_MAX_BYTES 256u
#define NOTE_MAX ((size_t)128 << 10) /* sixteen post-quantum cosignatures and more */
#define DASH "\xe2\x80\x94 " /* em dash, space */

/* Unicode's White_Space beyond ASCII: U+0085, U+00A0, U+1680, U+2000-200A, U+2028, U+2029, U+202F,
 * U+205F, U+3000, as UTF-8. */
static const char *const wide_spaces[] = {
	"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
	"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
	"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
	"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};

static bool name_ok(struct span name)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES || !span_is_utf8(name))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] == '+' || name.p[i] == 0x7f)
			return false;
		for (size_t k = 0; k < sizeof wide_spaces / sizeof *wide_spaces; k++)
			if (span_starts(span_cut(name, i, name.n), wide_spaces[k]))
				return false;
	}
	return true;
}

bool note_text_ok(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' && text.p[i] != '\n')
			return false;
	return text.n > 0 && text.p[text.n - 1] == '\n' && span_is_utf8(text);
}

enum err note_key_make(struct ctx *c, struct span name, struct span public_key,
		       struct note_key *out)
{
	struct sha256 h;
	struct span all;
	struct buf b;

	if (!name_ok(name))
		FAIL(c, ERR_FORMAT,
		     "the name of a log key is empty, too long, or holds a space, a plus or a "
		     "control character");
	if (public_key.n != sizeof out->key)
		FAIL(c, ERR_FORMAT, "an Ed25519 public key has 32 bytes, not %zu", public_key.n);
	buf_begin(&b, c, NAME_MAX_BYTES + 2 + sizeof out->key);
	buf_add(&b, name);
	buf_byte(&b, '\n');
	buf_byte(&b, TYPE_ED25519);
	buf_add(&b, public_key);
	TRY(buf_done(c, &b, &all));
	TRY(sha256_of(c, all, &h));
	TRY(span_copy(c, name, &out->name));
	memcpy(out->id, h.b, sizeof out->id);
	memcpy(out->key, public_key.p, sizeof out->key);
	return ERR_OK;
}

enum err note_key_text(struct ctx *c, const struct note_key *k, struct span *vkey_out)
{
	unsigned char typed[1 + sizeof k->key] = { TYPE_ED25519 };
	struct span id, key;

	memcpy(typed + 1, k->key, sizeof k->key);
	TRY(hex_encode(c, span_of(k->id, sizeof k->id), &id));
	TRY(b64_encode(c, span_of(typed, sizeof typed), &key));
	return span_fmt(c, vkey_out, "%.*s+%.*s+%.*s", SPAN_ARG(k->name), SPAN_ARG(id),
			SPAN_ARG(key));
}

enum err note_key_parse(struct ctx *c, struct span vkey, struct note_key *out)
{
	unsigned char id[sizeof out->id];
	struct span name, hex, b64, typed, rest;

	/* The base64 may hold a plus itself: only the first two divide. */
	if (!span_split(vkey, '+', &name, &rest) || !span_split(rest, '+', &hex, &b64) ||
	    !hex_decode(hex, id, sizeof id))
		FAIL(c, ERR_FORMAT, "a verifier key is not of the form name+hex+base64");
	TRY(b64_decode(c, b64, &typed));
	if (typed.n != 1 + sizeof out->key || typed.p[0] != TYPE_ED25519)
		FAIL(c, ERR_FORMAT, "a verifier key is not an Ed25519 key (type 01)");
	TRY(note_key_make(c, name, span_cut(typed, 1, typed.n), out));
	if (!span_eq(span_of(id, sizeof id), span_of(out->id, sizeof out->id)))
		FAIL(c, ERR_FORMAT,
		     "a verifier key is misspelt: its id is not that of its name and key");
	return ERR_OK;
}

enum err note_line(struct ctx *c, const struct note_key *key,
		   const unsigned char sig[ED25519_SIG_BYTES], struct span *line_out)
{
	unsigned char typed[sizeof key->id + ED25519_SIG_BYTES];
	struct span b64;

	memcpy(typed, key->id, sizeof key->id);
	memcpy(typed + sizeof key->id, sig, ED25519_SIG_BYTES);
	TRY(b64_encode(c, span_of(typed, sizeof typed), &b64));
	return span_fmt(c, line_out, DASH "%.*s %.*s\n", SPAN_ARG(key->name), SPAN_ARG(b64));
}

enum err checkpoint_body(struct ctx *c, const struct checkpoint *cp, struct span *body_out)
{
	struct span root;

	if (!name_ok(cp->origin))
		FAIL(c, ERR_FORMAT,
		     "the origin of a log is empty, too long, or holds a space, a plus or a "
		     "control character");
	TRY(b64_encode(c, sha256_span(&cp->root), &root));
	return span_fmt(c, body_out, "%.*s\n%llu\n%.*s\n", SPAN_ARG(cp->origin),
			(unsigned long long)cp->size, SPAN_ARG(root));
}

/* Divides a note at its last empty line; text keeps its final newline. */
static bool note_split(struct span note, struct span *text, struct span *lines)
{
	for (size_t at = note.n; at >= 2; at--)
		if (note.p[at - 1] == '\n' && note.p[at - 2] == '\n') {
			*text = span_cut(note, 0, at - 1);
			*lines = span_cut(note, at, note.n);
			return true;
		}
	return false;
}

/* One signature line: by this key? and its bytes. Strangers' lines too must be well formed. */
static enum err line_read(struct ctx *c, struct span line, const struct note_key *key,
			  bool *ours_out, struct span *sig_out)
{
	struct span name, b64, blob;

	if (!span_starts(line, DASH) ||
	    !span_split(span_cut(line, sizeof DASH - 1, line.n), ' ', &name, &b64) ||
	    !name_ok(name))
		FAIL(c, ERR_FORMAT,
		     "a signature line of a note is not of the form '\xe2\x80\x94 name base64'");
	TRY(b64_decode(c, b64, &blob));
	if (blob.n <= sizeof key->id)
		FAIL(c, ERR_FORMAT, "a signature line of a note holds no signature");
	*ours_out = span_eq(name, key->name) &&
		    span_eq(span_cut(blob, 0, sizeof key->id), span_of(key->id, sizeof key->id));
	*sig_out = span_cut(blob, sizeof key->id, blob.n);
	return ERR_OK;
}

static enum err note_open(struct ctx *c, struct span note, const struct note_key *key,
			  struct span *text_out)
{
	struct span lines, line, sig, found = SPAN_NONE;
	struct reader r;
	bool ours;

	if (note.n > NOTE_MAX)
		FAIL(c, ERR_LIMIT, "a signed note is longer than %zu bytes", NOTE_MAX);
	if (!note_text_ok(note) || !note_split(note, text_out, &lines) || lines.n == 0)
		FAIL(c, ERR_FORMAT,
		     "this is no signed note: text, an empty line and signature lines, in UTF-8");
	for (r = (struct reader){ .s = lines }; take_line(&r, &line);) {
		TRY(line_read(c, line, key, &ours, &sig));
		if (ours && found.n != 0)
			FAIL(c, ERR_VERIFY, "a note is signed twice by %.*s", SPAN_ARG(key->name));
		if (ours)
			found = sig;
	}
	if (found.n == 0)
		FAIL(c, ERR_VERIFY, "a note is not signed by the key of %.*s", SPAN_ARG(key->name));
	if (found.n != ED25519_SIG_BYTES)
		FAIL(c, ERR_VERIFY, "the signature of a note has the wrong length");
	return ed25519_verify(c, span_of(key->key, sizeof key->key), *text_out, found);
}

static enum err body_read(struct ctx *c, struct span body, struct checkpoint *out)
{
	struct reader r = { .s = body };
	struct span size, root, raw;
	struct sha256 empty;
	int64_t n;

	if (!take_until(&r, '\n', &out->origin) || !take_until(&r, '\n', &size) ||
	    !take_until(&r, '\n', &root))
		FAIL(c, ERR_FORMAT, "a checkpoint has not the lines origin, size and root");
	if (!reader_done(&r))
		FAIL(c, ERR_FORMAT, "a checkpoint has extension lines: nothing of ours writes any");
	if (!name_ok(out->origin) || !span_to_i64(size, &n) || n < 0)
		FAIL(c, ERR_FORMAT,
		     "a checkpoint's origin is no name, or its size no number without leading "
		     "zeros");
	TRY(b64_decode(c, root, &raw));
	if (raw.n != SHA256_BYTES)
		FAIL(c, ERR_FORMAT, "a checkpoint's root has %zu bytes, not 32", raw.n);
	memcpy(out->root.b, raw.p, SHA256_BYTES);
	out->size = (uint64_t)n;
	TRY(tree_empty_root(c, &empty));
	if (n == 0 && !span_eq(sha256_span(&empty), sha256_span(&out->root)))
		FAIL(c, ERR_FORMAT, "a checkpoint of an empty log has the root of another one");
	return ERR_OK;
}

enum err checkpoint_open(struct ctx *c, struct span note, const struct note_key *key,
			 struct checkpoint *out)
{
	struct span body;

	TRY(note_open(c, note, key, &body));
	TRY(body_read(c, body, out));
	if (!span_eq(out->origin, key->name))
		FAIL(c, ERR_VERIFY, "a checkpoint is of the log %.*s, not of %.*s",
		     SPAN_ARG(out->origin), SPAN_ARG(key->name));
	return ERR_OK;
}

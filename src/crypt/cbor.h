/*
 * Reading CBOR (RFC 8949) in the one form that authenticators write: CTAP2's canonical form, as far
 * as WebAuthn needs it. Whole numbers, byte strings, texts, lists, maps, true, false and null, in
 * their shortest form, of definite length, keys of a map in order and each once, 4 deep. Refuses
 * tags, floating point and everything else. Nobody outside src/crypt includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_CBOR_H
#define CRYPT_CBOR_H

#include "base/span.h"

/* One whole item, checked to its last byte; *item is its bytes. False: the reader is not moved. */
bool take_cbor(struct reader *r, struct span *item);

/* Of items that take_cbor has checked. False, or nothing, where an item is of another kind. */
bool cbor_is_map(struct span item);
size_t cbor_count(struct span item);    /* members of a map, entries of a list; else 0 */
bool cbor_bytes(struct span item, struct span *out);
bool cbor_text_is(struct span item, const char *z);
bool cbor_int(struct span item, int64_t *out);
/* The value of that key; the first entry of a list. */
bool cbor_member(struct span map, const char *key, struct span *value);
bool cbor_numbered(struct span map, int64_t key, struct span *value);
bool cbor_first(struct span list, struct span *entry);

#endif

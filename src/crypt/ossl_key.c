/*
 * Public keys from their numbers: ECDSA points and RSA, wherever the numbers were written (SSH
 * keys, passkeys). Refuses RSA below 2048 bits and numbers that are no such key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/ossl.h"

#define RSA_BITS_MAX 16384 /* OpenSSH's own limit */
#define RSA_E_BYTES_MAX 8u

DEFINE_SCOPED(OSSL_PARAM_BLD, param_bld, OSSL_PARAM_BLD_free)
DEFINE_SCOPED(OSSL_PARAM, params, OSSL_PARAM_free)

static enum err key_from(struct ctx *c, const char *algorithm, OSSL_PARAM_BLD *numbers,
			 EVP_PKEY **out)
{
	SCOPED(pkey_ctx) EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	SCOPED(params) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(numbers);

	if (!maker || !params || EVP_PKEY_fromdata_init(maker) != 1)
		OSSL_FAIL(c, algorithm);
	if (EVP_PKEY_fromdata(maker, out, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		ERR_clear_error();
		FAIL(c, ERR_FORMAT, "the numbers of this %s key are no such key", algorithm);
	}
	return ERR_OK;
}

enum err ossl_ec_public(struct ctx *c, const char *group, struct span point, EVP_PKEY **out)
{
	SCOPED(param_bld) OSSL_PARAM_BLD *numbers = OSSL_PARAM_BLD_new();

	/* 4: uncompressed, the only form that is written. OpenSSL checks that the point is on the
	 * curve; with cofactor 1 nothing more is to check. */
	if (point.n == 0 || point.p[0] != 4)
		FAIL(c, ERR_FORMAT, "the point of this ECDSA key is not in its uncompressed form");
	if (!numbers ||
	    !OSSL_PARAM_BLD_push_utf8_string(numbers, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) ||
	    !OSSL_PARAM_BLD_push_octet_string(numbers, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n))
		OSSL_FAIL(c, "an ECDSA key");
	return key_from(c, "EC", numbers, out);
}

enum err ossl_rsa_public(struct ctx *c, struct span modulus, struct span exponent, EVP_PKEY **out)
{
	SCOPED(param_bld) OSSL_PARAM_BLD *numbers = OSSL_PARAM_BLD_new();
	SCOPED(bignum) BIGNUM *e = NULL;
	SCOPED(bignum) BIGNUM *n = NULL;

	if (exponent.n > RSA_E_BYTES_MAX || modulus.n > RSA_BITS_MAX / 8)
		FAIL(c, ERR_FORMAT, "the numbers of this RSA key are too long");
	e = BN_bin2bn(exponent.p, (int)exponent.n, NULL);
	n = BN_bin2bn(modulus.p, (int)modulus.n, NULL);
	if (!numbers || !e || !n)
		FAIL(c, ERR_NOMEM, "no memory for an RSA key");
	if (BN_num_bits(n) < RSA_BITS_MIN) {
		err_next(c, "make another key: Ed25519 and ECDSA are always long enough");
		FAIL(c, ERR_FORMAT, "this RSA key has %d bits, the least is %d", BN_num_bits(n),
		     RSA_BITS_MIN);
	}
	/* With e = 1 every text would be its own signature. */
	if (BN_is_one(e) || !BN_is_odd(e) || !BN_is_odd(n))
		FAIL(c, ERR_FORMAT, "the numbers of this RSA key are no such key");
	if (!OSSL_PARAM_BLD_push_BN(numbers, OSSL_PKEY_PARAM_RSA_N, n) ||
	    !OSSL_PARAM_BLD_push_BN(numbers, OSSL_PKEY_PARAM_RSA_E, e))
		OSSL_FAIL(c, "an RSA key");
	return key_from(c, "RSA", numbers, out);
}

/*
 * One warm pass of the machine's limit at a time, so that it can stand between two samples: built
 * around the shared limit.c, which is named by -DLIMIT_C and stays where it is.
 *   limitpass DIR T0 T1     for each line on stdin: "wall cpu" in seconds, of read + SHA-256 +
 * AES-256-GCM The first line of output: "messages bytes". SPDX-License-Identifier: Apache-2.0
 */
#define main limit_main
#include LIMIT_C
#undef main

int main(int count, char **word)
{
	char line[16];

	if (count != 4)
		return 1;
	sha = EVP_MD_fetch(NULL, "SHA256", NULL);
	gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	mc = EVP_MD_CTX_new();
	cc = EVP_CIPHER_CTX_new();
	scan(word[1], "", atoll(word[2]), atoll(word[3]), 0);
	for (size_t i = 0; i < nlist; i++)
		maxsz = list[i].size > maxsz ? list[i].size : maxsz;
	buf = aligned_alloc(4096, (maxsz | 4095) + 1);
	enc = aligned_alloc(4096, 1 << 20);
	if (!sha || !gcm || !mc || !cc || !buf || !enc)
		return 1;
	printf("%zu %zu\n", nlist, total);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		double before = cpu(), wall = pass(RD | SH | GC, NULL);

		printf("%.6f %.6f\n", wall, cpu() - before);
		fflush(stdout);
	}
	return 0;
}

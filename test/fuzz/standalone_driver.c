/*
 * Runs a fuzz target without a fuzzing engine: every file named, every file below a folder named,
 * and some changed copies of each, always the same ones. A folder that is absent is said loudly.
 *   fuzz_NAME [--copies N] FILE-OR-FOLDER...
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"


static size_t inputs;
static int copies = 24;
static uint64_t state;

/* xorshift64 (Marsaglia 2003), begun anew for every file. */
static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* A block of exactly that size, so that a sanitizer sees each byte read beyond it. */
static void run(const unsigned char *bytes, size_t n)
{
	unsigned char *copy = malloc(n ? n : 1);

	CHECK(copy);
	memcpy(copy, bytes, n);
	CHECK(LLVMFuzzerTestOneInput(copy, n) == 0);
	free(copy);
}

static void run_changed(unsigned char *bytes, size_t n)
{
	for (int i = 0; i < copies && n > 0; i++) {
		size_t at = draw() % n, len = 1 + draw() % 4;
		unsigned char was[8];

		if (i % 4 == 0) {
			run(bytes, at);
			continue;
		}
		if (len > n - at)
			len = n - at;
		memcpy(was, bytes + at, len);
		for (size_t k = 0; k < len; k++)
			bytes[at + k] = i % 4 == 1 ? bytes[draw() % n] : (unsigned char)draw();
		run(bytes, n);
		memcpy(bytes + at, was, len);
	}
}

static int run_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	static unsigned char bytes[INPUT_MAX];
	FILE *f;
	size_t n;

	(void)st;
	(void)where;
	if (kind != FTW_F)
		return 0;
	f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	state = UINT64_C(0x9e3779b97f4a7c15) ^ n;
	run(bytes, n);
	run_changed(bytes, n);
	inputs++;
	return 0;
}

int main(int argc, char **argv)
{
	int first = 1;

	if (argc > 2 && strcmp(argv[1], "--copies") == 0) {
		copies = atoi(argv[2]);
		first = 3;
	}
	for (int i = first; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) != 0)
			printf("SKIPPED: %s is not here\n", argv[i]);
		else if (nftw(argv[i], run_file, 16, FTW_PHYS) != 0)
			return 1;
	}
	run((const unsigned char *)"", 0);
	printf("%zu inputs, each with %d changed copies\n", inputs, copies);
	return inputs ? 0 : 1;
}

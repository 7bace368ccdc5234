/* SPDX-License-Identifier: ISC */
/*
 * replay - runs a fuzz target over its corpus, so that every input that once
 * mattered is a test, with any compiler. Named X_replay it reads
 * tests/fuzz/corpus/X; every file is also fed cut at each of its first bytes
 * and with one bit flipped at a time, which costs little and finds much.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	INPUT_MAX = 1 << 20,		/* bytes of one corpus file */
	VARIED_MAX = 2048,		/* larger ones are fed as they are only */
};

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned char input[INPUT_MAX];

/* A copy of the exact size, so that a sanitizer sees a read past its end. */
static void
feed(const unsigned char *p, size_t n)
{
	unsigned char *copy = malloc(n + (n == 0));

	if (copy == NULL)
		abort();
	memcpy(copy, p, n);
	(void)LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void
feed_varied(size_t n)
{
	size_t i;

	feed(input, n);
	if (n > VARIED_MAX)
		return;
	for (i = 0; i < n; i++)
		feed(input, i);
	for (i = 0; i < n * 8; i++) {
		input[i / 8] ^= (unsigned char)(1 << i % 8);
		feed(input, n);
		input[i / 8] ^= (unsigned char)(1 << i % 8);
	}
}

int
main(int argc, char **argv)
{
	char folder[512], path[1024];
	const char *base = strrchr(argv[0], '/');
	struct dirent *d;
	size_t n;
	FILE *f;
	DIR *dir;
	int files = 0;

	base = base != NULL ? base + 1 : argv[0];
	if (argc > 1)
		snprintf(folder, sizeof(folder), "%s", argv[1]);
	else
		snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%.*s",
		    (int)strcspn(base, "-"), base);
	if (argc <= 1 && strstr(folder, "_replay") != NULL)
		*strstr(folder, "_replay") = '\0';
	dir = opendir(folder);
	if (dir == NULL) {
		perror(folder);
		printf("0 passed, 1 failed\n");
		return 1;
	}
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		f = fopen(path, "rb");
		if (f == NULL)
			continue;
		n = fread(input, 1, sizeof(input), f);
		fclose(f);
		feed_varied(n);
		files++;
	}
	closedir(dir);
	printf("%d passed, %d failed\n", files, files == 0);
	return files == 0;
}

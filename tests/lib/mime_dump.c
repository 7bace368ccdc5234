/* SPDX-License-Identifier: ISC */
/* Messages from standard input, each "NEED LENGTH LF BYTES LF", re-encoded:
 * "LENGTH LF BYTES" of each; -1 for one that is refused, -2 for one that needs
 * no change. For tests/e2e/test_mime_model.py. */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/mail/mime.h"

enum {
	PIECE = 97,			/* bytes fed at once */
};

static int
feed_all(struct mime *m, const char *p, size_t n, struct buf *out)
{
	struct err err;
	size_t k;

	for (; n > 0; p += k, n -= k) {
		k = n < PIECE ? n : PIECE;
		if (mime_feed(m, p, k, out, &err) == -1)
			return -1;
	}
	return mime_finish(m, out, &err);
}

static void
dump(unsigned need, const char *p, size_t n, struct buf *out)
{
	struct mime m;
	int ret;

	mime_init(&m, need);
	ret = feed_all(&m, p, n, NULL);
	if (ret == 0 && m.changes) {
		mime_rewind(&m);
		ret = feed_all(&m, p, n, out);
		printf("%zu\n", out->n);
		(void)fwrite(buf_str(out), 1, out->n, stdout);
	} else {
		puts(ret == 0 ? "-2" : "-1");
	}
	mime_free(&m);
	buf_reset(out);
}

int
main(void)
{
	static char in[1 << 20];
	char line[32];
	struct buf out;
	int64_t n;

	buf_init(&out, 64 << 20);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (!text_to_int(line + 2, strcspn(line + 2, "\n"), 0,
		    sizeof(in), &n) ||
		    fread(in, 1, (size_t)n, stdin) != (size_t)n ||
		    getchar() != '\n')
			return 1;
		dump((unsigned)(line[0] - '0'), in, (size_t)n, &out);
	}
	buf_free(&out);
	return 0;
}

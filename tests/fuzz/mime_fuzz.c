/* SPDX-License-Identifier: ISC */
/* Any bytes as a message that is re-encoded; the first two choose for what
 * and in what pieces. Afterwards nothing is left to be changed, the size is
 * the one that was told, and the pieces made no difference. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/mail/message.h"
#include "core/mail/mime.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* As the queue would hold it. */
static void
normalise(struct buf *b, const char *p, size_t n)
{
	static const struct message_opts opts = { .ignore_dots = true,
		.header_max = 1 << 20 };
	struct message m;
	struct buf body;
	struct err err;
	ssize_t used;

	message_init(&m, &opts);
	buf_init(&body, 2 * n + MESSAGE_SLACK);
	used = message_feed(&m, p, n, &body, &err);
	if (used >= 0 && (size_t)used < n)
		(void)message_feed(&m, p + used, n - (size_t)used, &body, &err);
	(void)message_finish(&m, &body, &err);
	buf_add(b, buf_str(&m.header), m.header.n);
	buf_adds(b, "\r\n");
	buf_add(b, buf_str(&body), body.n);
	message_free(&m);
	buf_free(&body);
}

/* -1: refused, 0: nothing to change, 1: changed. */
static int
convert(unsigned need, const struct buf *in, size_t step, struct buf *out)
{
	struct mime m;
	struct err err;
	size_t i, k;
	int64_t size = -1;
	int ret = 0;

	mime_init(&m, need);
	for (int pass = 0; pass < 3 && ret == 0; pass++) {
		if (pass > 0 && !m.changes)
			break;
		if (pass > 0)
			mime_rewind(&m);
		buf_reset(out);
		for (i = 0; i < in->n && ret == 0; i += k) {
			k = in->n - i < step ? in->n - i : step;
			ret = mime_feed(&m, in->p + i, k,
			    pass > 0 ? out : NULL, &err);
		}
		if (ret == 0)
			ret = mime_finish(&m, pass > 0 ? out : NULL, &err);
		if (pass > 0 && (ret != 0 || m.size != (int64_t)out->n))
			abort();
		if (pass == 2 && size != m.size)
			abort();
		size = m.size;
	}
	if (ret == 0)
		ret = m.changes;
	mime_free(&m);
	return ret;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf in, a, b;
	unsigned need;
	int ret;

	if (n < 2)
		return 0;
	need = data[0] % 3 + 1;
	buf_init(&in, 1 << 28);
	buf_init(&a, 1 << 28);
	buf_init(&b, 1 << 28);
	normalise(&in, (const char *)data + 2, n - 2);
	ret = convert(need, &in, in.n, &a);
	if (convert(need, &in, (size_t)data[1] % 64 + 1, &b) != ret)
		abort();
	if (ret == 1) {
		if (a.n != b.n || memcmp(a.p, b.p, a.n) != 0 ||
		    ((need & MIME_7BIT) && !text_is_ascii(a.p, a.n)) ||
		    memchr(a.p, '\0', a.n) != NULL)
			abort();
		buf_reset(&b);
		if (convert(need, &a, a.n, &b) != 0)
			abort();
	} else if (ret == 0 && (need & MIME_7BIT) &&
	    !text_is_ascii(in.p, in.n)) {
		abort();
	}
	buf_free(&in);
	buf_free(&a);
	buf_free(&b);
	return 0;
}

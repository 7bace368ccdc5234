/* SPDX-License-Identifier: ISC */
/* Any bytes as a message: the first chooses the options, the second the size
 * of the pieces. What comes out has no line end but CRLF and no NUL, says what
 * went in, and does not depend on the pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/mail/envelope.h"
#include "core/mail/header.h"
#include "core/mail/message.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum {
	HEADER_LIMIT = 4096,		/* bytes */
};

struct got {
	struct message	m;
	struct buf	body;
	size_t		used;
	bool		failed;
};

static void
read_all(struct got *g, const struct message_opts *opts, const char *p,
    size_t n, size_t step)
{
	struct err err;
	ssize_t used;
	size_t k;

	memset(g, 0, sizeof(*g));
	message_init(&g->m, opts);
	buf_init(&g->body, 2 * n + MESSAGE_SLACK);
	while (g->used < n && g->m.state != MESSAGE_END && !g->failed) {
		k = n - g->used < step ? n - g->used : step;
		used = message_feed(&g->m, p + g->used, k, &g->body, &err);
		g->failed = used == -1;
		if (used > 0)
			g->used += (size_t)used;
	}
	if (!g->failed)
		g->failed = message_finish(&g->m, &g->body, &err) == -1;
	if (g->failed != g->m.header.over)
		abort();
}

static void
free_all(struct got *g)
{
	message_free(&g->m);
	buf_free(&g->body);
}

/* Whole lines, each ended by CRLF; octets over 127 and long lines are told. */
static void
check_lines(const struct buf *b, unsigned flags, unsigned is_8bit)
{
	size_t i, len = 0;

	for (i = 0; i < b->n; i++) {
		if (b->p[i] == '\0' || (b->p[i] == '\n') !=
		    (i > 0 && b->p[i - 1] == '\r'))
			abort();
		if ((unsigned char)b->p[i] >= 0x80 && !(flags & is_8bit))
			abort();
		len = b->p[i] == '\n' ? 0 : len + 1;
		if (len == MESSAGE_LINE_MAX + 2 && b->p[i] != '\r' &&
		    !(flags & ENVELOPE_LONG_LINES))
			abort();
	}
	if (len != 0)
		abort();
}

static void
check_fields(const struct buf *header)
{
	struct header_field f;
	size_t pos = 0;

	while (header_next(buf_str(header), header->n, &pos, &f))
		if (f.name.n == 0)
			abort();
}

/* Every other byte of the body stands in the input, in this order. */
static void
check_body(const struct got *g, const char *p)
{
	const char *b = buf_str(&g->body);
	size_t i, at = g->body.n;

	for (i = g->used; at > 0; at--) {
		if (b[at - 1] == '\r' || b[at - 1] == '\n')
			continue;
		while (i > 0 && p[i - 1] != b[at - 1])
			i--;
		if (i == 0)
			abort();
		i--;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct message_opts opts = { .header_max = HEADER_LIMIT };
	struct got a, b;

	if (n < 2)
		return 0;
	opts.ignore_dots = data[0] & 1;
	opts.crlf_strict = data[0] & 2;
	read_all(&a, &opts, p + 2, n - 2, n);
	read_all(&b, &opts, p + 2, n - 2, (size_t)data[1] % 64 + 1);
	if (a.failed != b.failed)
		abort();
	if (!a.failed) {
		check_lines(&a.m.header, a.m.flags, ENVELOPE_8BIT_HEADER);
		check_lines(&a.body, a.m.flags, ENVELOPE_8BIT_BODY);
		check_fields(&a.m.header);
		check_body(&a, p + 2);
		if (a.m.state != b.m.state || a.used != b.used ||
		    a.m.flags != b.m.flags ||
		    a.m.body_size != (int64_t)a.body.n ||
		    a.m.header.n != b.m.header.n || a.body.n != b.body.n ||
		    memcmp(buf_str(&a.m.header), buf_str(&b.m.header),
		    a.m.header.n) != 0 ||
		    memcmp(buf_str(&a.body), buf_str(&b.body), a.body.n) != 0)
			abort();
	}
	free_all(&a);
	free_all(&b);
	return 0;
}

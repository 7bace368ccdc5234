/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/rand.h"
#include "core/smtp/dot.h"

static const struct {
	const char	*in, *want;
} cases[] = {
	{ "", ".\r\n" },
	{ "a\r\n", "a\r\n.\r\n" },
	{ "a", "a\r\n.\r\n" },
	{ ".", "..\r\n.\r\n" },
	{ ".\r\n", "..\r\n.\r\n" },
	{ "..\r\n.a\r\n", "...\r\n..a\r\n.\r\n" },
	{ "a.b\r\n.\r\nc..d\r\n", "a.b\r\n..\r\nc..d\r\n.\r\n" },
	{ "\r\n\r\n.\r\n\r\n", "\r\n\r\n..\r\n\r\n.\r\n" },
	/* Nothing that some server might take for an end (smuggling). */
	{ "a\n.\r\nb\r\n", "a\n..\r\nb\r\n.\r\n" },
	{ "a\r.\r\nb\r\n", "a\r..\r\nb\r\n.\r\n" },
	{ "a\n.\nb", "a\n..\nb\r\n.\r\n" },
	{ "a\n", "a\n\r\n.\r\n" },
	{ "a\r", "a\r\r\n.\r\n" },
	{ "a\r\n.\r", "a\r\n..\r\r\n.\r\n" },
};

static void
feed_all(const char *p, size_t n, size_t step, struct buf *out)
{
	enum smtp_dot state = SMTP_DOT_LINE;
	size_t len;

	for (; n > 0; p += len, n -= len) {
		len = n < step ? n : step;
		smtp_dot_feed(&state, p, len, out);
	}
	smtp_dot_finish(&state, out);
}

static void
test_table(void **state)
{
	struct buf out;
	size_t i, step;

	(void)state;
	buf_init(&out, 1000);
	for (i = 0; i < NELEM(cases); i++) {
		for (step = 1; step <= strlen(cases[i].in) + 1; step++) {
			buf_reset(&out);
			feed_all(cases[i].in, strlen(cases[i].in), step, &out);
			check(strcmp(buf_str(&out), cases[i].want) == 0,
			    "row %zu by %zu: '%s'", i, step, buf_str(&out));
		}
	}
	buf_free(&out);
}

/* What a server makes of it, byte by byte (RFC 5321 4.5.2). */
static void
unstuff(const struct buf *in, struct buf *out)
{
	size_t i;
	bool start = true;

	for (i = 0; i < in->n; i++) {
		if (start && in->p[i] == '.') {
			if (in->n - i >= 3 && memcmp(in->p + i, ".\r\n", 3) == 0) {
				assert_int_equal(i + 3, in->n);
				return;
			}
			i++;
		}
		buf_addc(out, in->p[i]);
		start = i > 0 && in->p[i] == '\n' && in->p[i - 1] == '\r';
	}
	fail_msg("no end");
}

static void
test_round(void **state)
{
	static const char *const pieces[] = { "\r\n", ".", "a", "bc", ".\r\n" };
	struct buf in, out, back;
	size_t round, i, n;

	(void)state;
	buf_init(&in, 1000);
	buf_init(&out, 2010);
	buf_init(&back, 1000);
	for (round = 0; round < 20000; round++) {
		buf_reset(&in);
		buf_reset(&out);
		buf_reset(&back);
		n = rand_u32() % 12;
		for (i = 0; i < n; i++)
			buf_adds(&in, pieces[rand_u32() % NELEM(pieces)]);
		buf_adds(&in, "\r\n");
		feed_all(buf_str(&in), in.n, 1 + rand_u32() % 7, &out);
		unstuff(&out, &back);
		check(back.n == in.n && memcmp(back.p, in.p, in.n) == 0,
		    "'%s' came back as '%s'", buf_str(&in), buf_str(&back));
	}
	buf_free(&in);
	buf_free(&out);
	buf_free(&back);
}

CHECK_MAIN(cmocka_unit_test(test_table), cmocka_unit_test(test_round))

/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/mem.h"
#include "core/smtp/reply.h"

#define MORE	SMTP_REPLY_MORE
#define DONE	SMTP_REPLY_DONE
#define BAD	SMTP_REPLY_BAD

static const struct {
	const char		*name, *in;
	enum smtp_reply_state	 want;
	int			 code;
	const char		*dsn, *text, *left;	/* left: next reply's bytes */
} cases[] = {
	{ "plain",	"250 ok\r\n",		DONE, 250, "", "ok", "" },
	{ "code only",	"250\r\n",		DONE, 250, "", "", "" },
	{ "code, space", "250 \r\n",		DONE, 250, "", "", "" },
	{ "dsn",	"550 5.1.1 no such user\r\n",
	    DONE, 550, "5.1.1", "no such user", "" },
	{ "dsn alone",	"250 2.0.0\r\n",	DONE, 250, "2.0.0", "", "" },
	{ "dsn long",	"450 4.123.456 x\r\n",	DONE, 450, "4.123.456", "x", "" },
	{ "dsn lies",	"550 2.0.0 no\r\n",	DONE, 550, "", "2.0.0 no", "" },
	{ "dsn lies 2",	"250 5.1.1 ok\r\n",	DONE, 250, "", "5.1.1 ok", "" },
	{ "dsn short",	"550 5.1 x\r\n",	DONE, 550, "", "5.1 x", "" },
	{ "dsn longer",	"550 5.1.1.1 x\r\n",	DONE, 550, "", "5.1.1.1 x", "" },
	{ "dsn digits",	"550 5.9999.1 x\r\n",	DONE, 550, "", "5.9999.1 x", "" },
	{ "dsn zeros",	"550 5.01.1 x\r\n",	DONE, 550, "", "5.01.1 x", "" },
	{ "dsn cut",	"550 5.1.\r\n",		DONE, 550, "", "5.1.", "" },
	{ "dsn glued",	"550 5.1.1x\r\n",	DONE, 550, "", "5.1.1x", "" },
	{ "dsn of 3yz",	"334 3.0.0 x\r\n",	DONE, 334, "", "3.0.0 x", "" },
	{ "two lines",	"250-a\r\n250 b\r\n",	DONE, 250, "", "a\nb", "" },
	{ "two dsns",	"550-5.1.1 a\r\n550 5.1.1 b\r\n",
	    DONE, 550, "5.1.1", "a\nb", "" },
	{ "other dsn",	"550-5.1.1 a\r\n550 5.1.2 b\r\n",
	    DONE, 550, "5.1.1", "a\n5.1.2 b", "" },
	{ "hyphens",	"250-\r\n250-\r\n250 \r\n", DONE, 250, "", "\n\n", "" },
	{ "last bare",	"250-a\r\n250\r\n",	DONE, 250, "", "a\n", "" },
	{ "pipelined",	"250 a\r\n354 go\r\n",	DONE, 250, "", "a", "354 go\r\n" },
	{ "bare LF",	"220 hi\n",		DONE, 220, "", "hi", "" },
	{ "CR CR LF",	"220 hi\r\r\n",		DONE, 220, "", "hi\r", "" },
	{ "bare CR",	"250 a\r250 b\r\n",	DONE, 250, "", "a\r250 b", "" },
	{ "8-bit",	"250 \xc3\xa4\xff\x1b\r\n",
	    DONE, 250, "", "\xc3\xa4\xff\x1b", "" },
	{ "unknown",	"299 x\r\n",		DONE, 299, "", "x", "" },
	{ "599",	"599 x\r\n",		DONE, 599, "", "x", "" },
	{ "cut short",	"250-a\r\n25",		MORE, 250, "", "a", "" },
	{ "no end",	"250 ok",		MORE, 0, "", "", "" },
	{ "only more",	"250-queued\r\n",	MORE, 250, "", "queued", "" },
	{ "no code",	"hello\r\n",		BAD, 0, "", "", "" },
	{ "empty line",	"\r\n",			BAD, 0, "", "", "" },
	{ "empty LF",	"\n",			BAD, 0, "", "", "" },
	{ "two digits",	"25\r\n",		BAD, 0, "", "", "" },
	{ "four digits", "2500 x\r\n",		BAD, 0, "", "", "" },
	{ "no digit",	"2x0 x\r\n",		BAD, 0, "", "", "" },
	{ "blank first", " 250 x\r\n",		BAD, 0, "", "", "" },
	{ "minus first", "-250 x\r\n",		BAD, 0, "", "", "" },
	{ "glued",	"250x\r\n",		BAD, 0, "", "", "" },
	{ "tab",	"250\tx\r\n",		BAD, 0, "", "", "" },
	{ "other digits", "\xd9\xa2\xd9\xa5\xd9\xa0 x\r\n", BAD, 0, "", "", "" },
	{ "1yz",	"150 x\r\n",		BAD, 0, "", "", "" },
	{ "6yz",	"600 x\r\n",		BAD, 0, "", "", "" },
	{ "000",	"000 x\r\n",		BAD, 0, "", "", "" },
	{ "pop",	"+OK ready\r\n",	BAD, 0, "", "", "" },
	{ "http",	"HTTP/1.1 400 Bad\r\n",	BAD, 0, "", "", "" },
	{ "ssh",	"SSH-2.0-x\r\n",	BAD, 0, "", "", "" },
	{ "tls alert",	"\x15\x03\x01",		BAD, 0, "", "", "" },
	{ "changes",	"250-a\r\n550 b\r\n",	BAD, 250, "", "a", "" },
	{ "ends oddly",	"250-a\r\n\r\n",	BAD, 250, "", "a", "" },
};

/* Every case at every chunk size: where the network cuts must not matter. */
static void
run(size_t i, size_t step)
{
	struct smtp_reply r;
	struct err err = { 0 };
	enum smtp_reply_state got = MORE;
	const char *p = cases[i].in;
	size_t left = strlen(p), n, used;

	smtp_reply_init(&r);
	while (left > 0 && got == MORE) {
		n = left < step ? left : step;
		got = smtp_reply_feed(&r, p, n, &used, &err);
		p += used;
		left -= used;
	}
	check(got == cases[i].want && r.code == cases[i].code &&
	    strcmp(r.dsn, cases[i].dsn) == 0 &&
	    strcmp(buf_str(&r.text), cases[i].text) == 0 &&
	    (got == BAD || strcmp(p, cases[i].left) == 0) &&
	    (got != BAD || (err.kind == ERR_PROTO &&
	    strcmp(err.dsn, "4.5.0") == 0)), "%s, by %zu: %d %d '%s' '%s'",
	    cases[i].name, step, (int)got, r.code, r.dsn, buf_str(&r.text));
	smtp_reply_free(&r);
}

static void
test_table(void **state)
{
	size_t i, step;

	(void)state;
	for (i = 0; i < NELEM(cases); i++)
		for (step = 1; step <= strlen(cases[i].in); step++)
			run(i, step);
}

/* Feeds the unit until the reply is no longer in the making; how many bytes
 * that took, at most max. */
static size_t
flood(const char *unit, size_t max, size_t step, enum smtp_reply_state *got)
{
	struct smtp_reply r;
	struct err err = { 0 };
	size_t n = strlen(unit), sum = 0, at, len, used;

	smtp_reply_init(&r);
	*got = MORE;
	while (*got == MORE && sum < max) {
		for (at = 0; at < n && *got == MORE; at += used) {
			len = n - at < step ? n - at : step;
			*got = smtp_reply_feed(&r, unit + at, len, &used, &err);
			sum += used;
		}
	}
	assert_true(r.text.cap <= 2 * SMTP_REPLY_MAX + 64);
	assert_true(r.line.cap <= 2 * SMTP_REPLY_LINE_MAX + 64);
	smtp_reply_free(&r);
	return sum;
}

static void
test_endless(void **state)
{
	static const char *const units[] = { "250-x\r\n", "250-\n",
		"250-0123456789012345678901234567890123456789\r\n" };
	enum smtp_reply_state got;
	size_t i, step, sum;

	(void)state;
	for (i = 0; i < NELEM(units); i++) {
		for (step = 1; step < 9; step++) {
			sum = flood(units[i], 1 << 20, step, &got);
			check(got == BAD && sum < 200000, "flood %zu", i);
		}
	}
	sum = flood("2", 1 << 20, 1, &got);
	check(got == BAD && sum < SMTP_REPLY_LINE_MAX + 2, "line %zu", sum);
}

/* The longest line is as long in one piece as in many. */
static void
test_line_limit(void **state)
{
	char *p = mem_zero(SMTP_REPLY_LINE_MAX + 2);
	struct smtp_reply r;
	struct err err = { 0 };
	size_t used, n, at, step;

	(void)state;
	for (n = SMTP_REPLY_LINE_MAX - 1; n <= SMTP_REPLY_LINE_MAX + 1; n++) {
		for (step = 1000; step <= n; step = step == 1000 ? n : n + 1) {
			enum smtp_reply_state got = MORE;

			memset(p, 'x', n);
			memcpy(p, "250 ", 4);
			p[n - 2] = '\r';
			p[n - 1] = '\n';
			smtp_reply_init(&r);
			for (at = 0; at < n && got == MORE; at += used)
				got = smtp_reply_feed(&r, p + at, n - at < step ?
				    n - at : step, &used, &err);
			check(got == (n > SMTP_REPLY_LINE_MAX ? BAD : DONE),
			    "%zu by %zu", n, step);
			smtp_reply_free(&r);
		}
	}
	mem_free(p);
}

static void
test_show(void **state)
{
	struct smtp_reply r;
	struct buf b;
	struct err err = { 0 };
	size_t used;
	static const char in[] = "550-5.1.1 a\x1b[2J\r\n550 5.1.1 b\r\n";

	(void)state;
	smtp_reply_init(&r);
	buf_init(&b, 100);
	assert_int_equal(smtp_reply_feed(&r, in, strlen(in), &used, &err), DONE);
	smtp_reply_show(&r, &b, 90);
	assert_string_equal(buf_str(&b), "550 5.1.1 a\\x1B[2J b");
	buf_reset(&b);
	smtp_reply_reset(&r);
	assert_int_equal(smtp_reply_feed(&r, "250\n", 4, &used, &err), DONE);
	smtp_reply_show(&r, &b, 90);
	assert_string_equal(buf_str(&b), "250");
	buf_free(&b);
	smtp_reply_free(&r);
}

CHECK_MAIN(cmocka_unit_test(test_table), cmocka_unit_test(test_endless),
    cmocka_unit_test(test_line_limit), cmocka_unit_test(test_show))

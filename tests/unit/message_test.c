/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/mail/envelope.h"
#include "core/mail/message.h"

enum {
	KEEP = 1,		/* ignore_dots */
	STRICT = 2,		/* crlf_strict */
	END = 4,		/* ends at a lone dot */
	B8 = ENVELOPE_8BIT_BODY, H8 = ENVELOPE_8BIT_HEADER,
	LONG = ENVELOPE_LONG_LINES,
};

struct row {
	const char	*name;
	unsigned	 how;
	struct slice	 in;
	struct slice	 header, body;
	unsigned	 flags;
};

#define S(s)	{ (s), sizeof(s) - 1 }

static const struct row rows[] = {
	{ "empty", 0, S(""), S(""), S(""), 0 },
	{ "only an empty line", 0, S("\n"), S(""), S(""), 0 },
	{ "only an empty line, CRLF", 0, S("\r\n"), S(""), S(""), 0 },
	{ "only CR", 0, S("\r"), S(""), S(""), 0 },
	{ "only NUL", 0, S("\0"), S(""), S(""), 0 },
	{ "plain", 0, S("A: b\nC: d\n\nhi\nyou\n"),
	    S("A: b\r\nC: d\r\n"), S("hi\r\nyou\r\n"), 0 },
	{ "CRLF", 0, S("A: b\r\nC: d\r\n\r\nhi\r\nyou\r\n"),
	    S("A: b\r\nC: d\r\n"), S("hi\r\nyou\r\n"), 0 },
	{ "mixed", 0, S("A: b\r\nC: d\n\r\nhi\nyou\r\n"),
	    S("A: b\r\nC: d\r\n"), S("hi\r\nyou\r\n"), 0 },
	{ "header alone", 0, S("A: b\n"), S("A: b\r\n"), S(""), 0 },
	{ "header cut", 0, S("A: b"), S("A: b\r\n"), S(""), 0 },
	{ "header cut at CR", 0, S("A: b\r"), S("A: b\r\n"), S(""), 0 },
	{ "header cut at colon", 0, S("A:"), S("A:\r\n"), S(""), 0 },
	{ "name cut", 0, S("A"), S(""), S("A\r\n"), 0 },
	{ "body alone", 0, S("hello\nA: b\n"), S(""), S("hello\r\nA: b\r\n"),
	    0 },
	{ "text after header", 0, S("A: b\nhello\nC: d\n"), S("A: b\r\n"),
	    S("hello\r\nC: d\r\n"), 0 },
	{ "folded", 0, S("A: b\n c\n\td\n\n"), S("A: b\r\n c\r\n\td\r\n"),
	    S(""), 0 },
	{ "blank line folded", 0, S("A: b\n \nC: d\n\n"),
	    S("A: b\r\n \r\nC: d\r\n"), S(""), 0 },
	{ "fold first", 0, S(" A: b\nC: d\n"), S(""),
	    S(" A: b\r\nC: d\r\n"), 0 },
	{ "blanks before colon", 0, S("Bcc \t: x\n\n"), S("Bcc \t: x\r\n"),
	    S(""), 0 },
	{ "blank in name", 0, S("A b: x\n\n"), S(""), S("A b: x\r\n\r\n"), 0 },
	{ "empty name", 0, S(": x\n\n"), S(""), S(": x\r\n\r\n"), 0 },
	{ "8-bit name", 0, S("\xc3\xa4: x\n\n"), S(""),
	    S("\xc3\xa4: x\r\n\r\n"), B8 },
	{ "8-bit header", 0, S("A: \xe4\n\nx\n"), S("A: \xe4\r\n"),
	    S("x\r\n"), H8 },
	{ "8-bit body", 0, S("A: b\n\n12345678\xe4\n"), S("A: b\r\n"),
	    S("12345678\xe4\r\n"), B8 },
	{ "8-bit after NUL", 0, S("\n\0\xff"), S(""), S("\xff\r\n"), B8 },
	{ "no final newline", 0, S("\nx"), S(""), S("x\r\n"), 0 },
	{ "final CR", 0, S("\nx\r"), S(""), S("x\r\n"), 0 },
	{ "final CR alone", 0, S("\n\r"), S(""), S("\r\n"), 0 },
	{ "final dot", 0, S("\nx\n."), S(""), S("x\r\n.\r\n"), 0 },
	{ "final dot CR", 0, S("\nx\n.\r"), S(""), S("x\r\n.\r\n"), 0 },
	{ "final dot in header", 0, S("A: b\n."), S("A: b\r\n"), S(".\r\n"),
	    0 },
	{ "bare CR", 0, S("A: b\rc\n\nd\re\n"), S("A: b c\r\n"),
	    S("d\r\ne\r\n"), 0 },
	{ "CR CR LF", 0, S("A: b\r\r\n\nd\r\r\n"), S("A: b \r\n"),
	    S("d\r\n\r\n"), 0 },
	{ "CR CR", 0, S("A: b\r\rc\n\nd\r\re"), S("A: b  c\r\n"),
	    S("d\r\n\r\ne\r\n"), 0 },
	{ "LF CR", 0, S("\n\n\rx\n\r"), S(""), S("\r\n\r\nx\r\n\r\n"), 0 },
	{ "CR hides a field", 0, S("A: b\rBcc: c\n\n"), S("A: b Bcc: c\r\n"),
	    S(""), 0 },
	{ "CR hides the header's end", 0, S("A: b\n\rC: d\n"), S("A: b\r\n"),
	    S("\r\nC: d\r\n"), 0 },
	{ "CR CR LF is no empty line", 0, S("A: b\n\r\r\nC: d\n"),
	    S("A: b\r\n"), S("\r\n\r\nC: d\r\n"), 0 },
	{ "NUL", 0, S("A: \0b\n\n\0c\0\0d\0\n\0"), S("A: b\r\n"), S("cd\r\n"),
	    0 },
	{ "NUL in name", 0, S("A\0: b\n\n"), S(""), S("A: b\r\n\r\n"), 0 },
	{ "NUL makes no empty line", 0, S("A: b\n\0\nC: d\n"), S("A: b\r\n"),
	    S("\r\nC: d\r\n"), 0 },
	{ "NUL between CR and LF", 0, S("\na\r\0\nb"), S(""),
	    S("a\r\n\r\nb\r\n"), 0 },
	{ "mbox", 0, S("From a@b Mon Jan  1 10:00:00 2024\nA: b\n\nFrom c\n"),
	    S("A: b\r\n"), S("From c\r\n"), 0 },
	{ "mbox CRLF", STRICT, S("From a\r\nA: b\r\n\r\n"), S("A: b\r\n"),
	    S(""), 0 },
	{ "mbox quoted", 0, S(">From a@b x\nA: b\n\n"), S("A: b\r\n"), S(""),
	    0 },
	{ "mbox twice", 0, S("From a\nFrom b\n"), S(""), S("From b\r\n"), 0 },
	{ "mbox alone", 0, S("From a"), S(""), S(""), 0 },
	{ "mbox, then a fold", 0, S("From a\n b\n"), S(""), S(" b\r\n"), 0 },
	{ "mbox not first", 0, S("A: b\nFrom a\n"), S("A: b\r\n"),
	    S("From a\r\n"), 0 },
	{ "From is a field", 0, S("From : a\n\n"), S("From : a\r\n"), S(""),
	    0 },
	{ "From: is a field", 0, S("From: a\n\n"), S("From: a\r\n"), S(""),
	    0 },
	{ "dot", END, S("\nx\n.\nMAIL FROM:<>\n"), S(""), S("x\r\n"), 0 },
	{ "dot CRLF", END, S("\r\nx\r\n.\r\ny"), S(""), S("x\r\n"), 0 },
	{ "dot first in body", END, S("A: b\n\n.\ny"), S("A: b\r\n"), S(""),
	    0 },
	{ "dot in header", END, S("A: b\n.\nC: d\n"), S("A: b\r\n"), S(""),
	    0 },
	{ "dot at once", END, S(".\nA: b\n"), S(""), S(""), 0 },
	{ "dot after mbox", END, S("From x\n.\nA: b\n"), S(""), S(""), 0 },
	{ "dot kept", KEEP, S("\nx\n.\ny\n"), S(""), S("x\r\n.\r\ny\r\n"), 0 },
	{ "dot kept in header", KEEP, S("A: b\n.\ny\n"), S("A: b\r\n"),
	    S(".\r\ny\r\n"), 0 },
	{ "dots", 0, S("\n..\n.a\n. \n.\t\n"), S(""),
	    S("..\r\n.a\r\n. \r\n.\t\r\n"), 0 },
	{ "dot name", 0, S(".a: b\n\nx\n"), S(".a: b\r\n"), S("x\r\n"), 0 },
	{ "CR dot CR", 0, S("\nx\r.\ry"), S(""), S("x\r\n.\r\ny\r\n"), 0 },
	{ "CR dot LF", 0, S("\nx\r.\ny"), S(""), S("x\r\n.\r\ny\r\n"), 0 },
	{ "dot CR", 0, S("\nx\n.\ry\n"), S(""), S("x\r\n.\r\ny\r\n"), 0 },
	{ "dot CR CR LF", 0, S("\n.\r\r\ny"), S(""), S(".\r\n\r\ny\r\n"), 0 },
	{ "NUL dot", 0, S("\n\0.\ny\n"), S(""), S(".\r\ny\r\n"), 0 },
	{ "dot NUL", 0, S("\n.\0\ny\n"), S(""), S(".\r\ny\r\n"), 0 },
	{ "NUL dot in header", 0, S("A: b\n\0.\ny\n"), S("A: b\r\n"),
	    S(".\r\ny\r\n"), 0 },
	{ "strict: LF lines", STRICT, S("A: b\nC: d\n\nhi\n"),
	    S("A: b\r\nC: d\r\n"), S("hi\r\n"), 0 },
	{ "strict: dot", STRICT | END, S("A: b\r\n\r\nx\r\n.\r\nRSET\r\n"),
	    S("A: b\r\n"), S("x\r\n"), 0 },
	{ "strict: dot at once", STRICT | END, S(".\r\nRSET\r\n"), S(""),
	    S(""), 0 },
	{ "strict: LF dot LF", STRICT, S("\r\nx\n.\ny\r\n"), S(""),
	    S("x\r\n.\r\ny\r\n"), 0 },
	{ "strict: CRLF dot LF", STRICT, S("\r\nx\r\n.\ny\r\n"), S(""),
	    S("x\r\n.\r\ny\r\n"), 0 },
	{ "strict: LF dot CRLF", STRICT, S("\r\nx\n.\r\ny\r\n"), S(""),
	    S("x\r\n.\r\ny\r\n"), 0 },
	{ "strict: CR dot CR", STRICT, S("\r\nx\r.\ry\r\n"), S(""),
	    S("x\r\n.\r\ny\r\n"), 0 },
	{ "strict: CRLF dot CR", STRICT, S("\r\nx\r\n.\ry\r\n"), S(""),
	    S("x\r\n.\r\ny\r\n"), 0 },
	{ "strict: CRLF NUL dot CRLF", STRICT, S("\r\nx\r\n\0.\r\ny\r\n"),
	    S(""), S("x\r\n.\r\ny\r\n"), 0 },
	{ "strict: header LF dot CRLF", STRICT, S("A: b\n.\r\ny\r\n"),
	    S("A: b\r\n"), S(".\r\ny\r\n"), 0 },
	{ "strict: header CRLF dot LF", STRICT, S("A: b\r\n.\ny\r\n"),
	    S("A: b\r\n"), S(".\r\ny\r\n"), 0 },
	{ "strict: empty line LF, dot CRLF", STRICT, S("\n.\r\ny\r\n"), S(""),
	    S(".\r\ny\r\n"), 0 },
	{ "strict: mbox LF, dot CRLF", STRICT, S("From a\n.\r\ny\r\n"), S(""),
	    S(".\r\ny\r\n"), 0 },
	{ "strict: mbox CRLF, dot", STRICT | END, S("From a\r\n.\r\ny"), S(""),
	    S(""), 0 },
};

struct got {
	struct message	m;
	struct buf	out;
	size_t		used;
};

/* As the front does it, in pieces of step bytes. */
static void
read_all(struct got *g, const struct message_opts *opts, struct slice in,
    size_t step)
{
	struct err err = { 0 };
	struct buf piece;
	ssize_t used;
	size_t n;

	memset(g, 0, sizeof(*g));
	message_init(&g->m, opts);
	buf_init(&g->out, 2 * in.n + MESSAGE_SLACK);
	while (g->used < in.n && g->m.state != MESSAGE_END) {
		n = in.n - g->used < step ? in.n - g->used : step;
		buf_init(&piece, 2 * n + MESSAGE_SLACK);
		used = message_feed(&g->m, in.p + g->used, n, &piece, &err);
		assert_true(used >= 0 && (size_t)used <= n);
		g->used += (size_t)used;
		buf_add(&g->out, piece.p, piece.n);
		buf_free(&piece);
	}
	assert_int_equal(message_finish(&g->m, &g->out, &err), 0);
	assert_int_equal(g->m.body_size, g->out.n);
	assert_false(g->out.over);
}

static void
free_all(struct got *g)
{
	message_free(&g->m);
	buf_free(&g->out);
}

static bool
same(const struct buf *b, struct slice want)
{
	return b->n == want.n && memcmp(buf_str(b), want.p, want.n) == 0;
}

static void
run(const struct row *r, size_t step)
{
	struct message_opts opts = {
		.ignore_dots = r->how & KEEP,
		.crlf_strict = r->how & STRICT,
		.header_max = 1000,
	};
	struct got g;

	read_all(&g, &opts, r->in, step);
	check(same(&g.m.header, r->header), "%s by %zu: header '%s'", r->name,
	    step, buf_str(&g.m.header));
	check(same(&g.out, r->body), "%s by %zu: body '%s'", r->name, step,
	    buf_str(&g.out));
	check(g.m.flags == r->flags, "%s by %zu: flags %u", r->name, step,
	    g.m.flags);
	check((g.m.state == MESSAGE_END) == ((r->how & END) != 0),
	    "%s by %zu: state %d", r->name, step, g.m.state);
	free_all(&g);
}

static void
test_rows(void **state)
{
	size_t i, step;

	(void)state;
	for (i = 0; i < NELEM(rows); i++)
		for (step = 1; step <= rows[i].in.n + 1; step++)
			run(&rows[i], step);
}

/* What is after the lone dot is not taken. */
static void
test_end(void **state)
{
	static const struct message_opts opts = { .header_max = 100 };
	struct slice in = slice_of("A: b\n\nx\n.\nrest\n");
	struct got g;
	size_t step;

	(void)state;
	for (step = 1; step <= in.n; step++) {
		read_all(&g, &opts, in, step);
		assert_string_equal(in.p + g.used, "rest\n");
		assert_int_equal(message_feed(&g.m, in.p, in.n, &g.out, NULL),
		    0);
		free_all(&g);
	}
}

static void
test_header_limit(void **state)
{
	static const struct message_opts opts = { .header_max = 6 };
	struct message m;
	struct buf out;
	struct err err = { 0 };

	(void)state;
	buf_init(&out, 10000);
	message_init(&m, &opts);
	assert_int_equal(message_feed(&m, "A: b\n", 5, &out, &err), 5);
	assert_int_equal(message_feed(&m, "\n", 1, &out, &err), 1);
	assert_int_equal(m.state, MESSAGE_BODY);
	message_free(&m);

	message_init(&m, &opts);
	assert_int_equal(message_feed(&m, "A: bc\n\n", 7, &out, &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
	assert_string_equal(err.dsn, "5.3.4");
	message_free(&m);

	message_init(&m, &opts);
	assert_int_equal(message_feed(&m, "A: bcd", 6, &out, &err), 6);
	assert_int_equal(message_finish(&m, &out, &err), -1);
	message_free(&m);
	assert_int_equal(out.n, 0);
	buf_free(&out);
}

/* A line of n bytes c, with or without a field's name, is whole. */
static void
run_long(size_t n, bool head, const char *end)
{
	static const struct message_opts opts = { .header_max = 100000 };
	struct got g;
	struct buf in, want;

	buf_init(&in, n + 100);
	buf_init(&want, n + 100);
	buf_adds(&in, head ? "A:" : "\n");
	while (in.n < n + !head)
		buf_addc(&in, 'x');
	buf_adds(&want, head ? in.p : in.p + 1);
	buf_adds(&want, "\r\n");
	buf_adds(&in, end);
	for (size_t step = 1; step < 70000; step = step * 3 + 1) {
		read_all(&g, &opts, buf_slice(&in), step);
		check(same(head ? &g.m.header : &g.out, buf_slice(&want)),
		    "line of %zu by %zu", n, step);
		check(((g.m.flags & ENVELOPE_LONG_LINES) != 0) == (n > 998),
		    "flags for %zu", n);
		free_all(&g);
	}
	buf_free(&in);
	buf_free(&want);
}

static void
test_long(void **state)
{
	static const size_t sizes[] = { 3, 997, 998, 999, 1000, 1001, 1023,
		2048, 65536 };
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(sizes); i++) {
		run_long(sizes[i], false, "\n");
		run_long(sizes[i], false, "\r");
		run_long(sizes[i], true, "\r\n");
		run_long(sizes[i], true, "");
	}
}

/* A first line that is never a field is not held to its end. */
static void
test_long_name(void **state)
{
	static const struct message_opts opts = { .header_max = 100000 };
	struct got g;
	struct buf in, want;
	size_t n, step;

	(void)state;
	for (n = 996; n <= 1001; n++) {
		buf_init(&in, n + 100);
		while (in.n < n)
			buf_addc(&in, 'x');
		buf_adds(&in, ": y\r\n");
		buf_init(&want, n + 100);
		buf_add(&want, in.p, in.n);
		for (step = 1; step < 2000; step += 37) {
			read_all(&g, &opts, buf_slice(&in), step);
			check(same(n <= MESSAGE_NAME_MAX ? &g.m.header : &g.out,
			    buf_slice(&want)), "name of %zu by %zu", n, step);
			free_all(&g);
		}
		buf_free(&in);
		buf_free(&want);
	}
}

CHECK_MAIN(
    cmocka_unit_test(test_rows),
    cmocka_unit_test(test_end),
    cmocka_unit_test(test_header_limit),
    cmocka_unit_test(test_long),
    cmocka_unit_test(test_long_name))

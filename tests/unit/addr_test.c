/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/rand.h"
#include "core/base/text.h"
#include "core/mail/addr.h"

/* want: the addresses joined by '|', "!" for one that is refused. */
static const struct {
	const char *name, *in, *want;
} lists[] = {
	{ "one", "a@b", "a@b" },
	{ "two", "a@b, c@d", "a@b|c@d" },
	{ "no space", "a@b,c@d", "a@b|c@d" },
	{ "empty members", ", ,a@b,,c@d,", "a@b|c@d" },
	{ "nothing", "", "" },
	{ "blanks", " \t ", "" },
	{ "only a comment", "(nobody)", "" },
	{ "bare", "root", "root" },
	{ "bare dotted", "john.doe", "john.doe" },
	{ "cron", "root (Cron Daemon)", "root" },
	{ "cron quoted", "\"(Cron Daemon)\" <alice>", "alice" },
	{ "anacron", "Anacron <root>", "root" },
	{ "name", "John Doe <j@d.example>", "j@d.example" },
	{ "dots in a name", "John Q. Public <j@d>", "j@d" },
	{ "quoted comma", "\"Doe, John\" <j@d>, x@y", "j@d|x@y" },
	{ "quoted pair", "\"a \\\" , b\" <j@d>", "j@d" },
	{ "quoted bracket", "\"<x@y>\" <j@d>", "j@d" },
	{ "comments everywhere",
	    "(a)j(b)@(c)d(d).(e)e(f)(g)", "j@d.e" },
	{ "RFC 5322 A.1.2", "Pete(A nice \\) chap) <pete(his account)@silly."
	    "test(his host)>", "pete@silly.test" },
	{ "nested comments", "a@b (x (y (z)) \\( w)", "a@b" },
	{ "comment with comma", "a@b (x, y), c@d", "a@b|c@d" },
	{ "comment with quote", "a@b (it's \" fine), c@d", "a@b|c@d" },
	{ "null", "<>", "<>" },
	{ "named null", "Mail <>", "<>" },
	{ "folded", "a@b,\r\n c@d,\r\n\te@f", "a@b|c@d|e@f" },
	{ "folded name", "John\r\n Doe\r\n <j@d>", "j@d" },
	{ "obsolete spaces", "j . d @ e . f", "j.d@e.f" },
	{ "in brackets", "< j@d >", "j@d" },
	{ "route", "<@a,@b:c@d>", "c@d" },
	{ "route spaced", "x < @a , , @b.c : c@d >", "c@d" },
	{ "route of nothing", "<@:c@d>", "!" },
	{ "route, no end", "<@a c@d>, e@f", "!|e@f" },
	{ "group", "g: a@b, c@d;", "a@b|c@d" },
	{ "group among others", "x@y, g h: a@b;, c@d", "x@y|a@b|c@d" },
	{ "empty group", "undisclosed-recipients:;", "" },
	{ "empty group, spaced", "undisclosed-recipients: ;", "" },
	{ "empty group, no end", "undisclosed-recipients:", "" },
	{ "group, no end", "x@y, g: a@b, c@d", "x@y|!|!" },
	{ "group in a group", "g: h: a@b;, c@d;", "!|!" },
	{ "text behind a group", "g: a@b; c@d, e@f", "a@b|!|e@f" },
	{ "group named by nothing", ": a@b;", "!" },
	{ "url", "mailto:a@b", "!" },
	{ "semicolons for commas", "a@b; c@d", "!" },
	{ "two quoted parts", "\"a\".\"b\"@c", "a.b@c" },
	{ "needless quotes", "\"joe\"@c", "joe@c" },
	{ "needed quotes", "\"a b\"@c", "\"a b\"@c" },
	{ "mixed quotes", "a.\"b c\".d@e", "\"a.b c.d\"@e" },
	{ "quote in quotes", "\"a\\\"b\\\\c\"@e", "\"a\\\"b\\\\c\"@e" },
	{ "needless pair", "\"a\\b\"@e", "ab@e" },
	{ "dots in quotes", "\"a..b\"@e", "\"a..b\"@e" },
	{ "dot at the end", "\"a.\"@e", "\"a.\"@e" },
	{ "at in quotes", "\"a@b\"@c", "\"a@b\"@c" },
	{ "empty quotes", "\"\"@c", "\"\"@c" },
	{ "fold in quotes", "\"a\r\n b\"@c", "\"a b\"@c" },
	{ "tab in quotes", "\"a\tb\"@c", "!" },
	{ "CRLF in quotes", "\"a\r\nb\"@c", "!" },
	{ "CR escape", "\"a\\\r\"@c", "!" },
	{ "only empty quotes", "\"\"", "!" },
	{ "bare quotes", "\"a b\"", "\"a b\"" },
	{ "IPv4", "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "IPv4 spaced", "a@[ 192.0.2.1 ]", "a@[192.0.2.1]" },
	{ "IPv4 bad", "a@[192.0.2.256]", "!" },
	{ "IPv6", "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]" },
	{ "IPv6 bad", "a@[IPv6:2001:db8:::1]", "!" },
	{ "tagged", "a@[x-y:z@z]", "a@[x-y:z@z]" },
	{ "literal empty", "a@[]", "!" },
	{ "literal open", "a@[192.0.2.1, b@c", "!" },
	{ "literal in literal", "a@[[192.0.2.1]", "!" },
	{ "UTF-8", "\xc3\xa4@\xc3\xb6.example", "\xc3\xa4@\xc3\xb6.example" },
	{ "Latin-1 name", "J\xf6rg <j@d>", "j@d" },
	{ "Latin-1 local", "J\xf6rg@d", "!" },
	{ "Latin-1 domain", "a@\xf6.example", "!" },
	{ "C1 control", "a\xc2\x9b@d", "!" },
	{ "said twice", "a@B.example <a@b.EXAMPLE>", "a@b.EXAMPLE" },
	{ "said differently", "a@b <c@d>, e@f", "!|e@f" },
	{ "said null", "a@b <>", "!" },
	{ "two words", "John Doe", "!" },
	{ "words and at", "a b@x", "!" },
	{ "PHPMailer", "a b@x -oQ/tmp -X/tmp/x", "!" },
	{ "missing comma", "a@b c@d, e@f", "!|e@f" },
	{ "missing comma, brackets", "<a@b> <c@d>", "!" },
	{ "text behind", "<a@b> x, e@f", "!|e@f" },
	{ "no domain", "a@", "!" },
	{ "no local part", "@b", "!" },
	{ "only at", "@", "!" },
	{ "two at", "a@b@c", "!" },
	{ "dots", "a..b@c, .a@c, a.@c, a@c., a@.c, a@c..d",
	    "!|!|!|!|!|!" },
	{ "hyphens", "a@-c, a@c-, a@c.-d, a@c-d", "!|!|!|a@c-d" },
	{ "underscore", "a@my_host", "a@my_host" },
	{ "domain quoted", "a@\"b\"", "!" },
	{ "atoms of signs", "!#$%&'*+-/=?^_`{|}~@c",
	    "!#$%&'*+-/=?^_`{|}~@c" },
	{ "bang path", "host!user", "host!user" },
	{ "percent", "user%host@relay", "user%host@relay" },
	{ "open bracket", "x@y, <a@b, c@d", "x@y|!" },
	{ "open bracket ends", "<a@b, c@d>, e@f", "!|e@f" },
	{ "double brackets", "<<a@b>>, c@d", "!|c@d" },
	{ "close only", "a@b>, c@d", "!|c@d" },
	{ "open quote", "x@y, \"a@b, c@d", "x@y|!" },
	{ "open quote, pair", "x@y, \"a@b\\", "x@y|!" },
	{ "open comment", "x@y, a@b (c, d@e", "x@y|!" },
	{ "close comment", "a@b), c@d", "!|c@d" },
	{ "backslash", "\\root, a@b", "!|a@b" },
	{ "bracket name", "[x] <a@b>, c@d", "!|c@d" },
	{ "encoded word", "=?utf-8?q?a=40b?=, a@b", "!|a@b" },
	{ "encoded local", "=?utf-8?q?a=40b?=@c", "!" },
	{ "encoded name", "=?utf-8?q?a=40b?= <c@d>", "c@d" },
	{ "lone LF", "a@b\nc@d, e@f", "!|e@f" },
	{ "lone CR", "a@b\rc@d, e@f", "!|e@f" },
	{ "bell", "a\x07@b, e@f", "!|e@f" },
	{ "DEL", "a\x7f@b", "!" },
	{ "bell in a name", "\"\x07\" <a@b>", "a@b" },
	{ "name begins with dot", ". x <a@b>", "!" },
	{ "star", "*, a@b", "*|a@b" },
};

static void
join(const struct addr_list *l, struct buf *b)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (i > 0)
			buf_addc(b, '|');
		if (l->v[i].addr == NULL)
			buf_addc(b, '!');
		else if (l->v[i].addr[0] == '\0')
			buf_adds(b, "<>");
		else
			buf_adds(b, l->v[i].addr);
		assert_true((l->v[i].addr == NULL) == (l->v[i].err != NULL));
	}
}

static void
test_lists(void **state)
{
	struct addr_list l;
	struct buf b;
	char *copy;
	size_t i, n;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < NELEM(lists); i++) {
		/* Exactly as large as it is, so that ASan sees an overrun. */
		n = strlen(lists[i].in);
		copy = malloc(n > 0 ? n : 1);
		memcpy(copy, lists[i].in, n);
		addr_list_parse(&l, copy, n);
		buf_reset(&b);
		join(&l, &b);
		check(strcmp(buf_str(&b), lists[i].want) == 0,
		    "%s: %s", lists[i].name, buf_str(&b));
		addr_list_free(&l);
		addr_list_free(&l);
		free(copy);
	}
	buf_free(&b);
}

static void
test_slices(void **state)
{
	static const struct {
		const char *in, *text, *spec, *phrase;
	} cases[] = {
		{ "root (Cron Daemon)", "root (Cron Daemon)", "root", "" },
		{ " J. Doe <j@d> ", "J. Doe <j@d>", "j@d", "J. Doe" },
		{ "\"a, b\"\r\n <j @ d>", "\"a, b\"\r\n <j @ d>", "j @ d",
		    "\"a, b\"" },
		{ "(x) y (z) <@r:j@d> (w)", "(x) y (z) <@r:j@d> (w)", "j@d",
		    "(x) y (z)" },
		{ "g: a@b ;", "a@b", "a@b", "" },
		{ "a b c", "a b c", "", "" },
		{ "x <>", "x <>", "", "x" },
		{ "a@b (c) <a@b>", "a@b (c) <a@b>", "a@b", "a@b (c)" },
	};
	struct addr_list l;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		addr_list_parse(&l, cases[i].in, strlen(cases[i].in));
		check(l.n == 1 && slice_eq(l.v[0].text, cases[i].text) &&
		    slice_eq(l.v[0].spec, cases[i].spec) &&
		    slice_eq(l.v[0].phrase, cases[i].phrase),
		    "slices of %s", cases[i].in);
		addr_list_free(&l);
	}
}

static void
test_one(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "", "" }, { "<>", "" }, { "a@b", "a@b" }, { "<a@b>", "a@b" },
		{ "Name <a@b>", "a@b" }, { "joe", "joe" }, { " a@b ", "a@b" },
		{ "a@[IPv6:::1]", "a@[IPv6:::1]" },
		{ " ", NULL }, { "a@b,c@d", NULL }, { "a@b,", NULL },
		{ "g:a@b;", NULL }, { "g:;", NULL }, { "a b", NULL },
		{ "a@b\n", NULL }, { "a@b\r\n ", NULL }, { "a\t<a@b>", NULL },
		{ "a@b\r\nRCPT TO:<x@y>", NULL }, { "<a@b", NULL },
		{ "a@b -oQ/tmp", NULL }, { "a@", NULL }, { "@b", NULL },
		{ "\"a b\"@c", "\"a b\"@c" },
	};
	struct err err;
	char *out;
	size_t i;
	int got;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		out = NULL;
		got = addr_parse(cases[i].in, strlen(cases[i].in), &out, &err);
		check((got == 0) == (cases[i].want != NULL) &&
		    (got == -1 || strcmp(out, cases[i].want) == 0),
		    "one '%s'", cases[i].in);
		check(got == 0 || (out == NULL && err.kind == ERR_DATA &&
		    text_is_line(err.text, strlen(err.text))),
		    "error of '%s': %s", cases[i].in, err.text);
		mem_free(out);
	}
}

/* An address of so many octets, "a..a@b..b" with labels of 63. */
static char *
sized(size_t local, size_t domain)
{
	char *s = mem_zero(local + domain + 2);
	size_t i;

	memset(s, 'a', local);
	s[local] = '@';
	for (i = 0; i < domain; i++)
		s[local + 1 + i] = i % 64 == 63 && i + 1 < domain ? '.' : 'b';
	return s;
}

static void
test_limits(void **state)
{
	static const struct { size_t local, domain; int want; } cases[] = {
		{ 64, 10, 0 }, { 65, 10, -1 }, { 1, 252, 0 }, { 1, 253, -1 },
		{ 1, 256, -1 }, { 64, 189, 0 }, { 64, 190, -1 }, { 600, 1, -1 },
		{ 1, 5000, -1 },
	};
	struct err err;
	char *s, *out;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		s = sized(cases[i].local, cases[i].domain);
		out = NULL;
		check(addr_check(s, &err) == cases[i].want &&
		    addr_parse(s, strlen(s), &out, &err) == cases[i].want,
		    "limits row %zu", i);
		mem_free(out);
		mem_free(s);
	}
}

static void
test_check(void **state)
{
	static const struct { const char *in; int want; } cases[] = {
		{ "", 0 }, { "a@b", 0 }, { "\"a b\"@c", 0 }, { "a", -1 },
		{ "a@b\n", -1 }, { "a@b\r\nDATA", -1 }, { "a b@c", -1 },
		{ "<a@b>", -1 }, { "a@b>", -1 }, { "\"a\"b@c", -1 },
		{ "\"a@c", -1 }, { "\"a\\\"@c", -1 }, { "a@b c", -1 },
		{ "\"a\x01\"@c", -1 }, { "\xc3\xa4@b", 0 }, { "\xe4@b", -1 },
		{ "\xc2\x85@b", -1 }, { "a@[1.2.3.4]", 0 }, { "a@[1.2.3]", -1 },
		{ "a@[:x]", -1 }, { "a@[x:]", -1 }, { "a@[x:y z]", -1 },
		{ "a@1.2.3.4", 0 }, { "a.b.@c", -1 }, { "a@b@c", -1 },
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++)
		check(addr_check(cases[i].in, &err) == cases[i].want,
		    "check '%s'", cases[i].in);
}

static void
test_small(void **state)
{
	static const struct {
		const char *pattern, *addr;
		bool want;
	} match[] = {
		{ "*", "a@b", true }, { "*", "", true }, { "<>", "", true },
		{ "<>", "a@b", false }, { "@B", "a@b", true },
		{ "@b", "a@c.b", false }, { ".b", "a@c.B", true },
		{ ".b", "a@b", false }, { ".b", "a@cb", false },
		{ "a@b", "a@B", true }, { "a@b", "A@b", false },
		{ "@b", "", false }, { "@b", "a", false },
		{ "b", "a@b", false },
		{ "@c", "\"a@b\"@c", true }, { "@b\"@c", "\"a@b\"@c", false },
	};
	char *s;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(match); i++)
		check(addr_match(match[i].pattern, match[i].addr) ==
		    match[i].want, "match %s %s", match[i].pattern,
		    match[i].addr);
	assert_string_equal(addr_at("\"x@y\"@z"), "@z");
	assert_null(addr_at("root"));
	assert_null(addr_at("\"x@y\""));
	s = addr_complete("\"x@y\"", "z");
	assert_string_equal(s, "\"x@y\"@z");
	mem_free(s);
	s = addr_complete("", "z");
	assert_string_equal(s, "");
	mem_free(s);
	s = addr_complete("a@b", "z");
	assert_string_equal(s, "a@b");
	mem_free(s);
	assert_true(addr_eq("", ""));
	assert_false(addr_eq("a", "a@b"));
	assert_true(addr_eq("a@B", "a@b"));
	assert_true(addr_utf8_local("\xc3\xa4@b"));
	assert_false(addr_utf8_local("a@\xc3\xa4"));
}

/* Hostile sizes: what is quadratic shows itself here. */
static void
test_linear(void **state)
{
	static const struct {
		const char *name, *unit;
		size_t n, items;
	} c[] = {
		{ "open parentheses", "(", 1000000, 1 },
		{ "commas", ",", 1000000, 0 },
		{ "recipients", "ab@cd,", 200000, 200000 },
		{ "words", "a ", 500000, 1 },
		{ "dots", "a.", 500000, 1 },
		{ "brackets", "<", 500000, 1 },
		{ "quotes", "\"\"", 500000, 1 },
		{ "open literals", "a@[", 300000, 1 },
		{ "comments", "()", 500000, 0 },
		{ "at signs", "a@", 500000, 1 },
		{ "bad members", "a@,", 300000, 300000 },
		{ "groups", "a:;", 300000, 1 },
		{ "routes", "<@a,", 300000, 1 },
		{ "twice", "a@b<", 300000, 1 },
	};
	struct addr_list l;
	struct buf b;
	size_t i, j;
	int64_t start = clock_tick_ms();

	(void)state;
	for (i = 0; i < NELEM(c); i++) {
		buf_init(&b, 4000000);
		for (j = 0; j < c[i].n; j++)
			buf_adds(&b, c[i].unit);
		addr_list_parse(&l, buf_str(&b), b.n);
		check(l.n == c[i].items, "%s: %zu", c[i].name, l.n);
		addr_list_free(&l);
		buf_free(&b);
	}
	assert_true(clock_tick_ms() - start < 20000);
}

/* What comes out is always fit for the wire, or bare, or nothing. */
static void
test_random(void **state)
{
	static const char some[] = "ab@@..<>(),;:\"\\[] \r\n\t=?-_1"
	    "\xc3\xa4\x80";
	unsigned char r[64];
	char in[65], *at;
	struct addr_list l;
	struct err err;
	size_t i, j, n;

	(void)state;
	for (i = 0; i < 20000; i++) {
		rand_bytes(r, sizeof(r));
		n = r[0] % 64;
		for (j = 0; j < n; j++)
			in[j] = r[1 + j] > 250 ? (char)r[j] :
			    some[r[1 + j] % (sizeof(some) - 1)];
		addr_list_parse(&l, in, n);
		for (j = 0; j < l.n; j++) {
			if (l.v[j].addr == NULL)
				continue;
			at = addr_complete(l.v[j].addr, "x");
			check(addr_check(at, &err) == 0, "unfit: %s", at);
			mem_free(at);
		}
		addr_list_free(&l);
	}
}

CHECK_MAIN(cmocka_unit_test(test_lists), cmocka_unit_test(test_slices),
    cmocka_unit_test(test_one), cmocka_unit_test(test_limits),
    cmocka_unit_test(test_check), cmocka_unit_test(test_small),
    cmocka_unit_test(test_linear), cmocka_unit_test(test_random))

/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/buf.h"
#include "core/mail/aliases.h"

static const char kinds[] = {
	[ALIASES_ADDR] = 'a', [ALIASES_FINAL] = 'f', [ALIASES_INCLUDE] = 'i',
	[ALIASES_COMMAND] = 'c', [ALIASES_FILE] = 'p', [ALIASES_BAD] = '?',
};

static void
show_targets(struct buf *b, const struct aliases_target *t, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_addf(b, " %c<%s>", kinds[t[i].kind], t[i].text);
}

/* "name@line kind<target>...; ..." and then each problem as "!line" or, for
 * a warning, "?line". */
static void
show(struct buf *b, const struct aliases *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		buf_addf(b, "%s%s@%d", i > 0 ? "; " : "", a->entries[i].name,
		    a->entries[i].line);
		show_targets(b, a->entries[i].targets, a->entries[i].ntargets);
	}
	for (i = 0; i < a->nproblems; i++)
		buf_addf(b, " %c%d", a->problems[i].warning ? '?' : '!',
		    a->problems[i].line);
}

static const struct {
	const char *name, *in, *want;
} rows[] = {
	{ "empty", "", "" },
	{ "comments", "# a: b\n\n  \t\n", "" },
	{ "one", "root: ann@x.y\n", "root@1 a<ann@x.y>" },
	{ "no line end", "root:ann", "root@1 a<ann>" },
	{ "CRLF, BOM", "\xef\xbb\xbfroot: ann\r\nbob: c@d\r\n",
	    "bob@2 a<c@d>; root@1 a<ann>" },
	{ "list", "a: b, c@d ,\te,,\n", "a@1 a<b> a<c@d> a<e>" },
	{ "blanks at the colon", "a \t:  b\n", "a@1 a<b>" },
	{ "continued", "a: b,\n  c,\n\td@e\nf: g\n",
	    "a@1 a<b> a<c> a<d@e>; f@4 a<g>" },
	{ "continued over comments", "a: b,\n# x\n\n  # y\n c\n",
	    "a@1 a<b> a<c>" },
	{ "name alone, targets below", "a:\n b\n", "a@1 a<b>" },
	{ "backslash at the end", "a: b, \\\nc\nd: e\n",
	    "a@1 a<b> a<c>; d@3 a<e>" },
	{ "backslash ends a comment", "a: b\n# c \\\nd: e\nf: g\n",
	    "a@1 a<b>; f@4 a<g>" },
	{ "quoted name", "\"a b\": c\n\"d\": e\n",
	    "\"a b\"@1 a<c>; d@2 a<e>" },
	{ "quoted colon", "\"a:b\": c\n", "\"a:b\"@1 a<c>" },
	{ "case", "B: x\na: y\n", "a@2 a<y>; B@1 a<x>" },
	{ "twice", "a: x\nA: y\nb: z\n", "a@1 a<x>; b@3 a<z> ?2" },
	{ "final", "a: \\a, b@c\n", "a@1 f<a> a<b@c>" },
	{ "include", "a: :include:/etc/list, :INCLUDE: \"/x y\"\n",
	    "a@1 i</etc/list> !1" },
	{ "include with blanks", "a: :include: /etc/a b\n",
	    "a@1 i</etc/a b>" },
	{ "include quoted", "a: \":include:/etc/a,b\"\n",
	    "a@1 i</etc/a,b>" },
	{ "include without a path", "a: :include:\nb: :include:x\n",
	    " !1 !2" },
	{ "command", "a: |/bin/x, b\n", "a@1 c<|/bin/x> a<b> ?1" },
	{ "command quoted", "a: \"|/bin/x a, \\\"b\\\"\", c\n",
	    "a@1 c<|/bin/x a, \"b\"> a<c> ?1" },
	{ "command, quotes inside", "a: |\"/bin/x a, b\", c\n",
	    "a@1 c<|\"/bin/x a, b\"> a<c> ?1" },
	{ "file", "a: /dev/null, \"/a b\"\n",
	    "a@1 p</dev/null> p</a b> ?1 ?1" },
	{ "address with a slash", "a: /b@c\n", "a@1 a</b@c>" },
	{ "phrases and comments", "a: \"X, Y\" <b@c>, d@e (f, g)\n",
	    "a@1 a<b@c> a<d@e>" },
	{ "quoted local part", "a: \"b c\"@d, \"e\"\n",
	    "a@1 a<\"b c\"@d> a<e>" },
	{ "no colon", "a b\nc: d\n", "c@2 a<d> !1" },
	{ "no name", ": b\nc: d\n", "c@2 a<d> !1" },
	{ "no targets", "a:\nb: ,\nc: d\n", "c@3 a<d> !1 !2" },
	{ "name with a domain", "a@b: c\n", " !1" },
	{ "name that is none", "a b: c\n", " !1" },
	{ "bad target is left out", "a: b c d, e\n", "a@1 a<e> !1" },
	{ "bad targets alone", "a: b c d, @\nx: y\n", "x@2 a<y> !1 !1" },
	{ "null target", "a: <>\n", " !1" },
	{ "continuation of nothing", " a: b\nc: d\n", "c@2 a<d> !1" },
	{ "control character", "a: |b\x01\n", " !1" },
	{ "open quote", "a: \"b, c\nd: e\n", "d@2 a<e> !1" },
	{ "plus", "a+b: c\na+*: d\n", "a+*@2 a<d>; a+b@1 a<c>" },
};

static void
test_rows(void **state)
{
	struct aliases a;
	struct buf got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		aliases_parse(&a, "/f", rows[i].in, strlen(rows[i].in));
		buf_init(&got, 10000);
		show(&got, &a);
		check(strcmp(buf_str(&got), rows[i].want) == 0, "%s: '%s'",
		    rows[i].name, buf_str(&got));
		buf_free(&got);
		aliases_free(&a);
	}
}

static void
test_problem_text(void **state)
{
	static const char in[] = "ok: x\nbad line\x1b\na: |b\n";
	struct aliases a;

	(void)state;
	aliases_parse(&a, "/etc/aliases", in, strlen(in));
	assert_int_equal(a.nproblems, 2);
	assert_string_equal(a.problems[0].text,
	    "/etc/aliases:2: bad line\\x1B: no colon");
	assert_string_equal(a.problems[1].text,
	    "/etc/aliases:3: |b: commands are not supported");
	aliases_free(&a);
	aliases_free(&a);
}

static void
test_find(void **state)
{
	static const char in[] = "root: x\nAnn: y\nbob+*: z\nbob: b\n"
	    "cy+d: w\n\"e f\": v\n";
	static const struct {
		const char *name;
		int line;
	} cases[] = {
		{ "root", 1 }, { "ROOT", 1 }, { "root+x", 1 }, { "root+", 1 },
		{ "ann", 2 }, { "bob+x", 3 }, { "bob", 4 }, { "cy+d", 5 },
		{ "cy", 0 }, { "cy+e", 0 }, { "\"e f\"", 6 }, { "e f", 0 },
		{ "", 0 }, { "+x", 0 }, { "zed", 0 }, { "roo", 0 },
		{ "roots", 0 },
	};
	const struct aliases_entry *e;
	struct aliases a;
	size_t i;

	(void)state;
	aliases_parse(&a, "/f", in, strlen(in));
	assert_int_equal(a.nproblems, 0);
	for (i = 0; i < NELEM(cases); i++) {
		e = aliases_find(&a, cases[i].name);
		check((e != NULL ? e->line : 0) == cases[i].line, "find %s",
		    cases[i].name);
	}
	aliases_free(&a);
}

static void
test_sizes(void **state)
{
	struct aliases a;
	static const char in[] = "a: bcd\nef:  g,\n h\n";

	(void)state;
	aliases_parse(&a, "/f", in, strlen(in));
	assert_int_equal(a.n, 2);
	assert_int_equal(a.longest, 4);		/* "g, h" */
	assert_int_equal(a.total, 1 + 3 + 2 + 4);
	aliases_free(&a);
}

static void
test_loops(void **state)
{
	static char localhost[] = "localhost";
	static char *local[] = { localhost };
	static const struct conf conf = { .aliases_local = { local, 1 } };
	static const struct {
		const char *name, *in, *want;
	} cases[] = {
		{ "none", "a: b\nb: c\nd: a, b\n", "" },
		{ "itself stands for itself", "a: a, b@c\n", "" },
		{ "two", "a: b\nb: a\n", "/f:1: a -> b -> a: alias loop" },
		{ "three, entered from outside", "a: b\nb: c\nc: d\nd: b\n",
		    "/f:2: b -> c -> d -> b: alias loop" },
		{ "final ends it", "a: b\nb: \\a\n", "" },
		{ "by a plus", "a: b\nb: a+x\n",
		    "/f:1: a -> b -> a: alias loop" },
		{ "by a local domain", "a: b\nb: a@LocalHost\n",
		    "/f:1: a -> b -> a: alias loop" },
		{ "another domain", "a: b\nb: a@c.d\n", "" },
	};
	struct aliases a;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		aliases_parse(&a, "/f", cases[i].in, strlen(cases[i].in));
		a.conf = &conf;
		aliases_check_loops(&a, "/f");
		check(a.nproblems == (cases[i].want[0] != '\0') &&
		    (a.nproblems == 0 || (!a.problems[0].warning &&
		    strcmp(a.problems[0].text, cases[i].want) == 0)), "%s: %s",
		    cases[i].name, a.nproblems > 0 ? a.problems[0].text : "");
		aliases_free(&a);
	}
}

/* A chain of 100 000 names is walked without recursion. */
static void
test_long_chain(void **state)
{
	struct aliases a;
	struct buf in;
	int i;

	(void)state;
	buf_init(&in, 4000000);
	for (i = 0; i < 100000; i++)
		buf_addf(&in, "n%d: n%d\n", i, (i + 1) % 100000);
	aliases_parse(&a, "/f", in.p, in.n);
	assert_int_equal(a.n, 100000);
	aliases_check_loops(&a, "/f");
	assert_int_equal(a.nproblems, 1);
	assert_non_null(strstr(a.problems[0].text, "... -> "));
	aliases_free(&a);
	buf_free(&in);
}

static void
test_include(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "a\nb@c, d\n\n# e\nf", " a<a> a<b@c> a<d> a<f>" },
		{ "a@b #@# since 1999\n:include:/x\r\n", " a<a@b> i</x>" },
		{ "\"|x y\"\n/f\n\\g\n", " c<|x y> p</f> f<g>" },
		{ "a b c\nd\n", " ?<a b c> a<d>" },
		{ "a: b\n", " ?<b>" },
	};
	struct aliases_target *t;
	struct buf got;
	size_t i, n;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		aliases_parse_targets(cases[i].in, strlen(cases[i].in), &t,
		    &n);
		buf_init(&got, 1000);
		show_targets(&got, t, n);
		check(strcmp(buf_str(&got), cases[i].want) == 0, "'%s': '%s'",
		    cases[i].in, buf_str(&got));
		buf_free(&got);
		aliases_targets_free(t, n);
	}
}

CHECK_MAIN(
    cmocka_unit_test(test_rows),
    cmocka_unit_test(test_problem_text),
    cmocka_unit_test(test_find),
    cmocka_unit_test(test_sizes),
    cmocka_unit_test(test_loops),
    cmocka_unit_test(test_long_chain),
    cmocka_unit_test(test_include))

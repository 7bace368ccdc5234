/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/mail/header.h"

static const struct {
	const char *name, *in, *want;	/* "name=unfolded;" for each field */
} cases[] = {
	{ "plain", "To: a\r\nCc: b\r\n", "To=a;Cc=b;" },
	{ "blank before the colon", "To \t: a\r\n", "To=a;" },
	{ "empty body", "To:\r\n", "To=;" },
	{ "folded", "To: a,\r\n b,\r\n\tc\r\nX: y\r\n", "To=a, b,\tc;X=y;" },
	{ "fold of blanks", "To: a\r\n \r\n b\r\n", "To=a  b;" },
	{ "no last line end", "To: a\r\nCc: b", "To=a;Cc=b;" },
	{ "no field", "hello world\r\nTo: a\r\n", "=hello world;To=a;" },
	{ "begins with a fold", " x\r\nTo: a\r\n", "=x;To=a;" },
	{ "no name", ": x\r\n", "=: x;" },
	{ "8-bit name", "T\xc3\xb6: x\r\n", "=T\xc3\xb6: x;" },
	{ "colon in the fold only", "foo\r\n :bar\r\n", "=foo :bar;" },
	{ "colons", "a:b:c\r\n", "a=b:c;" },
	{ "nothing", "", "" },
};

static void
test_fields(void **state)
{
	struct header_field f;
	struct buf b;
	char *copy;
	size_t i, n, pos, end;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEM(cases); i++) {
		n = strlen(cases[i].in);
		copy = malloc(n > 0 ? n : 1);
		memcpy(copy, cases[i].in, n);
		buf_reset(&b);
		pos = end = 0;
		while (header_next(copy, n, &pos, &f)) {
			buf_add(&b, f.name.p, f.name.n);
			buf_addc(&b, '=');
			header_unfold(&f, &b);
			buf_addc(&b, ';');
			check(f.raw.p == copy + end, "%s", cases[i].name);
			end += f.raw.n;
		}
		check(end == n && strcmp(buf_str(&b), cases[i].want) == 0,
		    "%s: %s", cases[i].name, buf_str(&b));
		free(copy);
	}
	buf_free(&b);
}

static void
test_find(void **state)
{
	static const char h[] = "A: 1\r\nbcc : 2\r\nBCC: 3\r\n";
	static const struct { const char *in; bool want; } lines[] = {
		{ "To: x", true }, { "To:", true }, { "To :", true },
		{ "To", false }, { "", false }, { ":", false },
		{ " To: x", false }, { "To x: y", false },
		{ "From a@b Mon 12:00", false }, { ">From x", false },
	};
	struct header_field f;
	size_t i;

	(void)state;
	assert_true(header_find(h, strlen(h), "Bcc", &f));
	assert_true(slice_eq(f.body, " 2"));
	assert_true(header_is(&f, "BCC"));
	assert_false(header_find(h, strlen(h), "To", &f));
	for (i = 0; i < NELEM(lines); i++)
		check(header_line_check(lines[i].in, strlen(lines[i].in)) ==
		    lines[i].want, "line '%s'", lines[i].in);
}

CHECK_MAIN(cmocka_unit_test(test_fields), cmocka_unit_test(test_find))

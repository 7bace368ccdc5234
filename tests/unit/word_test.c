/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/base/rand.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/word.h"

static void
test_phrase(void **state)
{
	static const struct { const char *name, *in, *want; } c[] = {
		{ "atoms", "John Doe", "John Doe" },
		{ "nothing", "", "" },
		{ "blanks", "  ", "" },
		{ "trimmed", " John ", "John" },
		{ "dot", "John Q. Public", "\"John Q. Public\"" },
		{ "quotes", "a \"b\" \\c", "\"a \\\"b\\\" \\\\c\"" },
		{ "parentheses", "(Cron Daemon)", "\"(Cron Daemon)\"" },
		{ "two blanks", "a  b", "\"a  b\"" },
		{ "control", "a\r\nBcc: x@y", "\"a  Bcc: x@y\"" },
		{ "address", "a@b", "\"a@b\"" },
		{ "UTF-8", "J\xc3\xb6rg", "=?utf-8?Q?J=C3=B6rg?=" },
		{ "blank encoded", "J\xc3\xb6rg x.y",
		    "=?utf-8?Q?J=C3=B6rg_x=2Ey?=" },
		{ "base64", "\xd0\x9c\xd0\xb8\xd1\x80",
		    "=?utf-8?B?0JzQuNGA?=" },
		{ "Latin-1", "J\xf6rg", "=?unknown-8bit?Q?J=F6rg?=" },
		{ "like an encoded word", "=?utf-8?Q?x?=",
		    "=?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEM(c); i++) {
		buf_reset(&b);
		word_phrase(&b, c[i].in, strlen(c[i].in), 6);
		check(strcmp(buf_str(&b), c[i].want) == 0, "%s: %s", c[i].name,
		    buf_str(&b));
	}
	buf_reset(&b);
	word_text(&b, "Read: a@b, \"c\"", 14, 9);
	assert_string_equal(buf_str(&b), "Read: a@b, \"c\"");
	buf_free(&b);
}

static void
test_decode(void **state)
{
	static const struct { const char *name, *in, *want; } c[] = {
		{ "plain", "Hello  world", "Hello  world" },
		{ "q", "=?utf-8?Q?J=C3=B6rg_x?= y", "J\xc3\xb6rg x y" },
		{ "b", "a =?UTF-8?b?w7Y=?=", "a \xc3\xb6" },
		{ "gap dropped", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab" },
		{ "fold dropped", "=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab" },
		{ "gap kept", "=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c" },
		{ "cut character", "=?utf-8?q?=C3?= =?utf-8?q?=B6?=",
		    "\xc3\xb6" },
		{ "two charsets", "=?utf-8?q?a?= =?iso-8859-1?q?=F6?=",
		    "a\xc3\xb6" },
		{ "language", "=?iso-8859-1*de?q?=F6?=", "\xc3\xb6" },
		{ "euro", "=?iso-8859-15?q?=A4?= x =?windows-1252?q?=80?=",
		    "\xe2\x82\xac x \xe2\x82\xac" },
		{ "ascii lies", "=?us-ascii?q?=F6?=", "\xef\xbf\xbd" },
		{ "unknown charset", "=?koi8-r?q?x?=", "=?koi8-r?q?x?=" },
		{ "unknown coding", "=?utf-8?x?x?=", "=?utf-8?x?x?=" },
		{ "broken base64", "=?utf-8?b?x?= y", "=?utf-8?b?x?= y" },
		{ "good, then broken", "=?utf-8?q?a?= =?utf-8?b?x?=",
		    "a =?utf-8?b?x?=" },
		{ "open", "=?utf-8?q?x", "=?utf-8?q?x" },
		{ "open, then good", "=?utf-8?q?x =?utf-8?q?y?=",
		    "=?utf-8?q?x y" },
		{ "glued", "x=?utf-8?q?y?=z", "xyz" },
		{ "line break inside", "=?utf-8?q?a=0D=0ABcc:_x?=",
		    "a  Bcc: x" },
		{ "C1 inside", "=?utf-8?q?a=C2=9B?=", "a " },
		{ "raw UTF-8", "J\xc3\xb6rg", "J\xc3\xb6rg" },
		{ "raw Latin-1", "J\xf6rg", "J\xef\xbf\xbdrg" },
		{ "fold", "a\r\n b", "a b" },
		{ "blank at the end", "a ", "a " },
		{ "equals", "a=?b", "a=?b" },
	};
	struct buf b;
	char *copy;
	size_t i, n;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEM(c); i++) {
		n = strlen(c[i].in);
		copy = malloc(n);
		memcpy(copy, c[i].in, n);
		buf_reset(&b);
		word_decode(&b, copy, n);
		check(strcmp(buf_str(&b), c[i].want) == 0, "%s: '%s'",
		    c[i].name, buf_str(&b));
		free(copy);
	}
	buf_free(&b);
}

/* Lines in bounds, one mailbox, and the name comes back. */
static void
check_phrase(const struct buf *in)
{
	struct addr_list l;
	struct buf out, back;
	const char *line, *lf;

	buf_init(&out, 100000);
	buf_init(&back, 100000);
	buf_adds(&out, "From: ");
	word_phrase(&out, buf_str(in), in->n, 6);
	buf_adds(&out, " <a@b>");
	assert_true(text_is_ascii(out.p, out.n));
	for (line = buf_str(&out); (lf = strstr(line, "\r\n")) != NULL;
	    line = lf + 2) {
		assert_true(lf[2] == ' ' && lf - line <= 998);
		assert_true(strstr(buf_str(&out), "=?") == NULL ||
		    lf - line <= 76);
	}
	addr_list_parse(&l, buf_str(&out) + 5, out.n - 5);
	check(l.n == 1 && l.v[0].addr != NULL &&
	    strcmp(l.v[0].addr, "a@b") == 0, "%s", buf_str(&out));
	if (text_is_utf8(buf_str(in), in->n) &&
	    strstr(buf_str(&out), "=?") != NULL) {
		word_decode(&back, l.v[0].phrase.p, l.v[0].phrase.n);
		check(back.n == in->n && memcmp(back.p, in->p, in->n) == 0,
		    "%s", buf_str(&out));
	}
	addr_list_free(&l);
	buf_free(&out);
	buf_free(&back);
}

static void
test_roundtrip(void **state)
{
	static const char signs[] = "ab  .,\"\\()=?_@<>:;[]\xc3\xb6";
	struct buf in;
	size_t i, n;
	uint32_t c;

	(void)state;
	for (i = 0; i < 5000; i++) {
		buf_init(&in, 5000);
		buf_addc(&in, 'x');
		for (n = rand_u32() % (i % 10 == 0 ? 900 : 90); n > 0; n--) {
			c = rand_u32();
			if (i % 3 == 0)
				buf_addc(&in, signs[c % (sizeof(signs) - 1)]);
			else if (i % 3 == 1)
				text_utf8_add(&in, 0xa0 + c % 0x3000);
			else
				buf_addc(&in, (char)(c % 30 == 0 ? ' ' : 'a'));
		}
		buf_addc(&in, 'x');
		check_phrase(&in);
		buf_free(&in);
	}
}

static void
test_random(void **state)
{
	static const char signs[] = "=?utf-8?q?=C3=B6?= =?b?\r\n\t*w7Y=\xff";
	struct buf in, out;
	size_t i, n;

	(void)state;
	for (i = 0; i < 20000; i++) {
		buf_init(&in, 200);
		buf_init(&out, 2000);
		for (n = rand_u32() % 100; n > 0; n--)
			buf_addc(&in, signs[rand_u32() % (sizeof(signs) - 1)]);
		word_decode(&out, buf_str(&in), in.n);
		assert_true(text_is_line(buf_str(&out), out.n));
		assert_true(text_is_utf8(buf_str(&out), out.n));
		buf_free(&in);
		buf_free(&out);
	}
}

CHECK_MAIN(cmocka_unit_test(test_phrase), cmocka_unit_test(test_decode),
    cmocka_unit_test(test_roundtrip), cmocka_unit_test(test_random))

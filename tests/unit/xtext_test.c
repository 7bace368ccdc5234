/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "tests/check.h"

#include "core/base/rand.h"
#include "core/base/text.h"
#include "core/mail/xtext.h"

static void
test_xtext(void **state)
{
	static const struct { const char *plain, *coded; } c[] = {
		{ "", "" }, { "abc", "abc" }, { "a+b=c", "a+2Bb+3Dc" },
		{ "a b", "a+20b" }, { "\r\n\x7f\xff", "+0D+0A+7F+FF" },
		{ "rfc822;x@y", "rfc822;x@y" },
	};
	static const char *const bad[] = { "+", "a+2", "+gg", "a b", "=",
		"\xff", "a\n", "+2+", "++2B" };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < NELEM(c); i++) {
		buf_reset(&b);
		xtext_encode(&b, c[i].plain, strlen(c[i].plain));
		assert_string_equal(buf_str(&b), c[i].coded);
		buf_reset(&b);
		assert_true(xtext_decode(&b, c[i].coded, strlen(c[i].coded)));
		assert_string_equal(buf_str(&b), c[i].plain);
	}
	buf_reset(&b);
	assert_true(xtext_decode(&b, "a+2bb", 5));
	assert_string_equal(buf_str(&b), "a+b");
	buf_reset(&b);
	buf_adds(&b, "keep");
	for (i = 0; i < NELEM(bad); i++)
		check(!xtext_decode(&b, bad[i], strlen(bad[i])) &&
		    strcmp(buf_str(&b), "keep") == 0, "taken: %s", bad[i]);
	buf_free(&b);
}

static void
test_utf8(void **state)
{
	/* U+00E4, U+1F4EB */
	static const struct { const char *plain, *ascii, *unitext; } c[] = {
		{ "a@b", "a@b", "a@b" },
		{ "\xc3\xa4@b", "\\x{E4}@b", "\xc3\xa4@b" },
		{ "\xf0\x9f\x93\xab", "\\x{1F4EB}", "\xf0\x9f\x93\xab" },
		{ "a+b=c\\ \x01", "a\\x{2B}b\\x{3D}c\\x{5C}\\x{20}\\x{01}",
		    "a\\x{2B}b\\x{3D}c\\x{5C}\\x{20}\\x{01}" },
	};
	static const char *const bad[] = { "\\x{", "\\x{}", "\\x{4}", "\\x{e4}",
		"\\x{E4", "\\x{110000}", "\\x{D800}", "\\x{00}", "\\x{0E4}",
		"\\x{1F4EBAA}", "\xff", "\\x{zz}" };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < NELEM(c); i++) {
		size_t n = strlen(c[i].plain);

		buf_reset(&b);
		assert_true(xtext_utf8_encode(&b, c[i].plain, n, true));
		assert_string_equal(buf_str(&b), c[i].ascii);
		buf_reset(&b);
		assert_true(xtext_utf8_encode(&b, c[i].plain, n, false));
		assert_string_equal(buf_str(&b), c[i].unitext);
		buf_reset(&b);
		assert_true(xtext_utf8_decode(&b, c[i].ascii,
		    strlen(c[i].ascii)));
		assert_string_equal(buf_str(&b), c[i].plain);
		buf_reset(&b);
		assert_true(xtext_utf8_decode(&b, c[i].unitext,
		    strlen(c[i].unitext)));
		assert_string_equal(buf_str(&b), c[i].plain);
	}
	buf_reset(&b);
	for (i = 0; i < NELEM(bad); i++)
		check(!xtext_utf8_decode(&b, bad[i], strlen(bad[i])) &&
		    b.n == 0, "taken: %s", bad[i]);
	assert_false(xtext_utf8_encode(&b, "\xff", 1, true));
	assert_true(xtext_utf8_decode(&b, "\"a\\\"b\"@c", 8));
	assert_string_equal(buf_str(&b), "\"a\\\"b\"@c");
	buf_free(&b);
}

static void
test_orcpt(void **state)
{
	static const struct {
		const char *in;
		bool utf8;
		const char *want;
	} c[] = {
		{ "rfc822;a+b@c", false, "rfc822;a+2Bb@c" },
		{ "x;\xc3\xa4", true, "x;+C3+A4" },
		{ "utf-8;\xc3\xa4+@c", false, "utf-8;\\x{E4}\\x{2B}@c" },
		{ "UTF-8;\xc3\xa4@c", true, "UTF-8;\xc3\xa4@c" },
		{ "utf-8;\xff", true, NULL },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < NELEM(c); i++) {
		buf_reset(&b);
		check(xtext_orcpt(&b, c[i].in, c[i].utf8) ==
		    (c[i].want != NULL) && strcmp(buf_str(&b),
		    c[i].want != NULL ? c[i].want : "") == 0,
		    "orcpt %s: %s", c[i].in, buf_str(&b));
	}
	buf_free(&b);
}

static void
test_random(void **state)
{
	unsigned char r[40];
	struct buf a, b, d;
	size_t i, j, n;
	uint32_t c;

	(void)state;
	buf_init(&a, 1000);
	buf_init(&b, 1000);
	buf_init(&d, 1000);
	for (i = 0; i < 20000; i++) {
		rand_bytes(r, sizeof(r));
		n = r[0] % 39;
		buf_reset(&a);
		buf_reset(&b);
		xtext_encode(&a, (const char *)r + 1, n);
		assert_true(xtext_decode(&b, a.p, a.n));
		assert_true(b.n == n && (n == 0 || memcmp(b.p, r + 1, n) == 0));
		(void)xtext_decode(&b, (const char *)r, n);
		(void)xtext_utf8_decode(&b, (const char *)r, n);
		buf_reset(&a);
		for (j = 0; j < n / 4; j++) {
			c = rand_u32() % 0x10ffff + 1;
			if (c < 0xd800 || c > 0xdfff)
				text_utf8_add(&a, c);
		}
		buf_reset(&b);
		assert_true(xtext_utf8_encode(&b, a.p, a.n, i % 2 == 0));
		assert_true(i % 2 != 0 || text_is_ascii(b.p, b.n));
		buf_reset(&d);
		assert_true(xtext_utf8_decode(&d, buf_str(&b), b.n));
		assert_true(d.n == a.n &&
		    (a.n == 0 || memcmp(d.p, a.p, a.n) == 0));
	}
	buf_free(&a);
	buf_free(&b);
	buf_free(&d);
}

CHECK_MAIN(cmocka_unit_test(test_xtext), cmocka_unit_test(test_utf8),
    cmocka_unit_test(test_orcpt), cmocka_unit_test(test_random))

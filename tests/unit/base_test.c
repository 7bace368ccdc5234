/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/buf.h"
#include "core/base/crc32c.h"
#include "core/base/id.h"
#include "core/base/text.h"

static void
test_buf(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	buf_adds(&b, "abc");
	buf_addf(&b, "%d", 42);
	assert_string_equal(buf_str(&b), "abc42");
	buf_drop(&b, 3);
	assert_string_equal(buf_str(&b), "42");
	buf_adds(&b, "1234567");
	assert_true(b.over);
	assert_string_equal(buf_str(&b), "42");
	buf_addc(&b, 'x');
	assert_string_equal(buf_str(&b), "42");
	buf_reset(&b);
	assert_false(b.over);
	buf_adds(&b, "12345678");
	assert_false(b.over);
	buf_free(&b);
	buf_free(&b);
	buf_init(&b, 4);
	buf_addf(&b, "%s", "");
	assert_string_equal(buf_str(&b), "");
	buf_free(&b);
}

static void
test_int(void **state)
{
	static const struct {
		const char *in;
		int64_t min, max;
		bool want;
		int64_t value;
	} cases[] = {
		{ "0", 0, 9, true, 0 }, { "10", 0, 9, false, 0 },
		{ "", 0, 9, false, 0 }, { "-", -9, 9, false, 0 },
		{ "-5", -9, 9, true, -5 }, { "-5", 0, 9, false, 0 },
		{ "+5", 0, 9, false, 0 }, { " 5", 0, 9, false, 0 },
		{ "5x", 0, 9, false, 0 },
		{ "9223372036854775807", 0, INT64_MAX, true, INT64_MAX },
		{ "9223372036854775808", 0, INT64_MAX, false, 0 },
		{ "-9223372036854775808", INT64_MIN, 0, true, INT64_MIN },
		{ "99999999999999999999", 0, INT64_MAX, false, 0 },
	};
	size_t i;
	int64_t v;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		v = 0;
		check(text_to_int(cases[i].in, strlen(cases[i].in),
		    cases[i].min, cases[i].max, &v) == cases[i].want &&
		    v == cases[i].value, "int '%s'", cases[i].in);
	}
}

static void
test_ascii(void **state)
{
	char p[40];
	size_t n, at;

	(void)state;
	for (n = 0; n <= sizeof(p); n++) {
		memset(p, 0x7f, sizeof(p));
		assert_true(text_is_ascii(p, n));
		for (at = 0; at < n; at++) {
			p[at] = (char)0x80;
			check(!text_is_ascii(p, n), "%zu of %zu", at, n);
			p[at] = 0;
		}
	}
}

static void
test_clean(void **state)
{
	static const struct {
		const char *in, *want;
		size_t max;
	} cases[] = {
		{ "plain text", "plain text", 100 },
		{ "a\r\nb", "a b", 100 },
		{ "esc\x1b[2J", "esc\\x1B[2J", 100 },
		{ "back\\slash", "back\\\\slash", 100 },
		{ "\xc3\xa4", "\xc3\xa4", 100 },
		{ "\xc2\x9b", "\\xC2\\x9B", 100 },
		{ "\xff", "\\xFF", 100 },
		{ "0123456789", "0123...", 7 },
		{ "0123456", "0123456", 7 },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		buf_init(&b, 1000);
		text_clean(&b, cases[i].in, strlen(cases[i].in), cases[i].max);
		check(strcmp(buf_str(&b), cases[i].want) == 0,
		    "clean %zu: '%s'", i, buf_str(&b));
		buf_free(&b);
	}
}

static void
test_base64(void **state)
{
	static const struct { const char *plain, *coded; } cases[] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foobar", "Zm9vYmFy" },
	};
	static const char *const bad[] = { "Zg", "Zg=", "Zh==", "Zm9=", "====",
		"Z===", "Zg==Zg==", "Zm 9v", "Zm9v\n" };
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < NELEM(cases); i++) {
		buf_reset(&b);
		text_base64(&b, cases[i].plain, strlen(cases[i].plain));
		assert_string_equal(buf_str(&b), cases[i].coded);
		buf_reset(&b);
		assert_true(text_base64_decode(&b, cases[i].coded,
		    strlen(cases[i].coded)));
		assert_string_equal(buf_str(&b), cases[i].plain);
	}
	for (i = 0; i < NELEM(bad); i++)
		check(!text_base64_decode(&b, bad[i], strlen(bad[i])),
		    "base64 '%s'", bad[i]);
	buf_free(&b);
}

static void
test_utf8(void **state)
{
	static const struct { const char *in; bool want; } cases[] = {
		{ "abc", true }, { "\xc3\xa4", true }, { "\xc0\x80", false },
		{ "\xe0\x80\x80", false }, { "\xed\xa0\x80", false },
		{ "\xf4\x8f\xbf\xbf", true }, { "\xf4\x90\x80\x80", false },
		{ "\xe2\x82", false }, { "\x80", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++)
		check(text_is_utf8(cases[i].in, strlen(cases[i].in)) ==
		    cases[i].want, "utf8 row %zu", i);
}

static void
test_crc(void **state)
{
	(void)state;
	/* RFC 3720 B.4 has the check value for "123456789". */
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

static void
test_id(void **state)
{
	char a[ID_SIZE], b[ID_SIZE];
	uint32_t uid = 7;

	(void)state;
	id_make(a);
	id_make(b);
	assert_string_not_equal(a, b);
	assert_true(id_check(a, strlen(a)));
	assert_false(id_uid(a, &uid));
	id_make_gate(b, 1000);
	assert_true(id_check(b, strlen(b)));
	assert_true(id_uid(b, &uid));
	assert_int_equal(uid, 1000);
	assert_false(id_check("../etc/passwd", 13));
	assert_false(id_check("0000000000000000000a", 20));
}

CHECK_MAIN(cmocka_unit_test(test_buf), cmocka_unit_test(test_int),
    cmocka_unit_test(test_ascii), cmocka_unit_test(test_clean),
    cmocka_unit_test(test_base64),
    cmocka_unit_test(test_utf8), cmocka_unit_test(test_crc),
    cmocka_unit_test(test_id))

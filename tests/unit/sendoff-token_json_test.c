/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "cmd/sendoff-token/http.h"
#include "cmd/sendoff-token/json.h"

static void
test_check(void **state)
{
	static const struct { const char *in; bool want; } cases[] = {
		{ "{}", true }, { " { } \r\n\t", true }, { "", false },
		{ "[]", false }, { "1", false }, { "null", false },
		{ "{\"a\":1}", true }, { "{\"a\":1,\"b\":2}", true },
		{ "{\"a\":1,}", false }, { "{,}", false }, { "{a:1}", false },
		{ "{\"a\" 1}", false }, { "{\"a\":}", false },
		{ "{\"a\":1}x", false }, { "{\"a\":1}{}", false },
		{ "{\"a\":[1,[2,{}],null,true,false]}", true },
		{ "{\"a\":[1 2]}", false }, { "{\"a\":[1,]}", false },
		{ "{\"a\":01}", false }, { "{\"a\":-}", false },
		{ "{\"a\":-0.5e+10}", true }, { "{\"a\":1.}", false },
		{ "{\"a\":1e}", false }, { "{\"a\":+1}", false },
		{ "{\"a\":nul}", false }, { "{\"a\":NaN}", false },
		{ "{\"a\":\"\\u00e4\\n\\/\"}", true },
		{ "{\"a\":\"\\u00g4\"}", false }, { "{\"a\":\"\\x\"}", false },
		{ "{\"a\":\"\\ud800\"}", false },
		{ "{\"a\":\"\\ud83d\\ude00\"}", true },
		{ "{\"a\":\"\\udc00\"}", false },
		{ "{\"a\":\"\\ud83d\\u0041\"}", false },
		{ "{\"a\":\"\n\"}", false }, { "{\"a\":\"\xff\"}", false },
		{ "{\"a\":\"\xc3\xa4\"}", true }, { "{\"a\":'b'}", false },
		{ "{\"a\":\"b}", false }, { "{\"a\":\"\\\"}", false },
	};
	char deep[200];
	size_t i, n;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		check(json_check(cases[i].in, strlen(cases[i].in)) ==
		    cases[i].want, "'%s'", cases[i].in);
		/* No good text is good when it is cut. */
		for (n = 0; cases[i].want && n + 4 < strlen(cases[i].in); n++)
			check(!json_check(cases[i].in, n), "'%s' to %zu",
			    cases[i].in, n);
	}
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	assert_false(json_check(deep, sizeof(deep)));
	memset(deep + 5 + 31, ']', 31);
	deep[5 + 62] = '}';
	assert_true(json_check(deep, 5 + 62 + 1));
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	memset(deep + 5 + 32, ']', 32);
	deep[5 + 64] = '}';
	assert_false(json_check(deep, 5 + 64 + 1));
}

static void
test_members(void **state)
{
	static const char text[] = "{\"x\":{\"a\":\"inner\"},\"a\":\"outer\","
	    "\"a\":\"second\",\"n\":42,\"s\":\"43\",\"neg\":-5,"
	    "\"big\":99999999999999999999,\"e\":\"\",\"f\":1.5,"
	    "\"u\":\"\\u00e4\\ud83d\\ude00\\\"\\\\\","
	    "\"k\\u0065y\":\"escaped\",\"t\":true}";
	static const struct { const char *name, *want; } strings[] = {
		{ "a", "outer" }, { "e", "" }, { "u",
		    "\xc3\xa4\xf0\x9f\x98\x80\"\\" }, { "key", "escaped" },
		{ "n", NULL }, { "x", NULL }, { "t", NULL }, { "zz", NULL },
		{ "", NULL },
	};
	struct buf b;
	int64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(strings); i++) {
		buf_init(&b, 100);
		check(json_string(text, sizeof(text) - 1, strings[i].name, &b)
		    == (strings[i].want != NULL), "%s", strings[i].name);
		check(strings[i].want == NULL || strcmp(buf_str(&b),
		    strings[i].want) == 0, "%s: %s", strings[i].name,
		    buf_str(&b));
		buf_free(&b);
	}
	assert_true(json_int(text, sizeof(text) - 1, "n", &v));
	assert_int_equal(v, 42);
	assert_true(json_int(text, sizeof(text) - 1, "s", &v));
	assert_int_equal(v, 43);
	assert_true(json_int(text, sizeof(text) - 1, "neg", &v));
	assert_int_equal(v, -5);
	assert_false(json_int(text, sizeof(text) - 1, "big", &v));
	assert_false(json_int(text, sizeof(text) - 1, "a", &v));
	assert_false(json_int(text, sizeof(text) - 1, "t", &v));
	/* A text that is broken behind the member says nothing. */
	assert_false(json_int("{\"n\":1,}", 8, "n", &v));
}

static void
test_form(void **state)
{
	struct buf b;

	(void)state;
	http_form_init(&b);
	http_form_add(&b, "a", "x&y=z +%\xc3\xa4\r\n", 12);
	http_form_add(&b, "b", "", 0);
	assert_string_equal(buf_str(&b),
	    "a=x%26y%3Dz%20%2B%25%C3%A4%0D%0A&b=");
	buf_free(&b);
}

CHECK_MAIN(cmocka_unit_test(test_check), cmocka_unit_test(test_members),
    cmocka_unit_test(test_form))

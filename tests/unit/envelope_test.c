/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/mem.h"
#include "core/mail/envelope.h"
#include "core/mail/line.h"

#define HEAD "id 0612A7B3C4D5E6F70819\narrival 1790000000000000\nuid 1000\n"

static const char whole[] =
    HEAD "sender a@b.example\n"
    "ret headers\nenvid fax%2017\nflags 5\ntag %\nmessage-id <1@b>\n"
    "rcpt c@d.example\n"
    "rcpt \"x%20y\"@d.example orig=root@b orcpt=rfc822;root@b "
    "notify=success,failure,delay sender=owner-l@b\n"
    "rcpt e@d.example notify=never\n";

static void
test_encode(void **state)
{
	static const struct { const char *in, *want; size_t n; } cases[] = {
		{ "", "%", 0 },
		{ "a@b", "a@b", 3 },
		{ "a b", "a%20b", 3 },
		{ "100%", "100%25", 4 },
		{ "a=b", "a%3Db", 3 },
		{ "\n\0\xff", "%0A%00%FF", 3 },
		{ "~!", "~!", 2 },
		{ "\x7f", "%7F", 1 },
	};
	struct buf b, back;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	buf_init(&back, 100);
	for (i = 0; i < NELEM(cases); i++) {
		buf_reset(&b);
		buf_reset(&back);
		envelope_encode(&b, cases[i].in, cases[i].n);
		check(strcmp(buf_str(&b), cases[i].want) == 0,
		    "encode %zu: '%s'", i, buf_str(&b));
		check(envelope_decode(&back, b.p, b.n) &&
		    back.n == cases[i].n && memcmp(buf_str(&back),
		    cases[i].in, back.n) == 0, "decode %zu", i);
	}
	buf_free(&b);
	buf_free(&back);
}

static void
test_decode_strict(void **state)
{
	static const char *const bad[] = {
		"", "a b", "%2", "a%", "%%", "%0a", "%41", "%2g", "\xc3\xa4",
		"a=b", "\n", "%3d",
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < NELEM(bad); i++)
		check(!envelope_decode(&b, bad[i], strlen(bad[i])),
		    "decode '%s'", bad[i]);
	buf_free(&b);
}

static void
test_whole(void **state)
{
	struct envelope env;
	struct err err = { 0 };
	struct buf b;

	(void)state;
	assert_int_equal(envelope_parse(whole, strlen(whole), &env, &err), 0);
	assert_string_equal(env.id, "0612A7B3C4D5E6F70819");
	assert_true(env.arrival_us == 1790000000000000);
	assert_int_equal(env.uid, 1000);
	assert_string_equal(env.sender, "a@b.example");
	assert_int_equal(env.ret, RET_HDRS);
	assert_string_equal(env.envid, "fax 17");
	assert_int_equal(env.flags, ENVELOPE_8BIT_BODY | ENVELOPE_LONG_LINES);
	assert_string_equal(env.tag, "");
	assert_string_equal(env.message_id, "<1@b>");
	assert_int_equal(env.nrcpts, 3);
	assert_null(env.rcpts[0].orig);
	assert_string_equal(env.rcpts[1].addr, "\"x y\"@d.example");
	assert_string_equal(env.rcpts[1].orcpt, "rfc822;root@b");
	assert_int_equal(env.rcpts[1].notify,
	    NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY);
	assert_int_equal(env.rcpts[2].notify, NOTIFY_NEVER);
	assert_string_equal(envelope_sender(&env, 0), "a@b.example");
	assert_string_equal(envelope_sender(&env, 1), "owner-l@b");
	env.sender[0] = '\0';
	assert_string_equal(envelope_sender(&env, 1), "");
	env.sender[0] = 'a';

	buf_init(&b, ENVELOPE_TEXT_MAX);
	envelope_write(&env, &b);
	assert_string_equal(buf_str(&b), whole);
	envelope_free(&env);
	envelope_free(&env);
	buf_free(&b);
}

static void
test_new(void **state)
{
	struct envelope env;
	struct err err = { 0 };
	struct buf b;
	char name[32];
	size_t i;

	(void)state;
	envelope_init(&env);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "r%zu@x", i);
		envelope_add_rcpt(&env, name)->notify = (unsigned)i % 2;
	}
	buf_init(&b, ENVELOPE_TEXT_MAX);
	envelope_write(&env, &b);
	envelope_free(&env);
	assert_int_equal(envelope_parse(b.p, b.n, &env, &err), 0);
	assert_int_equal(env.nrcpts, 1000);
	assert_string_equal(env.rcpts[999].addr, "r999@x");
	assert_int_equal(env.rcpts[999].notify, NOTIFY_NEVER);
	assert_string_equal(env.id, "");
	assert_string_equal(env.sender, "");
	envelope_free(&env);
	buf_free(&b);
}

/* Cut anywhere it is no envelope, except between two recipients, which only
 * a length can tell (the queue file has one). */
static void
test_cut(void **state)
{
	struct envelope env;
	struct err err = { 0 };
	size_t n, head = (size_t)(strstr(whole, "rcpt") - whole);

	(void)state;
	for (n = 0; n < strlen(whole); n++) {
		bool fits = n > 0 && whole[n - 1] == '\n' &&
		    (n >= head || n >= strlen(HEAD "sender a@b.example\n"));

		memset(&err, 0, sizeof(err));
		check((envelope_parse(whole, n, &env, &err) == 0) == fits,
		    "cut at %zu", n);
		check(fits || err.kind == ERR_DATA, "cut at %zu: err", n);
		envelope_free(&env);
	}
}

static void
test_damaged(void **state)
{
	static const struct { const char *name, *text; } cases[] = {
		{ "nothing", "" },
		{ "a line too many", HEAD "sender a\nrcpt b\n\n" },
		{ "order", HEAD "rcpt b\nsender a\n" },
		{ "unknown key", HEAD "sender a\ncolour red\n" },
		{ "key twice", HEAD "sender a\ntag a\ntag b\n" },
		{ "wrong order", HEAD "sender a\ntag a\nenvid b\n" },
		{ "no recipient", HEAD "sender a\nrcpt \n" },
		{ "empty recipient", HEAD "sender a\nrcpt %\n" },
		{ "NUL", HEAD "sender a\nrcpt a%00b\n" },
		{ "LF", HEAD "sender a\nrcpt a%0Ab\n" },
		{ "CR in the sender", HEAD "sender a%0D\nrcpt b\n" },
		{ "LF in orig", HEAD "sender a\nrcpt b orig=a%0A\n" },
		{ "two spaces", HEAD "sender a\nrcpt  b\n" },
		{ "space at the end", HEAD "sender a\nrcpt b \n" },
		{ "attribute twice", HEAD "sender a\nrcpt b orig=a orig=a\n" },
		{ "attribute order",
		    HEAD "sender a\nrcpt b notify=never orig=a\n" },
		{ "attribute without value", HEAD "sender a\nrcpt b orig=\n" },
		{ "notify order",
		    HEAD "sender a\nrcpt b notify=failure,success\n" },
		{ "notify glued",
		    HEAD "sender a\nrcpt b notify=successfailure\n" },
		{ "notify comma", HEAD "sender a\nrcpt b notify=success,\n" },
		{ "never and", HEAD "sender a\nrcpt b notify=never,delay\n" },
		{ "notify other", HEAD "sender a\nrcpt b notify=x\n" },
		{ "ret other", HEAD "sender a\nret body\nrcpt b\n" },
		{ "flags 0", HEAD "sender a\nflags 0\nrcpt b\n" },
		{ "flags 07", HEAD "sender a\nflags 07\nrcpt b\n" },
		{ "id", "id x\narrival 1\nuid 1\nsender a\nrcpt b\n" },
		{ "uid", "id %\narrival 1\nuid 4294967296\nsender a\n" },
		{ "arrival", "id %\narrival -1\nuid 1\nsender a\n" },
		{ "arrival 00", "id %\narrival 00\nuid 1\nsender a\n" },
		{ "CRLF", "id %\r\narrival 1\r\nuid 1\r\nsender a\r\n" },
	};
	struct envelope env;
	struct err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		check(envelope_parse(cases[i].text, strlen(cases[i].text),
		    &env, &err) == -1, "%s", cases[i].name);
		check(env.nrcpts == 0 && strcmp(env.sender, "") == 0,
		    "%s: not empty", cases[i].name);
		envelope_free(&env);
	}
}

/* Every single byte changed: what is still taken is written back the same,
 * so that one envelope has one text. */
static void
test_flip(void **state)
{
	char text[sizeof(whole)];
	struct envelope env;
	struct err err = { 0 };
	struct buf b;
	size_t i, n = strlen(whole);
	int flip;

	(void)state;
	buf_init(&b, ENVELOPE_TEXT_MAX);
	for (i = 0; i < n; i++) {
		for (flip = 1; flip < 256; flip++) {
			memcpy(text, whole, sizeof(text));
			text[i] = (char)(text[i] ^ flip);
			if (envelope_parse(text, n, &env, &err) == 0) {
				buf_reset(&b);
				envelope_write(&env, &b);
				check(b.n == n && memcmp(b.p, text, n) == 0,
				    "byte %zu ^ %d", i, flip);
			}
			envelope_free(&env);
		}
	}
	buf_free(&b);
}

CHECK_MAIN(cmocka_unit_test(test_encode), cmocka_unit_test(test_decode_strict),
    cmocka_unit_test(test_whole), cmocka_unit_test(test_new),
    cmocka_unit_test(test_cut), cmocka_unit_test(test_damaged),
    cmocka_unit_test(test_flip))

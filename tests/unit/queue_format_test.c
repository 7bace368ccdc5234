/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/crc32c.h"
#include "queue/format.h"

static const struct format_head head = {
	.flags = 3, .env_size = 345, .size = 1234567890123,
	.env_crc = 0x01234567, .crc = 0x89abcdef,
};

static void
test_head(void **state)
{
	char line[FORMAT_HEAD_SIZE], bad[FORMAT_HEAD_SIZE];
	struct format_head h;
	size_t i;

	(void)state;
	format_head_write(&head, line);
	assert_memory_equal(line, "sendoff 1 queued 00000003 0000000345 "
	    "0000001234567890123 01234567 89abcdef ", 75);
	assert_int_equal(line[FORMAT_HEAD_SIZE - 1], '\n');
	assert_int_equal(format_head_parse(line, sizeof(line), &h),
	    FORMAT_QUEUED);
	check(h.flags == 3 && h.env_size == 345 && h.size == head.size &&
	    h.env_crc == head.env_crc && h.crc == head.crc, "what it says");
	for (i = 0; i < sizeof(line); i++) {
		assert_int_equal(format_head_parse(line, i, &h),
		    i == 0 ? FORMAT_DRAFT : FORMAT_DAMAGED);
		memcpy(bad, line, sizeof(bad));
		bad[i] ^= 1;
		assert_int_equal(format_head_parse(bad, sizeof(bad), &h),
		    FORMAT_DAMAGED);
		/* the mark was written this far when the power went */
		format_head_blank(bad);
		memcpy(bad, line, i);
		assert_int_equal(format_head_parse(bad, sizeof(bad), &h),
		    i <= 75 ? FORMAT_DRAFT :
		    i == 83 ? FORMAT_QUEUED : FORMAT_DAMAGED);
	}
	format_head_blank(bad);
	for (i = 0; i <= sizeof(bad); i++)
		assert_int_equal(format_head_parse(bad, i, &h), FORMAT_DRAFT);
	memset(bad, '\0', sizeof(bad));
	assert_int_equal(format_head_parse(bad, sizeof(bad), &h),
	    FORMAT_DRAFT);
}

/* What is true to its checksum and yet not as we write it. */
static void
test_head_forms(void **state)
{
	static const struct {
		const char *name, *text;
		enum format_mark want;
	} cases[] = {
		{ "ours", "sendoff 1 queued 00000003 0000000345 "
		    "0000001234567890123 01234567 89abcdef ", FORMAT_QUEUED },
		{ "version 2", "sendoff 2 queued 00000003 0000000345 "
		    "0000001234567890123 01234567 89abcdef ", FORMAT_NEWER },
		{ "version 12", "sendoff 12 anything that they may like to "
		    "write in a line of their own ....", FORMAT_NEWER },
		{ "version 0", "sendoff 0 queued 00000003 0000000345 "
		    "0000001234567890123 01234567 89abcdef ",
		    FORMAT_DAMAGED },
		{ "no version", "sendoff x queued 00000003 0000000345 "
		    "0000001234567890123 01234567 89abcdef ",
		    FORMAT_DAMAGED },
		{ "other mark", "sendoff 1 Queued 00000003 0000000345 "
		    "0000001234567890123 01234567 89abcdef ",
		    FORMAT_DAMAGED },
		{ "upper case", "sendoff 1 queued 00000003 0000000345 "
		    "0000001234567890123 01234567 89ABCDEF ",
		    FORMAT_DAMAGED },
		{ "sign", "sendoff 1 queued 00000003 0000000345 "
		    "-000001234567890123 01234567 89abcdef ",
		    FORMAT_DAMAGED },
		{ "too much", "sendoff 1 queued 00000003 0000000345 "
		    "9223372036854775807 01234567 89abcdef ",
		    FORMAT_DAMAGED },
		{ "envelope over its cap", "sendoff 1 queued 00000003 "
		    "0067108865 0000001234567890123 01234567 89abcdef ",
		    FORMAT_DAMAGED },
	};
	char line[FORMAT_HEAD_SIZE + 1];
	struct format_head h;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		check(strlen(cases[i].text) == 75, "%s", cases[i].name);
		(void)snprintf(line, sizeof(line), "%s%08x\n", cases[i].text,
		    crc32c(0, cases[i].text, 75));
		check(format_head_parse(line, FORMAT_HEAD_SIZE, &h) ==
		    cases[i].want, "%s", cases[i].name);
	}
}

static void
test_entries(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{ "outcome 1 1000 sent 250 2.0.0 dsn mx:25 250%20ok 1 2 3",
		    true },
		{ "outcome 1 1000 sent 250 2.0.0 - % % 0 0 0", true },
		{ "outcome 1 1000 gone 250 2.0.0 - % % 0 0 0", false },
		{ "outcome 1 1000 sent 250 2.0.0 - % %0A 0 0 0", false },
		{ "outcome 1 1000 sent 250 2.0.0 - % % 0 0", false },
		{ "outcome 1 1000 sent 250 2.0.0 - % % 0 0 0 0", false },
		{ "outcome -1 1000 sent 250 2.0.0 - % % 0 0 0", false },
		{ "told 0", true }, { "told 4294967295", true },
		{ "told 4294967296", false }, { "told", false },
		{ "told 00", false }, { "told  0", false },
		{ "warned 7", true },
		{ "attempt 4294967295 9223372036854775807 0", true },
		{ "attempt 1 9223372036854775808 0", false },
		{ "attempt 1 -1 0", false },
		{ "hold 1", true }, { "hold 0", true }, { "hold 2", false },
		{ "due 0", true }, { "due", false },
		{ "finished", true }, { "finished ", false },
		{ "Finished", false }, { "", false }, { " ", false },
		{ "hold 1\n", false },
	};
	struct format_entry e;
	struct buf b, again;
	size_t i, k;

	(void)state;
	buf_init(&b, FORMAT_ENTRY_MAX);
	buf_init(&again, FORMAT_ENTRY_MAX);
	for (i = 0; i < NELEM(cases); i++) {
		buf_reset(&b);
		format_line_write(cases[i].text, strlen(cases[i].text), &b);
		check(format_entry_parse(b.p, b.n - 1, &e) == cases[i].want,
		    "%s", cases[i].text);
		if (!cases[i].want)
			continue;
		buf_reset(&again);
		format_entry_write(&e, &again);
		assert_string_equal(buf_str(&b), buf_str(&again));
		for (k = 0; k < b.n - 1; k++) {
			check(!format_entry_parse(b.p, k, &e), "%s, cut",
			    cases[i].text);
			b.p[k] ^= 1;
			check(!format_entry_parse(b.p, b.n - 1, &e),
			    "%s, byte %zu", cases[i].text, k);
			b.p[k] ^= 1;
		}
	}
	buf_free(&again);
	buf_free(&b);
}

/* The longest outcome there can be, every byte of it in need of encoding. */
static void
test_longest(void **state)
{
	struct format_entry e = {
		.kind = FORMAT_OUTCOME, .rcpt = UINT32_MAX,
		.sec = INT64_MAX,
	}, got;
	struct buf b;

	(void)state;
	e.outcome.verdict = OUTCOME_DEFERRED;
	e.outcome.code = 999;
	(void)snprintf(e.outcome.dsn, sizeof(e.outcome.dsn), "4.999.999");
	memset(e.outcome.relay, '%', sizeof(e.outcome.relay) - 1);
	memset(e.outcome.text, '=', sizeof(e.outcome.text) - 1);
	buf_init(&b, FORMAT_ENTRY_MAX);
	format_entry_write(&e, &b);
	assert_false(b.over);
	assert_true(format_entry_parse(b.p, b.n - 1, &got));
	assert_string_equal(got.outcome.text, e.outcome.text);
	buf_free(&b);
}

CHECK_MAIN(cmocka_unit_test(test_head), cmocka_unit_test(test_head_forms),
    cmocka_unit_test(test_entries), cmocka_unit_test(test_longest))

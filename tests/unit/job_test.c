/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "core/base/mem.h"
#include "core/mail/job.h"
#include "core/mail/line.h"

static void
test_outcome_dsn(void **state)
{
	static const struct {
		const char *in;
		enum outcome_verdict verdict;
		const char *want;
	} cases[] = {
		{ "5.1.1", OUTCOME_FAILED, "5.1.1" },
		{ "5.1.1", OUTCOME_DEFERRED, "4.1.1" },
		{ "4.2.0", OUTCOME_FAILED, "5.2.0" },
		{ "2.0.0", OUTCOME_UNKNOWN, "4.0.0" },
		{ "5.4.7", OUTCOME_EXPIRED, "4.4.7" },
		{ "", OUTCOME_SENT, "2.0.0" },
		{ "5.1", OUTCOME_FAILED, "5.0.0" },
		{ "5..1", OUTCOME_FAILED, "5.0.0" },
		{ "5.1.", OUTCOME_FAILED, "5.0.0" },
		{ "5.1.1.1", OUTCOME_FAILED, "5.0.0" },
		{ "3.1.1", OUTCOME_FAILED, "5.0.0" },
		{ "5.1234.1", OUTCOME_FAILED, "5.0.0" },
		{ "5.123.999", OUTCOME_FAILED, "5.123.999" },
		{ "x", OUTCOME_NONE, "4.0.0" },
	};
	struct outcome o;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		memset(&o, 0, sizeof(o));
		o.verdict = cases[i].verdict;
		(void)snprintf(o.dsn, sizeof(o.dsn), "%s", cases[i].in);
		outcome_fix_dsn(&o);
		check(strcmp(o.dsn, cases[i].want) == 0, "%s: %s",
		    cases[i].in, o.dsn);
	}
	memset(&o, 0, sizeof(o));
	outcome_set(&o, OUTCOME_FAILED, NULL, "no %s\r\nx\x1b", "way");
	assert_string_equal(o.dsn, "5.0.0");
	assert_string_equal(o.text, "no way x\\x1B");
	assert_string_equal(outcome_status(OUTCOME_FAILED), "bounced");
	assert_string_equal(outcome_status(OUTCOME_UNKNOWN), "deferred");
}

static const struct outcome sample = {
	OUTCOME_SENT, 250, "2.0.0", true, "smtp.example[192.0.2.1]:587",
	"250 2.0.0 Ok", { 10, 0, 2147483647 },
};

static void
test_outcome_text(void **state)
{
	static const char text[] = "sent 250 2.0.0 dsn "
	    "smtp.example[192.0.2.1]:587 250%202.0.0%20Ok 10 0 2147483647";
	static const char *const bad[] = {
		"", "sent", "lost 0 % - % % 0 0 0", "sent 1000 % - % % 0 0 0",
		"sent 0 9.9.9 - % % 0 0 0", "sent 0 2.0.0.0.0.0.0 - % % 0 0 0",
		"sent 0 % x % % 0 0 0", "sent 0 % - % a%0Ab 0 0 0",
		"sent 0 % - a%1Bb % 0 0 0", "sent 0 % - % % 0 0",
		"sent 0 % - % % 0 0 -1", "sent 0 % - % % 0 0 2147483648",
	};
	struct outcome o;
	struct line l;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, JOB_PACKET_MAX);
	outcome_write(&sample, &b);
	assert_string_equal(buf_str(&b), text);
	memset(&o, 0, sizeof(o));
	line_of(&l, b.p, b.n);
	outcome_read(&l, &o);
	assert_true(line_end(&l));
	assert_memory_equal(&o, &sample, sizeof(o));
	for (i = 0; i < NELEM(bad); i++) {
		line_of(&l, bad[i], strlen(bad[i]));
		outcome_read(&l, &o);
		check(!line_end(&l), "outcome '%s'", bad[i]);
	}
	assert_memory_equal(&o, &sample, sizeof(o));
	buf_free(&b);
}

static void
test_say(void **state)
{
	struct job_say in[6] = {
		{ .kind = JOB_SAY_READY },
		{ .kind = JOB_SAY_UP, .size_max = 52428800, .caps = 255 },
		{ .kind = JOB_SAY_DOWN, .down = JOB_DOWN_AUTH },
		{ .kind = JOB_SAY_RCPT, .number = 4294967295, .index = 7 },
		{ .kind = JOB_SAY_DONE, .number = 3 },
		{ .kind = JOB_SAY_IDLE },
	}, out;
	struct err err = { 0 };
	struct buf b;
	size_t i;

	(void)state;
	(void)snprintf(in[1].outcome.relay, OUTCOME_RELAY_MAX, "h[1::2]:25");
	outcome_set(&in[2].outcome, OUTCOME_DEFERRED, "4.7.8", "535 no");
	in[3].outcome = sample;
	buf_init(&b, JOB_PACKET_MAX);
	for (i = 0; i < NELEM(in); i++) {
		buf_reset(&b);
		job_say_write(&in[i], &b);
		check(job_say_parse(b.p, b.n, &out, &err) == 0,
		    "say '%s'", buf_str(&b));
		check(memcmp(&out, &in[i], sizeof(out)) == 0, "say %zu", i);
	}
	buf_free(&b);
}

/* The longest packet there can be fits. */
static void
test_say_longest(void **state)
{
	struct job_say say = { .kind = JOB_SAY_RCPT, .number = UINT32_MAX,
	    .index = UINT32_MAX }, out;
	struct outcome *o = &say.outcome;
	struct err err = { 0 };
	struct buf b;

	(void)state;
	*o = sample;
	memset(o->text, '=', sizeof(o->text) - 1);
	memset(o->relay, '%', sizeof(o->relay) - 1);
	(void)snprintf(o->dsn, sizeof(o->dsn), "5.123.123");
	buf_init(&b, JOB_PACKET_MAX);
	job_say_write(&say, &b);
	assert_false(b.over);
	assert_int_equal(job_say_parse(b.p, b.n, &out, &err), 0);
	assert_memory_equal(&out, &say, sizeof(out));
	buf_free(&b);
}

static void
test_say_bad(void **state)
{
	static const char *const bad[] = {
		"", "ready ", "ready\n", "Ready", "up % 0", "up % -1 0",
		"up % 0 256", "up a%0A 0 0", "down dns % % %",
		"down auth 4.0.0 %", "rcpt 1 2", "rcpt 1 -2 sent 0 % - % % 0 0 0",
		"rcpt 4294967296 0 sent 0 % - % % 0 0 0", "done", "done x",
		"done 1 2", "idle 1", "quit",
	};
	struct job_say say;
	struct err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(bad); i++) {
		err.kind = ERR_NONE;
		check(job_say_parse(bad[i], strlen(bad[i]), &say, &err) == -1 &&
		    err.kind == ERR_PROTO, "say '%s'", bad[i]);
	}
}

static const char job_text[] =
    "job 3\nmessage 512 2048 4022250974\nindex 0 17\n"
    "id 0612A7B3C4D5E6F70819\narrival 1790000000000000\nuid 0\nsender %\n"
    "rcpt a@b\nrcpt c@d notify=delay\n";

static void
test_job(void **state)
{
	struct err err = { 0 };
	struct job job;
	struct buf b;

	(void)state;
	assert_int_equal(job_parse(job_text, strlen(job_text), &job, &err), 0);
	assert_int_equal(job.number, 3);
	assert_true(job.offset == 512 && job.size == 2048);
	assert_true(job.crc == 4022250974U);
	assert_int_equal(job.env.nrcpts, 2);
	assert_int_equal(job.index[1], 17);
	assert_string_equal(job.env.rcpts[1].addr, "c@d");
	buf_init(&b, ENVELOPE_TEXT_MAX);
	job_write(&job, &b);
	assert_string_equal(buf_str(&b), job_text);
	job_free(&job);
	job_free(&job);
	buf_free(&b);
}

static void
test_job_bad(void **state)
{
	static const struct { const char *from, *to; } cases[] = {
		{ "job 3", "job -3" }, { "job 3", "job" }, { "job 3", "jab 3" },
		{ "512", "-1" }, { "2048", "9223372036854775807" },
		{ "4022250974", "4294967296" }, { "0 17", "0" },
		{ "0 17", "0 17 18" }, { " 0 17", "" }, { "0 17", "0 x" },
		{ "uid 0", "uid x" }, { "\n", " " },
	};
	char text[sizeof(job_text) + 64];
	struct err err = { 0 };
	struct job job;
	size_t i, n;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		const char *at = strstr(job_text, cases[i].from);

		(void)snprintf(text, sizeof(text), "%.*s%s%s",
		    (int)(at - job_text), job_text, cases[i].to,
		    at + strlen(cases[i].from));
		err.kind = ERR_NONE;
		check(job_parse(text, strlen(text), &job, &err) == -1 &&
		    err.kind == ERR_PROTO, "job '%s' for '%s'", cases[i].to,
		    cases[i].from);
	}
	/* Cut behind the head, an envelope with fewer recipients is told
	 * by their count. */
	for (n = 0; n < strlen(job_text); n++)
		check(job_parse(job_text, n, &job, &err) == -1, "cut %zu", n);
}

CHECK_MAIN(cmocka_unit_test(test_outcome_dsn),
    cmocka_unit_test(test_outcome_text), cmocka_unit_test(test_say),
    cmocka_unit_test(test_say_longest), cmocka_unit_test(test_say_bad),
    cmocka_unit_test(test_job), cmocka_unit_test(test_job_bad))

/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include "queue/metrics.h"

static const char head[] =
    "# TYPE sendoff_messages gauge\n"
    "# HELP sendoff_messages Messages in the queue, by state.\n"
    "sendoff_messages{state=\"incoming\"} 1\n"
    "sendoff_messages{state=\"active\"} 2\n"
    "sendoff_messages{state=\"deferred\"} 3\n"
    "sendoff_messages{state=\"hold\"} 4\n"
    "sendoff_messages{state=\"corrupt\"} 5\n";

static const char *const lines[] = {
	"sendoff_oldest_message_seconds 77\n", "sendoff_queue_bytes 4096\n",
	"sendoff_runner_up 1\n",
	"sendoff_recipients_total{relay=\"default\",status=\"sent\"} 2\n",
	"sendoff_recipients_total{relay=\"default\",status=\"expired\"} 0\n",
	"{relay=\"b\\\"\\\\\\n\",status=\"bounced\"} 1\n",
	"sendoff_attempts_total{relay=\"default\"} 1\n",
	"sendoff_relay_up{relay=\"default\"} 1\n",
	"sendoff_relay_up{relay=\"b\\\"\\\\\\n\"} 0\n",
	"# TYPE sendoff_recipients counter\n",
	"# UNIT sendoff_last_delivery_timestamp_seconds seconds\n",
	"sendoff_last_delivery_timestamp_seconds 1000\n",
};

static void
test_metrics(void **state)
{
	const struct metrics m = { { 1, 2, 3, 4, 5 }, 77, 4096, true };
	struct outcome why = { .dsn = "4.4.1", .text = "x" };
	struct stats s = { NULL, 0 };
	struct buf b;
	size_t i;

	(void)state;
	stats_attempt(&s, "");
	stats_count(&s, "", OUTCOME_SENT, 999);
	stats_count(&s, "", OUTCOME_SENT, 1000);
	stats_up(&s, "", 1, 0);
	stats_count(&s, "b\"\\\n", OUTCOME_FAILED, 5000);
	stats_down(&s, "b\"\\\n", 1, 2, 1, &why);
	(void)stats_relay(&s, "never");
	buf_init(&b, 100000);
	metrics_write(&b, &m, &s);
	assert_memory_equal(buf_str(&b), head, sizeof(head) - 1);
	for (i = 0; i < NELEM(lines); i++)
		check(strstr(buf_str(&b), lines[i]) != NULL, "%s", lines[i]);
	assert_null(strstr(buf_str(&b), "relay_up{relay=\"never\"}"));
	assert_string_equal(buf_str(&b) + b.n - 6, "# EOF\n");
	buf_free(&b);
	stats_free(&s);
}

CHECK_MAIN(cmocka_unit_test(test_metrics))

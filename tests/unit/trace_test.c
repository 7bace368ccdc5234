/* SPDX-License-Identifier: ISC */
#include <fcntl.h>

#include "queue/trace.h"
#include "queue/trace_line.h"
#include "tests/unit/queue_house.h"

enum { DAY = 86400, NOW = 1769860000 /* 2026-01-31, 11:46 */ };

struct seen {
	size_t	n, messages, rcpts, reports, stop_at;
	char	last[4096];
};

static bool
see(const struct trace_event *e, void *arg)
{
	struct seen *s = arg;

	s->n++;
	s->messages += e->kind == TRACE_MESSAGE;
	s->rcpts += e->kind == TRACE_RCPT;
	s->reports += e->kind == TRACE_REPORT;
	(void)snprintf(s->last, sizeof(s->last), "%s|%s|%s|%s|%s|%s",
	    e->sender, e->envid, e->message_id, e->addr, e->outcome.text,
	    e->text);
	return s->n != s->stop_at;
}

static struct seen
scan(int64_t since_sec)
{
	struct seen s = { 0 };
	struct err err;

	check(trace_scan(q, since_sec, see, &s, &err) == 0, "%s", err.text);
	return s;
}

/* One message to two, over at that time. */
static void
finish_at(int64_t sec)
{
	struct queue_msg *m;
	struct outcome o = { 0 };
	struct err err;
	char id[ID_SIZE];

	submit(2, 1, id);
	m = claim(id);
	m->env.envid = mem_str("fax 1\n=%");
	outcome_set(&o, OUTCOME_SENT, NULL, "250 ok");
	assert_int_equal(queue_record_outcome(m, 0, &o, sec, &err), 0);
	outcome_set(&o, OUTCOME_FAILED, NULL, "550 no such");
	assert_int_equal(queue_record_outcome(m, 1, &o, sec, &err), 0);
	assert_int_equal(trace_add(q, m, sec, &err), 0);
	assert_int_equal(queue_finish(m, &err), 0);
}

static void
test_days(void **state)
{
	struct trace_event note = {
		.kind = TRACE_REPORT, .id = "0123456789ABCDEF0123",
		.sec = NOW + 5, .type = "mdn", .addr = "a@b.example",
		.action = "displayed", .text = "seen, they say",
	};
	struct seen s;
	struct err err;

	(void)state;
	assert_int_equal(scan(0).n, 0);
	finish_at(NOW - 40 * DAY);
	finish_at(NOW - 2 * DAY);
	finish_at(NOW);
	assert_int_equal(trace_note(q, &note, &err), 0);
	s = scan(0);
	assert_int_equal(s.messages, 3);
	assert_int_equal(s.rcpts, 6);
	assert_int_equal(s.reports, 1);
	assert_string_equal(s.last, "|||a@b.example||seen, they say");
	assert_true(exists("", "trace.20260131"));
	assert_true(exists("", "trace.20251222"));
	/* what is asked for, of a day that is only partly so */
	assert_int_equal(scan(NOW - 3 * DAY).messages, 2);
	assert_int_equal(scan(NOW - 2 * DAY + 1).messages, 1);
	assert_int_equal(scan(NOW + 1).n, 1);
	assert_int_equal(scan(NOW + 10 * DAY).n, 0);
	memset(&s, 0, sizeof(s));
	s.stop_at = 2;
	assert_int_equal(trace_scan(q, 0, see, &s, &err), 0);
	assert_int_equal(s.n, 2);

	assert_int_equal(trace_expire(q, NOW - 30 * DAY, &err), 0);
	assert_false(exists("", "trace.20251222"));
	assert_int_equal(scan(0).messages, 2);
	assert_int_equal(trace_expire(q, NOW + 10 * DAY, &err), 0);
	assert_int_equal(scan(0).n, 0);
	assert_true(exists("", "queue"));
}

static void
append(const char *p, size_t n)
{
	int fd = open(path_of("", "trace.20260131"), O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

/* Neither a torn line nor garbage takes a good one along. */
static void
test_damage(void **state)
{
	static char big[200 * 1024];
	struct seen s;
	int fd;

	(void)state;
	finish_at(NOW);
	append("1234", 4);
	finish_at(NOW + 1);
	append("\n\nx y z\n00000000 message\n", 25);
	append("\0\0\0\n", 4);
	finish_at(NOW + 2);
	memset(big, 'x', sizeof(big));
	append(big, sizeof(big));
	finish_at(NOW + 3);
	s = scan(0);
	assert_int_equal(s.messages, 4);
	assert_int_equal(s.rcpts, 8);
	/* a byte of the second line of the first message */
	fd = open(path_of("", "trace.20260131"), O_RDWR);
	assert_int_equal(pread(fd, big, 1000, 0), 1000);
	assert_int_equal(pwrite(fd, "#", 1,
	    (char *)memchr(big, '\n', 1000) - big + 20), 1);
	close(fd);
	s = scan(0);
	assert_int_equal(s.messages, 4);
	assert_int_equal(s.rcpts, 7);
	/* full: nothing more, and nobody minds */
	assert_int_equal(truncate(path_of("", "trace.20260131"),
	    TRACE_DAY_MAX), 0);
	finish_at(NOW + 4);
	assert_int_equal(scan(NOW + 4).n, 0);
}

static void
test_lines(void **state)
{
	struct trace_event e = {
		.kind = TRACE_MESSAGE, .id = "0123456789ABCDEF0123",
		.sec = NOW, .arrival_us = 5, .uid = 6, .size = 7,
		.sender = "", .envid = "a b\n", .message_id = "<x@y>",
	}, got;
	struct buf line, room;
	char *longest = mem_zero(TRACE_LINE_MAX);
	size_t k;

	(void)state;
	buf_init(&line, TRACE_LINE_MAX);
	buf_init(&room, 2 * TRACE_LINE_MAX);
	trace_line_write(&e, &line);
	assert_true(trace_line_parse(line.p, line.n - 1, &got, &room));
	assert_string_equal(got.envid, "a b\n");
	assert_string_equal(got.sender, "");
	assert_string_equal(got.message_id, "<x@y>");
	assert_int_equal(got.size, 7);
	for (k = 0; k < line.n - 1; k++)
		assert_false(trace_line_parse(line.p, k, &got, &room));
	/* one that is too long is not written at all */
	memset(longest, '%', TRACE_LINE_MAX - 1);
	e.message_id = longest;
	buf_reset(&line);
	trace_line_write(&e, &line);
	assert_int_equal(line.n, 0);
	mem_free(longest);
	buf_free(&room);
	buf_free(&line);
}

CHECK_MAIN(cmocka_unit_test(test_lines),
    cmocka_unit_test_setup_teardown(test_days, setup, teardown),
    cmocka_unit_test_setup_teardown(test_damage, setup, teardown))

/* SPDX-License-Identifier: ISC */
/*
 * The rest of the queue's room on a disk that fails: what is no message, what
 * only looks, what stands beside the queue.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/compat.h"
#include "queue/corrupt.h"
#include "queue/stats.h"
#include "queue/trace.h"
#include "tests/fault/harness.h"

static void
damaged_message(void)
{
	int fd;

	one_message();
	fd = open(path_of("queue"), O_WRONLY);
	if (fd == -1 || pwrite(fd, "#", 1, 100) != 1 || close(fd) == -1)
		bad("no damaged message");
}

/* A claim that is to find no message. */
static void
claim_other(enum queue_found want)
{
	struct queue *q;
	struct queue_msg *m;
	struct err err = { 0 };
	enum queue_found found;

	if (queue_open(house_dir, QUEUE_RUN, &q, &err) == -1) {
		answer(-1, &err);
		return;
	}
	found = queue_claim(q, report->id, &m, &err);
	if (found == QUEUE_OK) {
		bad("it was found to be a message");
		queue_release(m);
	}
	report->said = found == want ? 1 : -1;
	queue_close(q);
}

static void
claim_damaged(void)
{
	claim_other(QUEUE_CORRUPT);
}

static void
in_one_place(void)
{
	struct queue *q;
	struct queue_msg *m;
	struct err err;
	struct stat st;
	bool here = lstat(path_of("queue"), &st) == 0;
	bool there = lstat(path_of("corrupt"), &st) == 0;

	if (here == there)
		bad("it is %s", here ? "in both places" : "gone");
	if (report->said == 1 && !there)
		bad("said that it was moved");
	q = house_open();
	if (here && queue_claim(q, report->id, &m, &err) != QUEUE_CORRUPT)
		bad("it was not moved at last");
	if (lstat(path_of("corrupt"), &st) == -1 || house_drain(q, 0) != 0)
		bad("it was not moved at last");
	queue_close(q);
}

static void
condemn(void)
{
	struct queue *q;
	struct queue_msg *m;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_RUN, &q, &err);
	if (ret == 0) {
		ret = claim(q, &m, &err);
		if (ret == 0)
			ret = queue_condemn(m, &err);
		queue_close(q);
	}
	answer(ret, &err);
}

static void
condemned(void)
{
	struct queue *q = house_open();
	struct stat st;
	bool there = lstat(path_of("corrupt"), &st) == 0;
	size_t n = house_drain(q, SMALL);

	if (n + there != 1)
		bad("%zu in the queue, %d in corrupt", n, there);
	if (report->said == 1 && !there)
		bad("said that it was moved");
	queue_close(q);
}

static void
litter(void)
{
	struct queue *q = house_open();
	struct draft d;
	struct envelope env;
	struct err err;

	house_fill(&env);
	if (draft_create(q, &d, &err) == -1 ||
	    draft_begin(&d, &env, &err) == -1)
		bad("%s", err.text);
	envelope_free(&env);
	(void)snprintf(report->id, sizeof(report->id), "%s", d.id);
	draft_give(&d);
	queue_close(q);
}

static void
sweep(void)
{
	claim_other(QUEUE_GONE);
}

static void
swept(void)
{
	struct queue *q = house_open();

	if (house_drain(q, 0) != 0)
		bad("a draft was found to be a message");
	queue_close(q);
}

/* Looking changes nothing. */

static int
look_at(struct queue *q, struct err *err)
{
	struct queue_msg *m = NULL;
	int fd = -1;

	if (queue_load(q, report->id, &m, err) != QUEUE_OK)
		return err_set(err, ERR_TEMP, NULL, "not found");
	if (!house_is_whole(m, SMALL) && report->trips == 0 &&
	    fault_trips() == 0)
		bad("it is not whole");
	if (queue_abridge(m, &fd, err) == -1) {
		queue_release(m);
		return -1;
	}
	queue_release(m);
	if (queue_load_fd(fd, report->id, &m, err) != QUEUE_OK)
		return err_set(err, ERR_TEMP, NULL, "no copy");
	queue_release(m);
	return 0;
}

static void
look(void)
{
	struct queue *q;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_READ, &q, &err);
	if (ret == 0) {
		ret = look_at(q, &err);
		queue_close(q);
	}
	answer(ret, &err);
}

static void
lend(void)
{
	struct queue *q;
	struct queue_msg *m;
	struct err err = { 0 };
	bool active;
	int ret, fd = -1;

	ret = queue_open(house_dir, QUEUE_SUBMIT, &q, &err);
	if (ret == 0) {
		if (queue_lend(q, report->id, getuid(), &fd, &active,
		    &err) != QUEUE_OK)
			ret = err_set(&err, ERR_TEMP, NULL, "not lent");
		else if (queue_load_fd(fd, report->id, &m, &err) != QUEUE_OK)
			ret = err_set(&err, ERR_TEMP, NULL, "no copy");
		else
			queue_release(m);
		queue_close(q);
	}
	answer(ret, &err);
}

static void
still_there(void)
{
	struct queue *q = house_open();

	if (house_drain(q, SMALL) != 1)
		bad("it was there");
	queue_close(q);
}

/* Nothing that could not be read is taken for nothing that is there. */

static void
three_messages(void)
{
	struct queue *q = house_open();
	int i;

	for (i = 0; i < 3; i++)
		house_submit(q, SMALL);
	queue_close(q);
}

static bool
count(const char *id, void *arg)
{
	(void)id;
	++*(size_t *)arg;
	return true;
}

static void
scan(void)
{
	struct queue *q;
	struct err err = { 0 };
	size_t n = 0;
	int ret;

	ret = queue_open(house_dir, QUEUE_READ, &q, &err);
	if (ret == 0) {
		ret = queue_scan(q, count, &n, &err);
		queue_close(q);
	}
	if (ret == 0 && n != 3)
		bad("said that there were %zu", n);
	answer(ret, &err);
}

static void
all_there(void)
{
	struct queue *q = house_open();

	if (house_drain(q, SMALL) != 3)
		bad("there were three");
	queue_close(q);
}

/* A file that was put aside and holds again. */

static void
put_aside(void)
{
	struct queue *q;
	struct queue_msg *m;
	struct err err;

	one_message();
	q = house_open();
	if (claim(q, &m, &err) == -1 || queue_condemn(m, &err) == -1)
		bad("%s", err.text);
	queue_close(q);
}

static void
restore(void)
{
	struct queue *q;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_RUN, &q, &err);
	if (ret == 0) {
		ret = corrupt_restore(q, report->id, &err);
		if (ret == 0)
			ret = queue_sync(q, &err);
		queue_close(q);
	}
	answer(ret, &err);
}

static void
restored(void)
{
	struct queue *q = house_open();
	struct stat st;
	bool there = lstat(path_of("corrupt"), &st) == 0;
	size_t n = house_drain(q, SMALL);

	if (n + there != 1)
		bad("%zu in the queue, %d in corrupt", n, there);
	if (report->said == 1 && there)
		bad("said that it was taken back");
	queue_close(q);
}

/* The day's trace: what is in it already stays, whatever happens. */

enum { NOW = 1769860000 };

static void
note(struct queue *q)
{
	struct trace_event e = {
		.kind = TRACE_REPORT, .id = "0123456789ABCDEF0123",
		.sec = NOW, .type = "dsn", .addr = "a@x.example",
	};
	struct err err;

	if (trace_note(q, &e, &err) == -1)
		bad("%s", err.text);
}

static void
message_and_note(void)
{
	struct queue *q;

	one_message();
	q = house_open();
	note(q);
	queue_close(q);
}

static void
trace(void)
{
	struct queue *q;
	struct queue_msg *m;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_RUN, &q, &err);
	if (ret == 0) {
		ret = claim(q, &m, &err);
		if (ret == 0) {
			ret = trace_add(q, m, NOW, &err);
			queue_release(m);
		}
		queue_close(q);
	}
	answer(ret, &err);
}

static bool
tally(const struct trace_event *e, void *arg)
{
	((size_t *)arg)[e->kind]++;
	return true;
}

static void
traced(void)
{
	struct queue *q = house_open();
	struct err err;
	size_t n[] = { 0, 0, 0 };

	note(q);
	if (trace_scan(q, 0, tally, n, &err) == -1)
		bad("%s", err.text);
	if (n[TRACE_REPORT] != 2)
		bad("%zu notes of two", n[TRACE_REPORT]);
	if (report->said == 1 &&
	    (n[TRACE_MESSAGE] != 1 || n[TRACE_RCPT] != 3))
		bad("%zu messages, %zu recipients", n[TRACE_MESSAGE],
		    n[TRACE_RCPT]);
	if (house_drain(q, SMALL) != 1)
		bad("the message is gone");
	queue_close(q);
}

/* The counters: what was counted is there once. */

static int
merge(struct queue *q, struct err *err)
{
	struct stats news = { NULL, 0 };
	int ret;

	stats_attempt(&news, "main");
	ret = stats_merge(q, &news, err);
	if ((ret == 0) != (news.n == 0))
		bad("said %d, and %zu left to merge", ret, news.n);
	stats_free(&news);
	return ret;
}

static int64_t
attempts(struct queue *q)
{
	struct stats s;
	struct err err;
	int64_t n;

	if (stats_load(q, &s, &err) == -1) {
		bad("%s", err.text);
		return -1;
	}
	n = s.n == 1 ? s.v[0].attempts : 0;
	stats_free(&s);
	return n;
}

static void
one_attempt(void)
{
	struct queue *q = house_open();
	struct err err;

	if (merge(q, &err) == -1)
		bad("%s", err.text);
	queue_close(q);
}

static void
count_up(void)
{
	struct queue *q;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_RUN, &q, &err);
	if (ret == 0) {
		ret = merge(q, &err);
		queue_close(q);
	}
	answer(ret, &err);
}

static void
counted(void)
{
	struct queue *q = house_open();
	struct err err;
	int64_t n = attempts(q);

	if (n < 1 || n > 2 || (report->said == 1 && n != 2) ||
	    (report->said == -1 && n != 1))
		bad("%lld attempts of two", (long long)n);
	if (merge(q, &err) == -1)
		bad("%s", err.text);
	if (attempts(q) != n + 1)
		bad("it does not count any more");
	queue_close(q);
}

int
main(void)
{
	static const struct scene scenes[] = {
		{ "damaged", OPEN_RUN CLAIM "rename close " CLOSE_ALL,
		    false, damaged_message, claim_damaged, in_one_place },
		{ "condemn", OPEN_RUN CLAIM "show_claim rename unlock close "
		    CLOSE_ALL, false, one_message, condemn, condemned },
		{ "sweep", OPEN_RUN "open lock stat stat_at stat pread unlink "
		    "close " CLOSE_ALL, false, litter, sweep, swept },
		{ "look", OPEN_READ "open stat pread pread claim_shown "
		    "pread pread memory truncate pread pwrite seal close "
		    "stat pread pread close " CLOSE_ALL,
		    false, one_message, look, still_there },
		{ "scan", OPEN_READ "dir_open dir_read dir_read dir_read "
		    "dir_read dir_read dir_read dir_close " CLOSE_ALL,
		    false, three_messages, scan, all_there },
		{ "lend", OPEN_SUBMIT "open claim_shown stat pread memory "
		    "truncate pread pwrite seal close stat pread pread close "
		    CLOSE, false, one_message, lend, still_there },
		{ "restore", OPEN_RUN "open stat pread pread pread close "
		    "rename fsync fsync " CLOSE_ALL,
		    false, put_aside, restore, restored },
		{ "trace", OPEN_RUN CLAIM "show_claim open stat pread append "
		    "close unlock close " CLOSE_ALL,
		    true, message_and_note, trace, traced },
		{ "stats", OPEN_RUN "open lock open stat pread pread close "
		    "unlink open chmod pwrite replace close close " CLOSE_ALL,
		    true, one_attempt, count_up, counted },
	};

	return house_play(scenes, NELEM(scenes));
}

/* SPDX-License-Identifier: ISC */
/*
 * The queue's claim, as scenes: said yes => there, whole; said no => nothing
 * that is ever sent; killed anywhere => absent or whole, and the sweep
 * cleans; outcome recorded => never delivered again.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "queue/runner.h"
#include "tests/fault/harness.h"

enum {
	SIZE = 150000,			/* more than two writes */
};

static char message[SIZE];

static void
nothing(void)
{
	struct queue *q = house_open();

	queue_close(q);
}

/* Submission. */

static int
write_draft(struct draft *d, struct err *err)
{
	struct envelope env;
	int ret;

	house_fill(&env);
	(void)snprintf(report->id, sizeof(report->id), "%s", d->id);
	ret = draft_begin(d, &env, err);
	envelope_free(&env);
	if (ret == -1 || draft_write(d, message, 1000, err) == -1 ||
	    draft_write(d, message + 1000, SIZE - 1000, err) == -1) {
		draft_abort(d);
		return -1;
	}
	return draft_commit(d, 0, err);
}

static void
submit(void)
{
	struct queue *q;
	struct draft d;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_SUBMIT, &q, &err);
	if (ret == 0) {
		ret = draft_create(q, &d, &err);
		if (ret == 0)
			ret = write_draft(&d, &err);
		queue_close(q);
	}
	answer(ret, &err);
}

static void
submit_through_gate(void)
{
	struct queue *q;
	struct draft d, theirs;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_RUN, &q, &err);
	if (ret == 0) {
		ret = draft_create_gate(q, 4711, &d, &err);
		if (ret == 0) {
			draft_adopt(&theirs, dup(d.fd), -1, d.id);
			draft_give(&d);
			ret = write_draft(&theirs, &err);
		}
		queue_close(q);
	}
	answer(ret, &err);
}

static void
submitted(void)
{
	struct queue *q = house_open();
	size_t n = house_drain(q, SIZE);

	if (report->said == 1 && n != 1)
		bad("said yes, and there are %zu", n);
	if (report->said == -1 && n != 0)
		bad("said no, and there it is");
	if (n > 1)
		bad("%zu messages of one", n);
	queue_close(q);
}

/* One attempt with three fates, recorded. */

enum { KNOWN_SYNC = 1, KNOWN_TOLD = 2 };

static int
record(struct queue_msg *m, size_t i, enum outcome_verdict verdict,
    struct err *err)
{
	struct outcome o = { 0 };
	enum queue_rcpt_state before = m->rcpts[i].state;
	int ret;

	outcome_set(&o, verdict, NULL, "what the relay said");
	ret = queue_record_outcome(m, i, &o, 1000, err);
	if (ret == -1 && m->rcpts[i].state != before)
		bad("the state changed although it was not recorded");
	return ret;
}

static int
record_all(struct queue_msg *m, struct err *err)
{
	if (queue_reserve(m, err) == -1 ||
	    record(m, 0, OUTCOME_SENT, err) == -1 ||
	    record(m, 1, OUTCOME_DEFERRED, err) == -1 ||
	    record(m, 2, OUTCOME_FAILED, err) == -1 ||
	    queue_record_sync(m, err) == -1)
		return -1;
	report->known |= KNOWN_SYNC;
	if (queue_record_told(m, 2, err) == -1 ||
	    queue_record_attempt(m, 1, 1000, 2000, err) == -1 ||
	    queue_record_sync(m, err) == -1)
		return -1;
	report->known |= KNOWN_TOLD;
	return 0;
}

static void
attempt(void)
{
	struct queue *q;
	struct queue_msg *m;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_RUN, &q, &err);
	if (ret == 0) {
		ret = claim(q, &m, &err);
		if (ret == 0) {
			ret = record_all(m, &err);
			queue_release(m);
		}
		queue_close(q);
	}
	answer(ret, &err);
}

/* The file with what it holds, wherever it is; a claim of it. */
static void
recorded(void)
{
	struct queue *q = house_open();
	struct queue_msg *m;
	struct err err = { 0 };
	enum queue_found found = queue_claim(q, report->id, &m, &err);

	if (found != QUEUE_OK) {
		bad("found %d: %s", (int)found, err.text);
		queue_close(q);
		return;
	}
	if (!house_is_whole(m, SMALL))
		bad("the message is not whole");
	if ((report->known & KNOWN_SYNC) != 0 &&
	    (m->rcpts[0].state != QUEUE_RCPT_SENT ||
	    m->rcpts[1].last.verdict != OUTCOME_DEFERRED ||
	    m->rcpts[2].state < QUEUE_RCPT_FAILED))
		bad("an outcome was forgotten");
	if ((report->known & KNOWN_TOLD) != 0 &&
	    (m->rcpts[2].state != QUEUE_RCPT_TOLD || m->attempts != 1 ||
	    m->next_sec != 2000))
		bad("the attempt was forgotten");
	/* and it goes on from there */
	if (m->rcpts[0].state == QUEUE_RCPT_OWED &&
	    record(m, 0, OUTCOME_SENT, &err) == -1)
		bad("%s", err.text);
	queue_release(m);
	(void)house_drain(q, SMALL);
	queue_close(q);
}

/* Delivered to everybody, and over. */

static int
settle(struct queue_msg *m, struct err *err)
{
	size_t i;

	for (i = 0; i < m->env.nrcpts; i++)
		if (record(m, i, OUTCOME_SENT, err) == -1)
			return -1;
	if (queue_record_sync(m, err) == -1)
		return -1;
	report->known |= KNOWN_SYNC;
	return 0;
}

static void
finish_after(int (*work)(struct queue_msg *, struct err *))
{
	struct queue *q;
	struct queue_msg *m;
	struct err err = { 0 };
	int ret;

	ret = queue_open(house_dir, QUEUE_RUN, &q, &err);
	if (ret == -1) {
		answer(ret, &err);
		return;
	}
	ret = claim(q, &m, &err);
	if (ret == 0 && work != NULL) {
		ret = work(m, &err);
		if (ret == -1)
			queue_release(m);
	}
	if (ret == 0) {
		report->known |= KNOWN_TOLD;
		ret = queue_finish(m, &err);
		if (ret == 0)
			ret = queue_sync(q, &err);
		/* the file is gone, the sync of that may be repeated */
	}
	queue_close(q);
	answer(ret, &err);
}

static void
settle_and_finish(void)
{
	finish_after(settle);
}

static void
finish(void)
{
	finish_after(NULL);
}

/* Not owed to anybody any more? */
static bool
is_settled(const struct queue_msg *m)
{
	size_t i;

	for (i = 0; i < m->env.nrcpts; i++)
		if (m->rcpts[i].state == QUEUE_RCPT_OWED)
			return false;
	return true;
}

static void
finished(void)
{
	struct queue *q = house_open();
	struct queue_msg *m;
	struct err err = { 0 };
	enum queue_found found;
	bool over = report->said == 1 || (report->said == -1 &&
	    (report->known & KNOWN_TOLD) != 0);

	if (over && report->said == -1 && report->err.kind == ERR_SYSTEM) {
		/* the caller was told to remember it himself */
		if (report->trips < 2)
			bad("one fault, and it was not marked");
		over = false;
	}
	/* also where the name cannot go, now as then */
	fault_refuse("unlink", EROFS);
	found = queue_claim(q, report->id, &m, &err);
	fault_disarm();
	if (found == QUEUE_OK) {
		if (over)
			bad("finished, and found again");
		if ((report->known & KNOWN_SYNC) != 0 && !is_settled(m))
			bad("recorded, and owed again");
		if (!house_is_whole(m, SMALL))
			bad("it is not whole");
		queue_release(m);
	} else if (found != QUEUE_GONE && found != QUEUE_FAILED) {
		bad("found %d: %s", (int)found, err.text);
	}
	if (over && house_drain(q, SMALL) != 0)
		bad("finished, and it is there");
	queue_close(q);
}

/* The first start, and the daemon's own lock. */

static void
start(void)
{
	struct queue *q;
	struct err err = { 0 };
	int ret, fd = -1;

	ret = queue_open(house_dir, QUEUE_RUN, &q, &err);
	if (ret == 0) {
		ret = queue_runner_lock(q, &fd, &err);
		if (ret == 0)
			close(fd);
		queue_close(q);
	}
	answer(ret, &err);
}

static void
started(void)
{
	struct queue *q = house_open();
	struct err err;
	int fd;

	if (queue_runner_lock(q, &fd, &err) == -1)
		bad("%s", err.text);
	else
		close(fd);
	house_submit(q, SMALL);
	if (house_drain(q, SMALL) != 1)
		bad("it does not work afterwards");
	queue_close(q);
}

int
main(void)
{
	static const struct scene scenes[] = {
		{ "submit", OPEN_SUBMIT CREATE WRITE "fsync fsync " CHECK_CLOSE
		    "unlock close " CLOSE, true, nothing, submit, submitted },
		{ "submit through the gate", OPEN_RUN CREATE "fsync close "
		    WRITE "fsync " CHECK_CLOSE "unlock close " CLOSE_ALL,
		    false, nothing, submit_through_gate, submitted },
		{ "attempt", OPEN_RUN CLAIM "show_claim " JOURNAL "stat pwrite "
		    "pwrite pwrite fdatasync pwrite pwrite fdatasync "
		    "close unlock close " CLOSE_ALL,
		    false, one_message, attempt, recorded },
		{ "settle and finish", OPEN_RUN CLAIM "show_claim " JOURNAL
		    "pwrite pwrite pwrite fdatasync stat stat_at unlink close "
		    "unlock close fsync " CLOSE_ALL,
		    true, one_message, settle_and_finish, finished },
		{ "finish", OPEN_RUN CLAIM "show_claim stat stat_at unlink "
		    "unlock close fsync " CLOSE_ALL,
		    true, one_message, finish, finished },
		{ "start", "open stat mkdir open chmod close mkdir open chmod "
		    "close fsync open stat open stat open hold stat stat_at "
		    "chmod truncate pwrite " CLOSE_ALL,
		    false, NULL, start, started },
	};
	size_t i;

	for (i = 0; i < SIZE; i++)
		message[i] = house_byte(i);
	return house_play(scenes, NELEM(scenes));
}

/* SPDX-License-Identifier: ISC */
/*
 * Submitters, runners and onlookers on one queue at the same time: every
 * message is taken up by one runner at a time and finished once, and nothing
 * that was acknowledged is missing. Some submitters die on the way.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tests/fault/house.h"

enum {
	SUBMITTERS = 6, RUNNERS = 3, ONLOOKERS = 2,
	EACH = 150,			/* messages of one submitter */
	SIZE = 2000,
};

/* Of all processes; a message is known by the number in its tag. */
static struct shared {
	atomic_int	in_hand[SUBMITTERS * EACH];
	atomic_int	finished[SUBMITTERS * EACH];
	atomic_bool	acknowledged[SUBMITTERS * EACH];
	atomic_int	busy, swept, seen;
	atomic_int	submitting;	/* processes that still do */
	atomic_int	trouble;
} *shared;

static void
complain(const char *what, const char *why)
{
	(void)fprintf(stderr, "%s: %s\n", what, why);
	shared->trouble++;
}

/* One message; every seventh is left by a process that dies. */
static void
submit(struct queue *q, int number)
{
	struct draft d;
	struct envelope env;
	struct err err = { 0 };
	char tag[16], byte;
	int i, ret;

	house_fill(&env);
	(void)snprintf(tag, sizeof(tag), "%d", number);
	env.tag = mem_str(tag);
	ret = draft_create(q, &d, &err);
	if (ret == 0)
		ret = draft_begin(&d, &env, &err);
	envelope_free(&env);
	for (i = 0; i < SIZE && ret == 0; i++) {
		byte = house_byte((size_t)i);
		ret = draft_write(&d, &byte, 1, &err);
	}
	if (ret == 0 && number % 7 == 0) {
		draft_give(&d);
		return;
	}
	if (ret == 0)
		ret = draft_commit(&d, 0, &err);
	if (ret == 0)
		shared->acknowledged[number] = true;
	else
		complain("submit", err.text);
}

static void
submitter(struct queue *q, int which)
{
	int i;

	for (i = 0; i < EACH; i++)
		submit(q, which * EACH + i);
	shared->submitting--;
}

static void
work_on(struct queue_msg *m, int number)
{
	struct outcome o = { 0 };
	struct err err = { 0 };
	size_t i;

	if (!house_is_whole(m, SIZE))
		complain(m->env.id, "not whole");
	if (shared->in_hand[number]++ != 0 || shared->finished[number] != 0)
		complain(m->env.id, "two runners have it");
	/* some in two turns */
	for (i = 0; i < m->env.nrcpts; i++) {
		if (m->rcpts[i].state != QUEUE_RCPT_OWED)
			continue;
		outcome_set(&o, OUTCOME_SENT, NULL, "ok");
		if (queue_record_outcome(m, i, &o, 1, &err) == -1)
			complain(m->env.id, err.text);
		if (number % 3 == 0 && i == 0) {
			shared->in_hand[number]--;
			queue_release(m);
			return;
		}
	}
	shared->finished[number]++;
	shared->in_hand[number]--;
	if (queue_finish(m, &err) == -1)
		complain("finish", err.text);
}

static int
number_of(const struct queue_msg *m)
{
	int64_t v;

	if (m->env.tag == NULL || !text_to_int(m->env.tag,
	    strlen(m->env.tag), 0, SUBMITTERS * EACH - 1, &v))
		abort();
	return (int)v;
}

static bool
try_one(const char *id, void *arg)
{
	struct queue *q = arg;
	struct queue_msg *m;
	struct err err = { 0 };

	switch (queue_claim(q, id, &m, &err)) {
	case QUEUE_OK:
		work_on(m, number_of(m));
		break;
	case QUEUE_BUSY:
		shared->busy++;
		break;
	case QUEUE_GONE:
		shared->swept++;
		break;
	case QUEUE_CORRUPT:
	case QUEUE_FOREIGN:
	case QUEUE_FAILED:
		complain(id, err.text);
		break;
	}
	return true;
}

static bool
is_there(const char *id, void *arg)
{
	(void)id;
	*(bool *)arg = true;
	return false;
}

static void
runner(struct queue *q)
{
	struct err err;
	bool more = true;

	while (more) {
		more = shared->submitting > 0;
		if (queue_scan(q, try_one, q, &err) == -1 ||
		    queue_scan(q, is_there, &more, &err) == -1) {
			complain("scan", err.text);
			return;
		}
	}
}

static bool
look_at(const char *id, void *arg)
{
	struct queue *q = arg;
	struct queue_msg *m;
	struct err err = { 0 };

	switch (queue_load(q, id, &m, &err)) {
	case QUEUE_OK:
		shared->seen++;
		queue_release(m);
		break;
	case QUEUE_CORRUPT:
	case QUEUE_FOREIGN:
	case QUEUE_FAILED:
		complain(id, err.text);
		break;
	default:
		break;
	}
	return true;
}

static void
onlooker(struct queue *q)
{
	struct err err;

	while (shared->submitting > 0)
		if (queue_scan(q, look_at, q, &err) == -1)
			complain("look", err.text);
}

static _Noreturn void
child(int i)
{
	static const enum queue_mode modes[] = {
		QUEUE_SUBMIT, QUEUE_RUN, QUEUE_READ,
	};
	int role = i < SUBMITTERS ? 0 : i < SUBMITTERS + RUNNERS ? 1 : 2;
	struct queue *q;
	struct err err;

	if (queue_open(house_dir, modes[role], &q, &err) == -1) {
		complain("open", err.text);
		_exit(1);
	}
	if (role == 0)
		submitter(q, i);
	else if (role == 1)
		runner(q);
	else
		onlooker(q);
	queue_close(q);
	_exit(0);
}

int
main(void)
{
	size_t passed = 0, failed = 0;
	int i, n = SUBMITTERS + RUNNERS + ONLOOKERS;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	report = mem_zero(sizeof(*report));
	if (shared == MAP_FAILED)
		return 1;
	house_build();
	queue_close(house_open());
	shared->submitting = SUBMITTERS;
	for (i = 0; i < n; i++)
		if (fork() == 0)
			child(i);
	while (wait(NULL) > 0)
		continue;
	for (i = 0; i < SUBMITTERS * EACH; i++) {
		if (shared->finished[i] == shared->acknowledged[i]) {
			passed++;
			continue;
		}
		failed++;
		(void)printf("message %d: %d times, acknowledged %d\n", i,
		    shared->finished[i], shared->acknowledged[i]);
	}
	failed += (size_t)shared->trouble;
	house_demolish();
	mem_free(report);
	(void)printf("busy %d, swept %d, seen %d\n%zu passed, %zu failed\n",
	    shared->busy, shared->swept, shared->seen, passed, failed);
	return failed == 0 ? 0 : 1;
}

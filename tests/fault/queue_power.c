/* SPDX-License-Identifier: ISC */
/*
 * The power goes after every operation of a queue's day, and what the disk
 * may have then is given to a new runner: what was acknowledged holds. Then
 * the same with each kind of sync left out, which has to be noticed.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "tests/fault/house.h"
#include "tests/fault/power.h"

enum { A, B, C, LITTER, MESSAGES };

enum fact { SUBMITTED = 1, OUTCOMES = 2, TOLD = 4, LEAVING = 8, GONE = 16,
	FACTS = 32 };

enum { SEEDS = 24, ATTEMPTS = 6 };

static const size_t sizes[MESSAGES] = { 700, 150000, 3000, 0 };
static char ids[MESSAGES][ID_SIZE];
static size_t passed, failed;
static struct queue *q;

/* What the outside knows from here on. */
static void
know(int message, enum fact fact)
{
	power_mark(message * FACTS + (int)fact);
}

static void
must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

static struct queue_msg *
claim(int i)
{
	struct queue_msg *m = NULL;
	struct err err = { 0 };

	must(queue_claim(q, ids[i], &m, &err) == QUEUE_OK, err.text);
	return m;
}

static void
record(struct queue_msg *m, size_t rcpt, enum outcome_verdict verdict, int n)
{
	struct outcome o = { 0 };
	struct err err;

	outcome_set(&o, verdict, NULL, "said at attempt %d: %0*d", n,
	    n * 60, 0);
	must(queue_record_outcome(m, rcpt, &o, 1000, &err) == 0, err.text);
}

static void
record_sync(struct queue_msg *m)
{
	struct err err;

	must(queue_record_sync(m, &err) == 0, err.text);
}

static void
submit_all(void)
{
	struct draft d;
	struct envelope env;
	struct err err;
	int i;

	for (i = A; i < LITTER; i++) {
		house_submit(q, sizes[i]);
		know(i, SUBMITTED);
		memcpy(ids[i], report->id, ID_SIZE);
	}
	house_fill(&env);
	must(draft_create(q, &d, &err) == 0 &&
	    draft_begin(&d, &env, &err) == 0, "no draft");
	envelope_free(&env);
	memcpy(ids[LITTER], d.id, ID_SIZE);
	draft_give(&d);
}

static void
attempt_all(void)
{
	struct queue_msg *m;
	struct err err;
	int n;

	m = claim(A);
	record(m, 0, OUTCOME_SENT, 0);
	record(m, 1, OUTCOME_DEFERRED, 0);
	record(m, 2, OUTCOME_FAILED, 0);
	record_sync(m);
	know(A, OUTCOMES);
	must(queue_record_told(m, 2, &err) == 0, "told");
	must(queue_record_attempt(m, 1, 1000, 2000, &err) == 0, "attempt");
	record_sync(m);
	know(A, TOLD);
	queue_release(m);
	/* long lines, over the ends of blocks, some of them not synced */
	for (n = 2; n < ATTEMPTS; n++) {
		m = claim(A);
		record(m, 1, OUTCOME_DEFERRED, n);
		must(queue_record_attempt(m, (uint32_t)n, 1000, 2000,
		    &err) == 0, "attempt");
		if (n % 2 == 0)
			record_sync(m);
		queue_release(m);
	}
}

static void
finish_all(void)
{
	struct queue_msg *m;
	struct err err;
	size_t i;

	m = claim(B);
	for (i = 0; i < m->env.nrcpts; i++)
		record(m, i, OUTCOME_SENT, 1);
	record_sync(m);
	know(B, OUTCOMES);
	know(B, LEAVING);
	must(queue_finish(m, &err) == 0, "finish");
	must(queue_sync(q, &err) == 0, "sync");
	know(B, GONE);
	must(queue_claim(q, ids[LITTER], &m, &err) == QUEUE_GONE, "sweep");
	know(C, LEAVING);
	must(queue_condemn(claim(C), &err) == 0, "condemn");
	must(queue_sync(q, &err) == 0, "sync");
	know(C, GONE);
}

static void
make_house(void)
{
	struct err err;

	house_build();
	must(queue_open(house_dir, QUEUE_RUN, &q, &err) == 0, err.text);
}

static void
drop_house(void)
{
	queue_close(q);
	house_demolish();
}

static unsigned
known(int message, size_t n)
{
	unsigned facts = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (power_op(i)->kind == POWER_MARK &&
		    power_op(i)->off / FACTS == message)
			facts |= (unsigned)(power_op(i)->off % FACTS);
	return facts;
}

/* What a claimed message must have kept. */
static void
judge_journal(const struct queue_msg *m, unsigned facts)
{
	if ((facts & OUTCOMES) != 0 &&
	    (m->rcpts[0].state != QUEUE_RCPT_SENT ||
	    m->rcpts[2].state == QUEUE_RCPT_OWED))
		bad("an outcome is forgotten");
	if ((facts & TOLD) != 0 && (m->rcpts[2].state != QUEUE_RCPT_TOLD ||
	    m->attempts < 1))
		bad("a report is forgotten");
}

static bool
is_in_corrupt(int i)
{
	struct stat st;
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/corrupt/%s", house_dir,
	    ids[i]);
	return stat(path, &st) == 0;
}

static void
judge(int i, unsigned facts)
{
	struct queue_msg *m;
	struct err err = { 0 };
	bool there = is_in_corrupt(i);
	enum queue_found found = queue_claim(q, ids[i], &m, &err);

	if (found == QUEUE_OK) {
		/* what does not hold is not sent: the worker looks */
		if (!house_is_whole(m, sizes[i]) &&
		    ((facts & SUBMITTED) != 0 ||
		    queue_msg_verify(m, &err) == 0))
			bad("message %d is not whole", i);
		if (i == LITTER || (facts & GONE) != 0 || there)
			bad("message %d was over", i);
		judge_journal(m, facts);
		queue_release(m);
		return;
	}
	if (found == QUEUE_FAILED || found == QUEUE_FOREIGN ||
	    found == QUEUE_BUSY)
		bad("message %d: found %d: %s", i, (int)found, err.text);
	if ((facts & (SUBMITTED | LEAVING)) == SUBMITTED)
		bad("message %d is lost: found %d: %s", i, (int)found,
		    err.text);
	if (i == C && (facts & SUBMITTED) != 0 && !there)
		bad("message %d is in neither place", i);
}

/* One cut; true if everything that was known holds. */
static bool
cut(size_t n, enum power_keep keep, uint32_t seed)
{
	int i;

	memset(report, 0, sizeof(*report));
	make_house();
	power_cut(house_dir, n, keep, seed);
	for (i = A; i < MESSAGES; i++)
		judge(i, known(i, n));
	drop_house();
	return !report->bad;
}

static void
count(bool good, size_t n, enum power_keep keep, uint32_t seed)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	(void)printf("power cut after operation %zu, kept %d, seed %u: %s\n",
	    n, (int)keep, seed, report->why);
}

/* Every cut of one day; the number of those that broke a promise. */
static size_t
play(enum power_deaf deaf)
{
	size_t n, broken = 0;
	uint32_t seed;
	bool good;

	make_house();
	power_record(house_dir, deaf);
	submit_all();
	attempt_all();
	finish_all();
	power_stop();
	drop_house();
	for (n = 0; n <= power_count(); n++)
		for (seed = 0; seed < SEEDS + 2; seed++) {
			enum power_keep keep = seed == 0 ? POWER_KEEP_NONE :
			    seed == 1 ? POWER_KEEP_ALL : POWER_KEEP_SOME;

			good = cut(n, keep, seed * 2654435761U + (uint32_t)n);
			if (deaf == POWER_HEARS)
				count(good, n, keep, seed);
			broken += !good;
		}
	return broken;
}

int
main(void)
{
	static const char *const without[] = {
		[POWER_NO_FSYNC] = "fsync of files",
		[POWER_NO_FDATASYNC] = "fdatasync",
		[POWER_NO_DIRSYNC] = "fsync of directories",
	};
	int deaf;

	report = mem_zero(sizeof(*report));
	(void)play(POWER_HEARS);
	/* the test itself: who leaves a sync out is found out */
	for (deaf = POWER_NO_FSYNC; deaf <= POWER_NO_DIRSYNC; deaf++) {
		if (play((enum power_deaf)deaf) > 0) {
			passed++;
			continue;
		}
		failed++;
		(void)printf("nobody misses %s\n", without[deaf]);
	}
	mem_free(report);
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

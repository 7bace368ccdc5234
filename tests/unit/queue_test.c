/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/check.h"

#include "core/base/mem.h"
#include "queue/queue.h"

static char dir[64];
static struct queue *q;

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/queue_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	if (queue_open(dir, QUEUE_RUN, &q, &err) == -1) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	queue_close(q);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char text[] = "Subject: x\r\n\r\nhello\r\n.\r\n";

static void
fill(struct envelope *env, size_t nrcpts)
{
	char addr[32];
	size_t i;

	envelope_init(env);
	env->uid = 4242;
	env->arrival_us = 1700000000000000;
	mem_free(env->sender);
	env->sender = mem_str("me@here.example");
	for (i = 0; i < nrcpts; i++) {
		(void)snprintf(addr, sizeof(addr), "r%zu@there.example", i);
		envelope_add_rcpt(env, addr);
	}
}

/* Submits text, n times over, and returns the id. */
static void
submit(size_t nrcpts, size_t n, char id[ID_SIZE])
{
	struct draft d;
	struct envelope env;
	struct err err;
	size_t i;

	assert_int_equal(draft_create(q, &d, &err), 0);
	(void)snprintf(id, ID_SIZE, "%s", d.id);
	fill(&env, nrcpts);
	assert_int_equal(draft_begin(&d, &env, &err), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(draft_write(&d, text, strlen(text), &err), 0);
	assert_int_equal(draft_commit(&d, ENVELOPE_8BIT_BODY, &err), 0);
	assert_int_equal(d.fd, -1);
	draft_abort(&d);
	envelope_free(&env);
}

static char *
path_of(const char *sub, const char *id)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", dir, sub, id);
	return path;
}

static bool
exists(const char *sub, const char *id)
{
	struct stat st;

	return lstat(path_of(sub, id), &st) == 0;
}

static struct queue_msg *
claim(const char *id)
{
	struct queue_msg *m = NULL;
	struct err err = { 0 };
	enum queue_found found = queue_claim(q, id, &m, &err);

	check(found == QUEUE_OK, "%s: found %d, %s", id, found, err.text);
	return m;
}

static void
test_round_trip(void **state)
{
	static const size_t times[] = { 0, 1, 10, 2730, 2731, 20000 };
	struct queue_msg *m;
	struct err err;
	struct stat st;
	char id[ID_SIZE], got[sizeof(text) - 1];
	size_t i, k;

	(void)state;
	for (i = 0; i < NELEM(times); i++) {
		submit(2, times[i], id);
		assert_int_equal(lstat(path_of("queue", id), &st), 0);
		assert_int_equal(st.st_mode, S_IFREG | 0660);
		m = claim(id);
		assert_string_equal(m->env.id, id);
		assert_string_equal(m->env.sender, "me@here.example");
		assert_int_equal(m->env.uid, 4242);
		assert_int_equal(m->env.nrcpts, 2);
		assert_string_equal(m->env.rcpts[1].addr, "r1@there.example");
		assert_int_equal(m->env.flags, ENVELOPE_8BIT_BODY);
		assert_int_equal(m->size, times[i] * strlen(text));
		assert_int_equal(queue_msg_verify(m, &err), 0);
		for (k = 0; k < times[i]; k += 1 + times[i] / 3) {
			assert_int_equal(queue_msg_read(m,
			    (int64_t)(k * sizeof(got)), got, sizeof(got),
			    &err), 0);
			assert_memory_equal(got, text, sizeof(got));
		}
		assert_int_equal(queue_finish(m, &err), 0);
		assert_false(exists("queue", id));
		assert_int_equal(queue_sync(q, &err), 0);
	}
}

static void
outcome(struct outcome *o, enum outcome_verdict verdict, int code,
    const char *words)
{
	memset(o, 0, sizeof(*o));
	outcome_set(o, verdict, NULL, "%s", words);
	o->code = code;
	(void)snprintf(o->relay, sizeof(o->relay), "mx[192.0.2.1]:25");
}

/* Whatever was recorded is there again after the claim was lost. */
static void
test_journal(void **state)
{
	struct queue_msg *m;
	struct outcome o;
	struct err err;
	char id[ID_SIZE];
	int64_t end;

	(void)state;
	submit(4, 1, id);
	m = claim(id);
	assert_int_equal(queue_reserve(m, &err), 0);
	outcome(&o, OUTCOME_SENT, 250, "250 2.0.0 Ok");
	assert_int_equal(queue_record_outcome(m, 0, &o, 1000, &err), 0);
	outcome(&o, OUTCOME_DEFERRED, 451, "451 busy = %41 \xc3\xa4");
	assert_int_equal(queue_record_outcome(m, 1, &o, 1001, &err), 0);
	outcome(&o, OUTCOME_FAILED, 550, "550 no");
	assert_int_equal(queue_record_outcome(m, 2, &o, 1002, &err), 0);
	assert_int_equal(queue_record_outcome(m, 3, &o, 1002, &err), 0);
	assert_int_equal(queue_record_told(m, 3, &err), 0);
	assert_int_equal(queue_record_warned(m, 1, &err), 0);
	assert_int_equal(queue_record_attempt(m, 1, 1003, 2000, &err), 0);
	assert_int_equal(queue_record_hold(m, true, &err), 0);
	assert_int_equal(queue_record_sync(m, &err), 0);
	end = m->journal_end;
	outcome(&o, OUTCOME_DEFERRED, 451, "451 busy = %41 \xc3\xa4");
	assert_int_equal(queue_record_outcome(m, 1, &o, 1005, &err), 0);
	assert_int_equal(m->journal_end, end);
	assert_int_equal(m->rcpts[1].last_sec, 1005);
	queue_release(m);

	m = claim(id);
	assert_int_equal(m->rcpts[0].state, QUEUE_RCPT_SENT);
	assert_string_equal(m->rcpts[0].last.text, "250 2.0.0 Ok");
	assert_int_equal(m->rcpts[1].state, QUEUE_RCPT_OWED);
	assert_string_equal(m->rcpts[1].last.text, o.text);
	assert_string_equal(m->rcpts[1].last.relay, o.relay);
	assert_int_equal(m->rcpts[1].last.code, 451);
	assert_int_equal(m->rcpts[1].last_sec, 1001);
	assert_true(m->rcpts[1].warned);
	assert_int_equal(m->rcpts[2].state, QUEUE_RCPT_FAILED);
	assert_int_equal(m->rcpts[3].state, QUEUE_RCPT_TOLD);
	assert_int_equal(m->attempts, 1);
	assert_int_equal(m->last_sec, 1003);
	assert_int_equal(m->next_sec, 2000);
	assert_true(m->hold);
	assert_int_equal(queue_record_hold(m, false, &err), 0);
	assert_int_equal(queue_record_due(m, 0, &err), 0);
	queue_release(m);

	m = claim(id);
	assert_false(m->hold);
	assert_int_equal(m->next_sec, 0);
	/* what is settled stays settled, and the message is given up */
	outcome(&o, OUTCOME_FAILED, 550, "550 no");
	assert_int_equal(queue_record_outcome(m, 0, &o, 1, &err), -1);
	assert_int_equal(m->rcpts[0].state, QUEUE_RCPT_SENT);
	assert_int_equal(queue_record_hold(m, true, &err), -1);
	assert_int_equal(queue_finish(m, &err), 0);
}

static void
test_claims(void **state)
{
	struct queue_msg *m, *n = NULL;
	struct queue *other;
	struct draft d;
	struct envelope env;
	struct err err;
	char id[ID_SIZE];
	int fd;

	(void)state;
	assert_int_equal(queue_open(dir, QUEUE_RUN, &other, &err), 0);
	submit(1, 1, id);
	m = claim(id);
	assert_int_equal(queue_claim(other, id, &n, &err), QUEUE_BUSY);
	assert_int_equal(queue_load(other, id, &n, &err), QUEUE_OK);
	assert_true(n->active);
	queue_release(n);
	/* a runner that dies leaves the claim to whom it gave the file */
	fd = dup(m->fd);
	m->queue = NULL;
	queue_release(m);
	assert_int_equal(queue_claim(other, id, &m, &err), QUEUE_BUSY);
	assert_int_equal(queue_load(other, id, &n, &err), QUEUE_OK);
	assert_true(n->active);
	queue_release(n);
	assert_int_equal(close(fd), 0);
	assert_int_equal(queue_load(other, id, &n, &err), QUEUE_OK);
	assert_false(n->active);
	queue_release(n);
	assert_int_equal(queue_claim(other, id, &m, &err), QUEUE_OK);
	assert_int_equal(queue_finish(m, &err), 0);
	assert_int_equal(queue_claim(q, id, &m, &err), QUEUE_GONE);
	assert_int_equal(queue_load(q, id, &m, &err), QUEUE_GONE);
	assert_int_equal(queue_claim(q, "../corrupt", &m, &err), QUEUE_GONE);

	/* a draft: not while somebody writes, swept afterwards */
	assert_int_equal(draft_create(q, &d, &err), 0);
	(void)snprintf(id, sizeof(id), "%s", d.id);
	assert_int_equal(queue_claim(other, id, &m, &err), QUEUE_BUSY);
	fill(&env, 1);
	assert_int_equal(draft_begin(&d, &env, &err), 0);
	envelope_free(&env);
	assert_int_equal(queue_claim(other, id, &m, &err), QUEUE_BUSY);
	assert_int_equal(queue_load(other, id, &m, &err), QUEUE_BUSY);
	assert_int_equal(close(d.fd), 0);	/* as if it died */
	assert_int_equal(queue_load(other, id, &m, &err), QUEUE_BUSY);
	assert_int_equal(queue_claim(other, id, &m, &err), QUEUE_GONE);
	assert_false(exists("queue", id));
	mem_free(d.buf);

	assert_int_equal(draft_create(q, &d, &err), 0);
	(void)snprintf(id, sizeof(id), "%s", d.id);
	draft_abort(&d);
	assert_int_equal(queue_claim(other, id, &m, &err), QUEUE_GONE);
	queue_close(other);
}

CHECK_MAIN(
    cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
    cmocka_unit_test_setup_teardown(test_journal, setup, teardown),
    cmocka_unit_test_setup_teardown(test_claims, setup, teardown))

/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "tests/check.h"

#include "core/base/mem.h"
#include "queue/runner.h"
#include "queue/schedule.h"
#include "tests/unit/queue_house.h"

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
	assert_int_equal(queue_record_told(m, 0, &err), 0);
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
	assert_true(m->rcpts[0].told);
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
	/* one that releases takes it from whoever has a copy */
	m = claim(id);
	fd = dup(m->fd);
	queue_release(m);
	assert_int_equal(queue_load(other, id, &n, &err), QUEUE_OK);
	assert_false(n->active);
	queue_release(n);
	assert_int_equal(queue_claim(other, id, &m, &err), QUEUE_OK);
	assert_int_equal(close(fd), 0);
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

static void
test_runner(void **state)
{
	struct err err;
	int64_t pid;
	int fd, other;

	(void)state;
	assert_false(queue_runner_alive(q, &pid));
	assert_int_equal(queue_runner_lock(q, &fd, &err), 0);
	assert_true(queue_runner_alive(q, &pid));
	assert_int_equal(pid, getpid());
	assert_int_equal(queue_runner_lock(q, &other, &err), -1);
	assert_true(queue_runner_alive(q, NULL));
	close(fd);
	assert_false(queue_runner_alive(q, &pid));
	assert_int_equal(pid, 0);
	assert_int_equal(queue_runner_lock(q, &fd, &err), 0);
	close(fd);
}

static void
take_id(const char *id, void *arg)
{
	(void)snprintf(arg, ID_SIZE, "%s", id);
}

static void
test_watch(void **state)
{
	struct err err;
	struct pollfd pfd = { .events = POLLIN };
	char id[ID_SIZE], got[ID_SIZE] = "", gone[160];
	bool lost;
	int fd;

	(void)state;
	assert_int_equal(queue_watch_open(q, &fd, &err), 0);
	pfd.fd = fd;
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(queue_watch_read(fd, take_id, got, &lost, &err), 0);
	submit(1, 1, id);
	assert_int_equal(poll(&pfd, 1, 5000), 1);
	assert_int_equal(queue_watch_read(fd, take_id, got, &lost, &err), 0);
	assert_string_equal(got, id);
	assert_false(lost);
	/* what is finished is not heard of again */
	got[0] = '\0';
	assert_int_equal(queue_finish(claim(id), &err), 0);
	assert_int_equal(queue_watch_read(fd, take_id, got, &lost, &err), 0);
	assert_string_equal(got, "");
	/* the directory goes: a scan is due */
	(void)snprintf(gone, sizeof(gone), "%s", path_of("gone", ""));
	assert_int_equal(rename(path_of("queue", ""), gone), 0);
	assert_int_equal(poll(&pfd, 1, 5000), 1);
	assert_int_equal(queue_watch_read(fd, take_id, got, &lost, &err), 0);
	assert_true(lost);
	close(fd);
}

static bool
count_id(const char *id, void *arg)
{
	(void)id;
	++*(size_t *)arg;
	return true;
}

static bool
stop(const char *id, void *arg)
{
	(void)id;
	++*(size_t *)arg;
	return false;
}

static void
test_scan(void **state)
{
	static const char *const others[] = { ".x", "abc", "-rf",
	    "00000000000000000000x", "0000000000000000000g", "\x1b[2J" };
	struct draft d;
	struct err err;
	char id[ID_SIZE];
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < 5; i++)
		submit(1, 1, id);
	for (i = 0; i < NELEM(others); i++)
		close(open(path_of("queue", others[i]), O_CREAT | O_WRONLY,
		    0600));
	assert_int_equal(draft_create_gate(q, 77, &d, &err), 0);
	draft_give(&d);
	assert_int_equal(queue_scan(q, count_id, &n, &err), 0);
	assert_int_equal(n, 6);
	n = 0;
	assert_int_equal(queue_scan(q, stop, &n, &err), 0);
	assert_int_equal(n, 1);
	n = 0;
	assert_int_equal(queue_scan_corrupt(q, count_id, &n, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(queue_count_uid(q, 77, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(queue_count_uid(q, getuid(), &n, &err), 0);
	assert_int_equal(n, 5);
	assert_int_equal(queue_check_space(q, 0, &err), 0);
	assert_int_equal(queue_check_space(q, INT64_MAX, &err), -1);
	assert_string_equal(err.dsn, "4.3.1");
}

static void
test_open(void **state)
{
	struct queue *other;
	struct err err;
	struct stat st;
	char sub[100];
	mode_t mask = umask(077);

	(void)state;
	(void)snprintf(sub, sizeof(sub), "%s/deep", dir);
	assert_int_equal(queue_open(sub, QUEUE_RUN, &other, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_int_equal(queue_create(sub, &err), 0);
	assert_int_equal(queue_create(sub, &err), 0);
	assert_int_equal(stat(path_of("deep", "queue"), &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 03770);
	assert_int_equal(queue_open(sub, QUEUE_SUBMIT, &other, &err), 0);
	assert_int_equal(queue_owner_uid(other), getuid());
	queue_close(other);
	/* no queue: what others write to, what is another's, what is a link */
	assert_int_equal(chmod(path_of("deep", "queue"), 0777), 0);
	assert_int_equal(queue_open(sub, QUEUE_SUBMIT, &other, &err), -1);
	assert_int_equal(err.kind, ERR_CONF);
	assert_int_equal(rmdir(path_of("deep", "queue")), 0);
	assert_int_equal(queue_open(sub, QUEUE_READ, &other, &err), -1);
	assert_int_equal(symlink("/tmp", path_of("deep", "queue")), 0);
	assert_int_equal(queue_open(sub, QUEUE_READ, &other, &err), -1);
	assert_int_equal(err.kind, ERR_CONF);
	(void)umask(mask);
}

/* Times and chances of a message, by its own clock. */
static void
test_schedule(void **state)
{
	static const struct schedule_conf c = {
		.retry_min_sec = 60, .retry_max_sec = 3600,
		.lifetime_sec = 1000, .warn_after_sec = 100,
	};
	static const struct { uint32_t attempts; int64_t low, high; } next[] = {
		{ 0, 60, 75 }, { 1, 60, 75 }, { 2, 120, 150 },
		{ 3, 240, 300 }, { 6, 1920, 2400 }, { 7, 2700, 3600 },
		{ 8, 2700, 3600 }, { UINT32_MAX, 2700, 3600 },
	};
	static const struct schedule_conf narrow = {
		.retry_min_sec = 10, .retry_max_sec = 11,
	};
	struct schedule_conf wild = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(next); i++) {
		int64_t span = next[i].high - next[i].low;

		check(schedule_next(&c, next[i].attempts, 5000, 0) ==
		    5000 + next[i].low, "attempt %u", next[i].attempts);
		check(schedule_next(&c, next[i].attempts, 5000,
		    (uint32_t)span) == 5000 + next[i].high,
		    "attempt %u, late", next[i].attempts);
	}
	assert_int_equal(schedule_next(&narrow, 1, 0, 0), 10);
	assert_int_equal(schedule_next(&narrow, 1, 0, 1), 11);
	assert_int_equal(schedule_next(&narrow, 9, 0, 2), 10);
	assert_true(schedule_next(&wild, 3, 10, 7) > 10);
	wild.retry_max_sec = wild.retry_min_sec = INT64_MAX;
	assert_true(schedule_next(&wild, 3, 10, 7) > 10);
	assert_int_equal(schedule_wait(&c, 0, 500), 0);
	assert_int_equal(schedule_wait(&c, 500, 500), 0);
	assert_int_equal(schedule_wait(&c, 560, 500), 60);
	assert_int_equal(schedule_wait(&c, INT64_MAX, 500), 3600);
	assert_int_equal(schedule_age(100, 50), 0);
	assert_int_equal(schedule_age(100, 150), 50);
	assert_int_equal(schedule_age(-100, 150), 150);
	assert_false(schedule_over(&c, 100, 1100));
	assert_true(schedule_over(&c, 100, 1101));
	/* only an attempt made after the end lets it expire */
	assert_false(schedule_expired(&c, 100, 0, 2000));
	assert_false(schedule_expired(&c, 100, 1100, 2000));
	assert_true(schedule_expired(&c, 100, 1101, 2000));
	/* the clock was ahead when it was made, and is right now */
	assert_false(schedule_expired(&c, 100, 9000, 2000));
	assert_false(schedule_expired(&c, 100, 9000, 500));
	assert_false(schedule_warn_due(&c, 100, 199));
	assert_true(schedule_warn_due(&c, 100, 200));
	wild.warn_after_sec = 0;
	assert_false(schedule_warn_due(&wild, 100, 200));
}

/* What could not be read back is not accepted. */
static void
test_envelopes(void **state)
{
	static const struct {
		const char *sender, *rcpt;
	} cases[] = {
		{ "me@here.example", NULL }, { "me@here.example", "" },
		{ "a\tb@here.example", "x@y.example" },
		{ "me@here.example", "x\n@y.example" },
	};
	struct draft d;
	struct envelope env;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		assert_int_equal(draft_create(q, &d, &err), 0);
		fill(&env, 0);
		mem_free(env.sender);
		env.sender = mem_str(cases[i].sender);
		if (cases[i].rcpt != NULL)
			envelope_add_rcpt(&env, cases[i].rcpt);
		check(draft_begin(&d, &env, &err) == -1, "case %zu", i);
		assert_int_equal(err.kind, ERR_DATA);
		envelope_free(&env);
		draft_abort(&d);
	}
}

CHECK_MAIN(
    cmocka_unit_test_setup_teardown(test_envelopes, setup, teardown),
    cmocka_unit_test(test_schedule),
    cmocka_unit_test_setup_teardown(test_open, setup, teardown),
    cmocka_unit_test_setup_teardown(test_scan, setup, teardown),
    cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
    cmocka_unit_test_setup_teardown(test_runner, setup, teardown),
    cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
    cmocka_unit_test_setup_teardown(test_journal, setup, teardown),
    cmocka_unit_test_setup_teardown(test_claims, setup, teardown))

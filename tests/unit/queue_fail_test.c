/* SPDX-License-Identifier: ISC */
/*
 * What the front adds to the queue's claims: a recipient that failed before
 * it was queued, a draft that leaves nothing, a file lent to its owner.
 */
#include "tests/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/mail/outcome.h"
#include "queue/queue.h"

static char dir[] = "/tmp/queue_fail_test.XXXXXX";
static struct queue *q;

static int
setup(void **state)
{
	struct err err;

	(void)state;
	if (mkdtemp(dir) == NULL || queue_create(dir, &err) == -1)
		return -1;
	return queue_open(dir, QUEUE_RUN, &q, &err);
}

static int
teardown(void **state)
{
	static const char *const subs[] = { "queue", "corrupt" };
	char path[128];

	(void)state;
	queue_close(q);
	for (size_t i = 0; i < NELEM(subs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, subs[i]);
		if (rmdir(path) == -1)
			return -1;
	}
	return rmdir(dir);
}

static void
begin(struct draft *d, size_t nrcpts)
{
	struct envelope env;
	struct err err = { 0 };

	envelope_init(&env);
	for (size_t i = 0; i < nrcpts; i++)
		(void)envelope_add_rcpt(&env, i == 0 ? "a@b" : "no <at> all");
	check(draft_create(q, d, &err) == 0, "%s", err.text);
	check(draft_begin(d, &env, &err) == 0, "%s", err.text);
	check(draft_write(d, "\r\nx\r\n", 5, &err) == 0, "%s", err.text);
	envelope_free(&env);
}

static void
test_failed(void **state)
{
	struct draft d;
	struct err err = { 0 };
	struct outcome o = { 0 };
	struct queue_msg *m;
	char id[ID_SIZE];

	(void)state;
	begin(&d, 3);
	memcpy(id, d.id, sizeof(id));
	outcome_set(&o, OUTCOME_FAILED, "5.1.3", "no address");
	check(draft_fail(&d, 1, &o, 1000, &err) == 0, "%s", err.text);
	check(draft_fail(&d, 2, &o, 1000, &err) == 0, "%s", err.text);
	check(draft_commit(&d, 0, &err) == 0, "%s", err.text);

	check(queue_claim(q, id, &m, &err) == QUEUE_OK, "%s", err.text);
	assert_int_equal(m->rcpts[0].state, QUEUE_RCPT_OWED);
	assert_int_equal(m->rcpts[1].state, QUEUE_RCPT_FAILED);
	assert_int_equal(m->rcpts[2].state, QUEUE_RCPT_FAILED);
	assert_string_equal(m->rcpts[2].last.text, "no address");
	assert_string_equal(m->rcpts[2].last.dsn, "5.1.3");
	check(queue_msg_verify(m, &err) == 0, "%s", err.text);
	/* the runner's lines go behind ours */
	check(queue_record_told(m, 1, &err) == 0, "%s", err.text);
	queue_release(m);
	check(queue_claim(q, id, &m, &err) == QUEUE_OK, "%s", err.text);
	assert_int_equal(m->rcpts[1].state, QUEUE_RCPT_TOLD);
	assert_int_equal(m->rcpts[2].state, QUEUE_RCPT_FAILED);
	check(queue_finish(m, &err) == 0, "%s", err.text);
}

static void
test_aborted(void **state)
{
	struct draft d;
	char path[128];

	(void)state;
	begin(&d, 1);
	(void)snprintf(path, sizeof(path), "%s/queue/%s", dir, d.id);
	assert_int_equal(access(path, F_OK), 0);
	draft_abort(&d);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(d.fd, -1);
}

static void
test_lent(void **state)
{
	struct draft d;
	struct err err = { 0 };
	struct queue_msg *m;
	char id[ID_SIZE];
	int fd = -1;
	bool active;

	(void)state;
	begin(&d, 1);
	memcpy(id, d.id, sizeof(id));
	check(draft_commit(&d, 0, &err) == 0, "%s", err.text);
	assert_int_equal(queue_lend(q, id, geteuid() + 1, &fd, &active,
	    &err),
	    QUEUE_GONE);
	assert_int_equal(fd, -1);
	assert_int_equal(queue_lend(q, id, geteuid(), &fd, &active,
	    &err), QUEUE_OK);
	assert_false(active);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(queue_load_fd(fd, id, &m, &err), QUEUE_OK);
	assert_string_equal(m->env.id, id);
	queue_release(m);
	assert_int_equal(queue_claim(q, id, &m, &err), QUEUE_OK);
	check(queue_finish(m, &err) == 0, "%s", err.text);
	assert_int_equal(queue_lend(q, "00000000000000000000", 0, &fd, &active,
	    &err),
	    QUEUE_GONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_aborted),
		cmocka_unit_test(test_lent),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

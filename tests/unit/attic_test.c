/* SPDX-License-Identifier: ISC */
/*
 * What administration asks of the queue: history, corrupt/, list.
 */
#include "tests/check.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "queue/corrupt.h"
#include "queue/history.h"
#include "queue/list.h"

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
set_up(void **state)
{
	struct err err;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/attic_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	return queue_open(dir, QUEUE_RUN, &q, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	queue_close(q);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
submit(const char *sender, char id[ID_SIZE])
{
	static const char text[] = "Subject: x\r\n\r\nhello\r\n";
	struct envelope env;
	struct draft d;
	struct err err = { 0 };

	envelope_init(&env);
	env.uid = 1000;
	env.arrival_us = 1700000000000000;
	mem_free(env.sender);
	env.sender = mem_str(sender);
	envelope_add_rcpt(&env, "r0@x.example")->orig = mem_str("root");
	envelope_add_rcpt(&env, "r1@x.example");
	check(draft_create(q, &d, &err) == 0 &&
	    draft_begin(&d, &env, &err) == 0 &&
	    draft_write(&d, text, sizeof(text) - 1, &err) == 0 &&
	    draft_commit(&d, 0, &err) == 0, "%s", err.text);
	(void)snprintf(id, ID_SIZE, "%s", env.id);
	envelope_free(&env);
}

static struct queue_msg *
claim(const char *id)
{
	struct queue_msg *m;
	struct err err = { 0 };

	check(queue_claim(q, id, &m, &err) == QUEUE_OK, "%s", err.text);
	return m;
}

struct seen {
	enum format_kind	kinds[16];
	size_t			n;
	bool			fits;
};

static void
see(const struct format_entry *e, void *arg)
{
	struct seen *s = arg;

	s->kinds[s->n++] = e->kind;
	if (e->kind == FORMAT_OUTCOME)
		s->fits = e->rcpt == 1 && e->sec == 50 &&
		    strcmp(e->outcome.dsn, "4.4.1") == 0;
}

static void
test_history(void **state)
{
	static const enum format_kind want[] = { FORMAT_HOLD, FORMAT_OUTCOME,
	    FORMAT_ATTEMPT, FORMAT_HOLD, FORMAT_DUE };
	struct seen seen = { .n = 0 };
	struct outcome o = { 0 };
	struct queue_msg *m;
	struct err err = { 0 };
	char id[ID_SIZE];

	(void)state;
	submit("a@b.example", id);
	m = claim(id);
	assert_int_equal(history_read(m, see, &seen, &err), 0);
	assert_int_equal(seen.n, 0);
	outcome_set(&o, OUTCOME_DEFERRED, "4.4.1", "timed out");
	check(queue_record_hold(m, true, &err) == 0 &&
	    queue_record_outcome(m, 1, &o, 50, &err) == 0 &&
	    queue_record_attempt(m, 1, 50, 110, &err) == 0 &&
	    queue_record_hold(m, false, &err) == 0 &&
	    queue_record_due(m, 60, &err) == 0 &&
	    queue_record_sync(m, &err) == 0, "%s", err.text);
	queue_release(m);
	assert_int_equal(queue_load(q, id, &m, &err), QUEUE_OK);
	assert_int_equal(history_read(m, see, &seen, &err), 0);
	assert_int_equal(seen.n, NELEM(want));
	assert_memory_equal(seen.kinds, want, sizeof(want));
	assert_true(seen.fits);
	queue_release(m);
}

/* The file grew shorter or changed behind our back. */
static void
test_history_changed(void **state)
{
	struct seen seen = { .n = 0 };
	struct queue_msg *m;
	struct err err = { 0 };
	char id[ID_SIZE], path[160];
	int fd;

	(void)state;
	submit("a@b.example", id);
	m = claim(id);
	check(queue_record_hold(m, true, &err) == 0, "%s", err.text);
	queue_release(m);
	assert_int_equal(queue_load(q, id, &m, &err), QUEUE_OK);
	(void)snprintf(path, sizeof(path), "%s/queue/%s", dir, id);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, m->journal_end - 3), 1);
	assert_int_equal(history_read(m, see, &seen, &err), -1);
	assert_int_equal(ftruncate(fd, m->journal_end - 3), 0);
	assert_int_equal(history_read(m, see, &seen, &err), -1);
	(void)close(fd);
	queue_release(m);
	assert_int_equal(seen.n, 0);
}

/* Damages one byte of a file; the same again mends it. */
static void
flip(const char *path, int64_t off)
{
	int fd = open(path, O_RDWR);
	char c;

	assert_int_equal(pread(fd, &c, 1, off), 1);
	c = (char)(c ^ 1);
	assert_int_equal(pwrite(fd, &c, 1, off), 1);
	(void)close(fd);
}

static void
test_corrupt(void **state)
{
	struct queue_msg *m;
	struct err err = { 0 };
	struct list_ids ids;
	char id[ID_SIZE], here[160], there[160];
	int fd;

	(void)state;
	submit("a@b.example", id);
	(void)snprintf(here, sizeof(here), "%s/queue/%s", dir, id);
	(void)snprintf(there, sizeof(there), "%s/corrupt/%s", dir, id);
	assert_false(corrupt_has(q, id));
	assert_false(corrupt_has(q, "../queue"));
	assert_int_equal(corrupt_restore(q, id, &err), -1);
	assert_int_equal(corrupt_remove(q, id, &err), -1);
	assert_int_equal(corrupt_open(q, id, &fd, &err), QUEUE_GONE);
	assert_int_equal(corrupt_size(q, id), -1);

	flip(here, 90);
	assert_int_equal(queue_claim(q, id, &m, &err), QUEUE_CORRUPT);
	assert_true(corrupt_has(q, id));
	assert_true(corrupt_size(q, id) > 90);
	assert_int_equal(list_ids(q, &ids, &err), 0);
	assert_int_equal(ids.n, 0);
	list_ids_free(&ids);
	assert_int_equal(list_corrupt_ids(q, &ids, &err), 0);
	assert_int_equal(ids.n, 1);
	assert_string_equal(ids.v[0], id);
	list_ids_free(&ids);

	assert_int_equal(corrupt_restore(q, id, &err), -1);
	assert_non_null(strstr(err.text, "envelope"));
	flip(there, 90);
	check(corrupt_restore(q, id, &err) == 0, "%s", err.text);
	assert_int_equal(queue_sync(q, &err), 0);
	assert_false(corrupt_has(q, id));
	m = claim(id);
	queue_release(m);

	/* The message's own bytes count as well. */
	m = claim(id);
	assert_int_equal(queue_condemn(m, &err), 0);
	m = NULL;
	flip(there, corrupt_size(q, id) - 3);
	assert_int_equal(corrupt_restore(q, id, &err), -1);
	assert_true(corrupt_has(q, id));
	assert_int_equal(corrupt_open(q, id, &fd, &err), QUEUE_OK);
	(void)close(fd);
	assert_int_equal(corrupt_remove(q, id, &err), 0);
	assert_false(corrupt_has(q, id));
}

static void
test_list(void **state)
{
	static const char other[] = "0000000000000000000000000000";
	struct conf conf = { .lifetime_sec = 1000, .bounce_lifetime_sec = 10 };
	struct outcome o = { 0 };
	struct listing_msg l;
	struct queue_msg *m;
	struct err err = { 0 };
	char id[ID_SIZE];

	(void)state;
	submit("a@b.example", id);
	m = claim(id);
	list_fill(&l, m, &conf);
	assert_int_equal(l.state, LISTING_INCOMING);
	assert_int_equal(l.nrcpts, 2);
	assert_string_equal(l.rcpts[0].addr, "r0@x.example");
	assert_string_equal(l.rcpts[0].orig, "root");
	assert_null(l.rcpts[0].dsn);
	assert_int_equal(l.expires_sec, 1700001000);
	list_free(&l);

	outcome_set(&o, OUTCOME_SENT, "2.0.0", "ok");
	check(queue_record_outcome(m, 0, &o, 50, &err) == 0, "%s", err.text);
	list_fill(&l, m, &conf);
	assert_int_equal(l.state, LISTING_DEFERRED);
	assert_int_equal(l.nrcpts, 1);
	assert_string_equal(l.rcpts[0].addr, "r1@x.example");
	list_free(&l);

	outcome_set(&o, OUTCOME_DEFERRED, "4.2.0", "later");
	check(queue_record_outcome(m, 1, &o, 50, &err) == 0 &&
	    queue_record_attempt(m, 1, 50, 110, &err) == 0 &&
	    queue_record_hold(m, true, &err) == 0, "%s", err.text);
	list_fill(&l, m, &conf);
	assert_int_equal(l.state, LISTING_HOLD);
	assert_int_equal(l.next_sec, 0);
	assert_string_equal(l.rcpts[0].reason, "later");
	list_free(&l);
	m->active = true;
	list_fill(&l, m, &conf);
	assert_int_equal(l.state, LISTING_ACTIVE);
	list_free(&l);
	queue_release(m);

	submit("", id);
	m = claim(id);
	list_fill(&l, m, &conf);
	assert_int_equal(l.expires_sec, 1700000010);
	list_free(&l);
	queue_release(m);

	list_fill_corrupt(&l, id);
	assert_true(l.arrival_sec > 1700000000);
	assert_int_equal(l.state, LISTING_CORRUPT);
	list_fill_corrupt(&l, other);
	assert_int_equal(l.arrival_sec, 0);
}

#define WITH_QUEUE(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

CHECK_MAIN(WITH_QUEUE(test_history), WITH_QUEUE(test_history_changed),
    WITH_QUEUE(test_corrupt), WITH_QUEUE(test_list))

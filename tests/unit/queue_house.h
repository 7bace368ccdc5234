/* SPDX-License-Identifier: ISC */
/*
 * A queue of its own for each test, and messages in it.
 */
#ifndef TESTS_UNIT_QUEUE_HOUSE_H
#define TESTS_UNIT_QUEUE_HOUSE_H

#include <sys/stat.h>

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/check.h"

#include "core/base/mem.h"
#include "queue/queue.h"

static char dir[64];
static struct queue *q;

static inline int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int
setup(void **state)
{
	struct err err;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s/queue_test.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	if (queue_open(dir, QUEUE_RUN, &q, &err) == -1) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	queue_close(q);
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char text[] = "Subject: x\r\n\r\nhello\r\n.\r\n";

static inline void
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
static inline void
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

static inline char *
path_of(const char *sub, const char *id)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", dir, sub, id);
	return path;
}

static inline bool
exists(const char *sub, const char *id)
{
	struct stat st;

	return lstat(path_of(sub, id), &st) == 0;
}

static inline struct queue_msg *
claim(const char *id)
{
	struct queue_msg *m = NULL;
	struct err err = { 0 };
	enum queue_found found = queue_claim(q, id, &m, &err);

	check(found == QUEUE_OK, "%s: found %d, %s", id, found, err.text);
	return m;
}

#endif

/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "tests/fault/house.h"

struct report *report;
char house_dir[64];

void
house_build(void)
{
	/* a file system in memory makes thousands of runs affordable */
	(void)snprintf(house_dir, sizeof(house_dir), "%s/fault.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(house_dir) == NULL) {
		perror("mkdtemp");
		exit(1);
	}
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
house_demolish(void)
{
	(void)nftw(house_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
bad(const char *fmt, ...)
{
	va_list ap;

	if (report->bad)
		return;
	report->bad = true;
	va_start(ap, fmt);
	(void)vsnprintf(report->why, sizeof(report->why), fmt, ap);
	va_end(ap);
}

struct queue *
house_open(void)
{
	struct queue *q;
	struct err err;

	if (queue_open(house_dir, QUEUE_RUN, &q, &err) == -1) {
		(void)fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return q;
}

char
house_byte(size_t i)
{
	return (char)('a' + i * 7 % 26);
}

void
house_fill(struct envelope *env)
{
	static const char *const to[] = { "a@x.example", "b@x.example",
	    "c@y.example" };
	size_t i;

	envelope_init(env);
	mem_free(env->sender);
	env->sender = mem_str("me@here.example");
	for (i = 0; i < NELEM(to); i++)
		envelope_add_rcpt(env, to[i]);
}

void
house_submit(struct queue *q, size_t size)
{
	struct envelope env;
	struct draft d;
	struct err err;
	size_t i;
	char c;

	house_fill(&env);
	if (draft_create(q, &d, &err) == -1 ||
	    draft_begin(&d, &env, &err) == -1)
		exit(1);
	(void)snprintf(report->id, sizeof(report->id), "%s", d.id);
	for (i = 0; i < size; i++) {
		c = house_byte(i);
		if (draft_write(&d, &c, 1, &err) == -1)
			exit(1);
	}
	if (draft_commit(&d, 0, &err) == -1)
		exit(1);
	envelope_free(&env);
}

bool
house_is_whole(const struct queue_msg *m, size_t size)
{
	struct err err;
	bool whole;
	char *p;
	size_t i;

	if (m->size != (int64_t)size || m->env.nrcpts != 3 ||
	    strcmp(m->env.sender, "me@here.example") != 0 ||
	    strcmp(m->env.rcpts[2].addr, "c@y.example") != 0 ||
	    queue_msg_verify(m, &err) == -1)
		return false;
	p = mem_zero(size + 1);
	whole = queue_msg_read(m, 0, p, size, &err) == 0;
	for (i = 0; i < size && whole; i++)
		whole = p[i] == house_byte(i);
	mem_free(p);
	return whole;
}

struct drain {
	struct queue	*q;
	size_t		 size, n;
};

static bool
drain_one(const char *id, void *arg)
{
	struct drain *d = arg;
	struct queue_msg *m;
	struct err err = { 0 };
	enum queue_found found;

	found = queue_claim(d->q, id, &m, &err);
	if (found == QUEUE_GONE)
		return true;
	if (found != QUEUE_OK) {
		bad("%s found as %d: %s", id, (int)found, err.text);
		return true;
	}
	d->n++;
	if (!house_is_whole(m, d->size))
		bad("%s is not whole", id);
	if (queue_finish(m, &err) == -1)
		bad("%s: %s", id, err.text);
	return true;
}

static bool
is_left(const char *id, void *arg)
{
	(void)arg;
	bad("%s was left behind", id);
	return true;
}

size_t
house_drain(struct queue *q, size_t size)
{
	struct drain d = { q, size, 0 };
	struct err err;

	if (queue_scan(q, drain_one, &d, &err) == -1 ||
	    queue_scan(q, is_left, NULL, &err) == -1)
		bad("%s", err.text);
	return d.n;
}

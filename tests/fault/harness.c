/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/compat.h"
#include "core/base/mem.h"
#include "tests/fault/harness.h"

struct report *report;
char house_dir[64];

static size_t passed, failed;
static char run_name[200];

static const int errors[] = {
	EIO, ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EACCES, EPERM, EROFS,
	EAGAIN, EFBIG, ESTALE, ENOSYS, EEXIST, ENOENT, ELOOP,
};

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

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
build_house(void)
{
	/* a file system in memory makes thousands of runs affordable */
	(void)snprintf(house_dir, sizeof(house_dir), "%s/fault.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(house_dir) == NULL) {
		perror("mkdtemp");
		exit(1);
	}
}

static size_t
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

static void
act(const struct scene *s, enum fault_kind kind, int sys, int at, int second)
{
	size_t fds = count_fds();

	fault_arm(kind, sys, at, second);
	s->act();
	report->calls = fault_calls();
	report->trips = fault_trips();
	(void)snprintf(report->names, sizeof(report->names), "%s",
	    fault_names());
	fault_disarm();
	if (count_fds() != fds)
		bad("descriptors were left open");
}

/* A process of its own for what ends it; the rest is faster without. */
static void
act_in_child(const struct scene *s, enum fault_kind kind, int at)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		act(s, kind, 0, at, 0);
		_exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid) {
		perror("fork");
		exit(1);
	}
	report->killed = WIFEXITED(status) &&
	    WEXITSTATUS(status) == FAULT_KILLED;
	if (!report->killed && (!WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0))
		bad("it crashed, status %x", (unsigned)status);
}

static void
play(const struct scene *s, enum fault_kind kind, int sys, int at, int second)
{
	(void)snprintf(run_name, sizeof(run_name), "%s, fault %d (%s) at call "
	    "%d and %d", s->name, kind, sys != 0 ? strerror(sys) : "-", at,
	    second);
	memset(report, 0, sizeof(*report));
	build_house();
	if (s->before != NULL)
		s->before();
	if (kind == FAULT_KILL || kind == FAULT_KILL_HALF)
		act_in_child(s, kind, at);
	else
		act(s, kind, sys, at, second);
	if (!report->bad)
		s->judge();
	(void)nftw(house_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (report->bad) {
		failed++;
		(void)printf("%s: %s\n    said %d, calls %s\n", run_name,
		    report->why, report->said, report->names);
	} else {
		passed++;
	}
}

/* One kind of fault at call 1, 2, ... until none trips. */
static void
sweep(const struct scene *s, enum fault_kind kind, int sys)
{
	int at = 0;

	do
		play(s, kind, sys, ++at, 0);
	while (report->trips > 0 || report->killed);
}

static void
sweep_pairs(const struct scene *s, int sys, int calls)
{
	int a, b;

	for (a = 1; a <= calls; a++)
		for (b = a + 1; b <= calls + 4; b++)
			play(s, FAULT_FAIL, sys, a, b);
}

/* The harness shows what it can see: the calls are those that are known. */
static int
play_plain(const struct scene *s)
{
	play(s, FAULT_NONE, 0, 0, 0);
	if (!report->bad && report->said != 1)
		bad("said %d without a fault: %s", report->said,
		    report->err.text);
	else if (!report->bad && strcmp(report->names, s->calls) != 0)
		bad("the calls were not\n        %s", s->calls);
	else
		return report->calls;
	failed++;
	(void)printf("%s: %s\n    calls %s\n", run_name, report->why,
	    report->names);
	return report->calls;
}

int
house_play(const struct scene *scenes, size_t n)
{
	const struct scene *s;
	size_t i;
	int calls;

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return 1;
	for (s = scenes; s < scenes + n; s++) {
		calls = play_plain(s);
		for (i = 0; i < NELEM(errors); i++)
			sweep(s, FAULT_FAIL, errors[i]);
		sweep(s, FAULT_SHORT, 0);
		sweep(s, FAULT_SHORT_FAIL, ENOSPC);
		sweep(s, FAULT_KILL, 0);
		sweep(s, FAULT_KILL_HALF, 0);
		if (s->pairs) {
			sweep_pairs(s, EIO, calls);
			sweep_pairs(s, EACCES, calls);
		}
	}
	(void)printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/compat.h"
#include "tests/fault/harness.h"

static size_t passed, failed;
static char run_name[200];

static const int errors[] = {
	EIO, ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EACCES, EPERM, EROFS,
	EAGAIN, EFBIG, ESTALE, ENOSYS, EEXIST, ENOENT, ELOOP,
};

void
answer(int ret, const struct err *err)
{
	report->said = ret == 0 ? 1 : -1;
	if (ret == -1)
		report->err = *err;
	if (ret == -1 && (err->kind == ERR_NONE || err->text[0] == '\0'))
		bad("a no without a reason");
}

void
one_message(void)
{
	struct queue *q = house_open();

	house_submit(q, SMALL);
	queue_close(q);
}

int
claim(struct queue *q, struct queue_msg **m, struct err *err)
{
	enum queue_found found = queue_claim(q, report->id, m, err);

	if (found == QUEUE_OK)
		return 0;
	if (found == QUEUE_GONE || found == QUEUE_BUSY)
		return err_set(err, ERR_TEMP, NULL, "found %d", (int)found);
	return -1;
}

char *
path_of(const char *sub)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", house_dir, sub,
	    report->id);
	return path;
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
	house_build();
	if (s->before != NULL)
		s->before();
	if (kind == FAULT_KILL || kind == FAULT_KILL_HALF)
		act_in_child(s, kind, at);
	else
		act(s, kind, sys, at, second);
	if (!report->bad)
		s->judge();
	house_demolish();
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

/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/log.h"

#include "cmd/sendoffd/worker.h"

/* What was heard, one letter a call. */
static char heard[200];

static void
add(const char *s)
{
	size_t n = strlen(heard);

	(void)snprintf(heard + n, sizeof(heard) - n, "%s", s);
}

static void
hear_up(struct worker *w, const struct job_say *say)
{
	(void)w;
	(void)say;
	add("u");
}

static void
hear_down(struct worker *w, enum job_down kind, const struct outcome *o)
{
	(void)w;
	(void)kind;
	(void)o;
	add("d");
}

static bool
hear_rcpt(struct worker *w, void *part, uint32_t rcpt,
    const struct outcome *o)
{
	(void)w;
	(void)o;
	add(part);
	add("r");
	return rcpt == 0;
}

static void
hear_done(struct worker *w, void *part, int64_t ms)
{
	(void)w;
	(void)ms;
	add(part);
	add("o");
}

static void
hear_returned(struct worker *w, void *part)
{
	(void)w;
	add(part);
	add("b");
}

static void
hear_lost(struct worker *w, void *part, const char *why)
{
	(void)w;
	add(part);
	add("l(");
	add(why);
	add(")");
}

static void
hear_gone(struct worker *w, const char *why)
{
	(void)w;
	add("g(");
	add(why != NULL ? why : "");
	add(")");
}

static const struct worker_calls calls = { hear_up, hear_down, hear_rcpt,
	hear_done, hear_returned, hear_lost, hear_gone };

static char part_a[] = "A", part_b[] = "B";

/* A worker in that state with two jobs, 1 and 2; *peer is its end. */
static void
make(struct worker *w, enum worker_state state, int *peer)
{
	int pair[2];
	pid_t pid;

	/* Before there is a socket that it could keep open. */
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		/* A test that fails early must not leave it behind. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	assert_int_equal(socketpair(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	*w = (struct worker){ .calls = &calls, .state = state, .pid = pid,
	    .fd = pair[0], .stood = state == WORKER_UP,
	    .asked = state >= WORKER_FINISHING,
	    .jobs = { { 1, part_a, 0, 1000 }, { 2, part_b, 0, 2000 } },
	    .njobs = 2, .last_number = 2 };
	*peer = pair[1];
	heard[0] = '\0';
}

static int
reap(struct worker *w)
{
	int status;

	(void)kill(w->pid, SIGKILL);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	return status;
}

static void
put(int peer, const char *packet)
{
	assert_int_equal(send(peer, packet, strlen(packet), 0),
	    strlen(packet));
}

#define GOOD	" sent 250 2.0.0 - % % 0 0 0"

/* Every word in every state: what is heard, and the state after it; "X" is
 * a broken worker. */
static const struct {
	const char		*word;
	const char		*want[WORKER_GONE];
	enum worker_state	 next[WORKER_GONE];
} rows[] = {
	/* starting, ready, up, finishing, ending */
	{ "ready", { "", "X", "X", "", "X" },
	    { WORKER_READY, 0, 0, WORKER_FINISHING, 0 } },
	{ "up % 0 0", { "X", "u", "u", "u", "X" },
	    { 0, WORKER_UP, WORKER_UP, WORKER_FINISHING, 0 } },
	{ "down auth 4.7.8 % no", { "dAbBb", "dAbBb", "dAbBb", "dAbBb", "" },
	    { WORKER_ENDING, WORKER_ENDING, WORKER_ENDING, WORKER_ENDING,
	    WORKER_ENDING } },
	{ "rcpt 2 0" GOOD, { "X", "Br", "Br", "Br", "X" },
	    { 0, WORKER_READY, WORKER_UP, WORKER_FINISHING, 0 } },
	{ "rcpt 1 7" GOOD, { "X", "ArX", "ArX", "ArX", "X" }, { 0 } },
	{ "rcpt 3 0" GOOD, { "X", "X", "X", "X", "X" }, { 0 } },
	{ "done 1", { "X", "Ao", "Ao", "Ao", "X" },
	    { 0, WORKER_READY, WORKER_UP, WORKER_FINISHING, 0 } },
	{ "done 3", { "X", "X", "X", "X", "X" }, { 0 } },
	{ "idle", { "X", "", "", "", "" },
	    { 0, WORKER_READY, WORKER_READY, WORKER_FINISHING,
	    WORKER_ENDING } },
	{ "hello", { "X", "X", "X", "X", "X" }, { 0 } },
};

static void
test_table(void **state)
{
	struct worker w;
	size_t i, s;
	int peer;

	(void)state;
	for (i = 0; i < NELEM(rows); i++) {
		for (s = 0; s < WORKER_GONE; s++) {
			make(&w, (enum worker_state)s, &peer);
			put(peer, rows[i].word);
			worker_read(&w, 0);
			if (w.state == WORKER_GONE)
				add("X");
			else
				check(w.state == rows[i].next[s],
				    "'%s' in %zu leads to %d", rows[i].word,
				    s, (int)w.state);
			check(strcmp(heard, rows[i].want[s]) == 0,
			    "'%s' in %zu: heard '%s'", rows[i].word, s,
			    heard);
			(void)close(peer);
			(void)reap(&w);
			if (w.fd != -1)
				(void)close(w.fd);
		}
	}
}

/* Every job comes back exactly once, and the worker is gone once. */
static void
test_ends(void **state)
{
	struct worker w;
	int peer;

	(void)state;
	/* It said more before it died than we had read. */
	make(&w, WORKER_UP, &peer);
	put(peer, "rcpt 1 0" GOOD);
	put(peer, "done 1");
	worker_reap(&w, reap(&w), 0);
	assert_string_equal(heard,
	    "ArAoBl(died of signal 9)g(died of signal 9)");
	(void)close(peer);

	/* Its socket is still held by a child of its own. */
	make(&w, WORKER_FINISHING, &peer);
	put(peer, "done 2");
	put(peer, "done 1");
	(void)reap(&w);
	worker_reap(&w, 0, 0);
	assert_string_equal(heard, "BoAog()");
	(void)close(peer);

	/* A job was on its way to it: the kernel says so before what it said. */
	make(&w, WORKER_UP, &peer);
	put(peer, "rcpt 1 0" GOOD);
	put(peer, "done 1");
	put(w.fd, "a job");
	(void)close(peer);
	worker_read(&w, 0);
	assert_string_equal(heard, "ArAo");
	(void)reap(&w);
	worker_reap(&w, 0, 0);
	assert_string_equal(heard, "ArAoBl(ended before its job)g()");

	make(&w, WORKER_STARTING, &peer);
	(void)close(peer);
	worker_read(&w, 0);
	assert_int_equal(w.state, WORKER_GONE);
	(void)reap(&w);
	worker_reap(&w, 126 << 8, 0);
	assert_string_equal(heard, "Al(ended with status 126)"
	    "Bbg(ended with status 126)");

	/* With CHUNKING the second one may be with the relay too. */
	make(&w, WORKER_READY, &peer);
	put(peer, "up % 0 32");
	worker_reap(&w, reap(&w), 0);
	assert_string_equal(heard, "uAl(died of signal 9)"
	    "Bl(died with it in its hands)g(died of signal 9)");
	(void)close(peer);
}

static void
test_hangs(void **state)
{
	struct worker w;
	int peer;

	(void)state;
	make(&w, WORKER_UP, &peer);
	assert_true(worker_deadline_tick(&w) == 1000);
	worker_check(&w, 999);
	assert_false(w.killed);
	worker_check(&w, 1000);
	assert_true(w.killed);
	assert_false(worker_takes(&w, 4));
	assert_true(worker_deadline_tick(&w) == INT64_MAX);
	worker_reap(&w, reap(&w), 0);
	assert_string_equal(heard, "Al(hung and was killed)"
	    "Bbg(hung and was killed)");
	(void)close(peer);
}

static void
test_takes(void **state)
{
	struct worker w = { .state = WORKER_READY, .fd = -1 };

	(void)state;
	assert_true(worker_takes(&w, 1));
	w.njobs = 1;
	assert_false(worker_takes(&w, 1));
	assert_true(worker_takes(&w, 2));
	w.njobs = JOB_WINDOW;
	assert_false(worker_takes(&w, 100));
	w.njobs = 0;
	w.state = WORKER_FINISHING;
	assert_false(worker_takes(&w, 1));
}

CHECK_MAIN(cmocka_unit_test(test_table), cmocka_unit_test(test_ends),
    cmocka_unit_test(test_hangs), cmocka_unit_test(test_takes))

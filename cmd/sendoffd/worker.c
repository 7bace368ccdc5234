/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/log.h"

#include "cmd/sendoffd/spawn.h"
#include "cmd/sendoffd/worker.h"

enum {
	START_MS = 60000,		/* until "ready"; secrets may be asked
					   from a command first */
	END_MS = 60000,			/* to say QUIT and go */
	GONE_MS = 5000,			/* from its last word to its end */
	JOB_MS = 3600000,		/* a job's ceiling, and */
	JOB_BYTES_PER_SEC = 500,	/* so much longer for a large one */
	PACKETS_MAX = 64,		/* read in one go */
};

enum action {
	NOTHING, UP, DOWN, RCPT, DONE,
	BROKEN,			/* it may not say that now */
};

/* States x words. A row is what the worker is in, a column what it says. */
static const struct {
	enum action		action;
	enum worker_state	next;
} table[WORKER_GONE][JOB_SAY_IDLE + 1] = {
	[WORKER_STARTING] = {
		[JOB_SAY_READY] = { NOTHING, WORKER_READY },
		[JOB_SAY_UP] = { BROKEN, WORKER_STARTING },
		[JOB_SAY_DOWN] = { DOWN, WORKER_ENDING },
		[JOB_SAY_RCPT] = { BROKEN, WORKER_STARTING },
		[JOB_SAY_DONE] = { BROKEN, WORKER_STARTING },
		[JOB_SAY_IDLE] = { BROKEN, WORKER_STARTING },
	},
	[WORKER_READY] = {
		[JOB_SAY_READY] = { BROKEN, WORKER_READY },
		[JOB_SAY_UP] = { UP, WORKER_UP },
		[JOB_SAY_DOWN] = { DOWN, WORKER_ENDING },
		[JOB_SAY_RCPT] = { RCPT, WORKER_READY },
		[JOB_SAY_DONE] = { DONE, WORKER_READY },
		[JOB_SAY_IDLE] = { NOTHING, WORKER_READY },
	},
	[WORKER_UP] = {
		[JOB_SAY_READY] = { BROKEN, WORKER_UP },
		[JOB_SAY_UP] = { UP, WORKER_UP },
		[JOB_SAY_DOWN] = { DOWN, WORKER_ENDING },
		[JOB_SAY_RCPT] = { RCPT, WORKER_UP },
		[JOB_SAY_DONE] = { DONE, WORKER_UP },
		[JOB_SAY_IDLE] = { NOTHING, WORKER_READY },
	},
	[WORKER_FINISHING] = {
		[JOB_SAY_READY] = { NOTHING, WORKER_FINISHING },
		[JOB_SAY_UP] = { UP, WORKER_FINISHING },
		[JOB_SAY_DOWN] = { DOWN, WORKER_ENDING },
		[JOB_SAY_RCPT] = { RCPT, WORKER_FINISHING },
		[JOB_SAY_DONE] = { DONE, WORKER_FINISHING },
		[JOB_SAY_IDLE] = { NOTHING, WORKER_FINISHING },
	},
	[WORKER_ENDING] = {
		[JOB_SAY_READY] = { BROKEN, WORKER_ENDING },
		[JOB_SAY_UP] = { BROKEN, WORKER_ENDING },
		[JOB_SAY_DOWN] = { NOTHING, WORKER_ENDING },
		[JOB_SAY_RCPT] = { BROKEN, WORKER_ENDING },
		[JOB_SAY_DONE] = { BROKEN, WORKER_ENDING },
		[JOB_SAY_IDLE] = { NOTHING, WORKER_ENDING },
	},
};

int
worker_start(struct worker *w, const struct worker_how *how,
    const struct worker_calls *calls, int64_t tick, struct err *err)
{
	struct worker new = { .calls = calls, .tick = tick, .fd = -1 };

	if (spawn_worker(how, &new.pid, &new.fd, err) == -1)
		return -1;
	*w = new;
	return 0;
}

bool
worker_takes(const struct worker *w, size_t window)
{
	return w->state <= WORKER_UP && !w->killed && !w->deaf &&
	    w->njobs < window && w->njobs < JOB_WINDOW;
}

int
worker_give(struct worker *w, void *part, struct job *job, int msg_fd,
    int64_t tick, struct err *err)
{
	int job_fd, ret;

	job->number = ++w->last_number;
	if (spawn_job_fd(job, &job_fd, err) == -1)
		return -1;
	ret = spawn_send_job(w->fd, job, msg_fd, job_fd, err);
	(void)close(job_fd);
	if (ret == -1) {
		/* One that has just died tells by its status why. */
		w->deaf = true;
		if (err->sys != EPIPE && err->sys != ECONNRESET)
			worker_kill(w, SIGKILL, "takes no job");
		return -1;
	}
	w->jobs[w->njobs++] = (struct worker_job){ job->number, part, tick,
	    tick + JOB_MS + job->size / JOB_BYTES_PER_SEC * 1000 };
	return 0;
}

/* The job of that number, or NULL. */
static struct worker_job *
find_job(struct worker *w, uint32_t number)
{
	for (size_t i = 0; i < w->njobs; i++)
		if (w->jobs[i].number == number)
			return &w->jobs[i];
	return NULL;
}

static void *
take_job(struct worker *w, struct worker_job *job)
{
	void *part = job->part;
	size_t i = (size_t)(job - w->jobs);

	w->njobs--;
	memmove(job, job + 1, (w->njobs - i) * sizeof(*job));
	return part;
}

static void
heed_down(struct worker *w, const struct job_say *say, int64_t tick)
{
	w->tick = tick;
	w->asked = true;
	w->calls->down(w, say->down, &say->outcome);
	while (w->njobs > 0)
		w->calls->returned(w, take_job(w, &w->jobs[0]));
	(void)shutdown(w->fd, SHUT_WR);
}

static void
heed_done(struct worker *w, struct worker_job *job, int64_t tick)
{
	int64_t from = job->given_tick > w->tick ? job->given_tick : w->tick;

	w->tick = tick;
	w->calls->done(w, take_job(w, job), tick - from);
}

/* One packet of the worker; false: it may not say that. */
static bool
heed(struct worker *w, const struct job_say *say, int64_t tick)
{
	enum action action = table[w->state][say->kind].action;
	struct worker_job *job = find_job(w, say->number);

	if (action == BROKEN)
		return false;
	w->state = table[w->state][say->kind].next;
	switch (action) {
	case UP:
		w->stood = true;
		w->chunks = (say->caps & JOB_CAP_CHUNKING) != 0;
		w->calls->up(w, say);
		break;
	case DOWN:
		heed_down(w, say, tick);
		break;
	case RCPT:
		return job != NULL && w->calls->rcpt(w, job->part, say->index,
		    &say->outcome);
	case DONE:
		if (job == NULL)
			return false;
		heed_done(w, job, tick);
		break;
	case NOTHING:
	case BROKEN:
		break;
	}
	return true;
}

static void
close_socket(struct worker *w)
{
	(void)close(w->fd);
	w->fd = -1;
	w->state = WORKER_GONE;
}

/* Reads and heeds one packet; false: there is none (any more). */
static bool
read_packet(struct worker *w, int64_t tick)
{
	char packet[JOB_PACKET_MAX + 1];
	struct job_say say;
	struct err err = { 0 };
	ssize_t n;

	/* A reset (it ended with a job unread) is told once, and before the
	 * packets that it sent: they count. */
	do {
		n = recv(w->fd, packet, sizeof(packet), 0);
	} while (n == -1 && (errno == EINTR || errno == ECONNRESET));
	if (n == -1 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		/* It said all that it ever will. Whoever closes the socket
		 * without ending is made to end, in a while. */
		close_socket(w);
		w->tick = tick;
		return false;
	}
	if (job_say_parse(packet, (size_t)n, &say, &err) == 0 &&
	    heed(w, &say, tick))
		return true;
	log_error("delivery process %ld: said something out of place",
	    (long)w->pid);
	worker_kill(w, SIGKILL, "broke the protocol");
	close_socket(w);
	return false;
}

void
worker_read(struct worker *w, int64_t tick)
{
	for (int i = 0; i < PACKETS_MAX && w->state != WORKER_GONE; i++)
		if (!read_packet(w, tick))
			return;
}

void
worker_finish(struct worker *w, int64_t tick)
{
	if (w->state > WORKER_UP)
		return;
	w->tick = tick;
	w->asked = true;
	w->state = WORKER_FINISHING;
	(void)shutdown(w->fd, SHUT_WR);
}

void
worker_kill(struct worker *w, int sig, const char *why)
{
	w->killed = true;
	if (w->why[0] == '\0')
		(void)snprintf(w->why, sizeof(w->why), "%s", why);
	(void)kill(w->pid, sig);
}

void
worker_reap(struct worker *w, int status, int64_t tick)
{
	/* Until there is nothing left, not until the end of file: a child of
	 * its own may still have the socket. */
	while (w->state != WORKER_GONE && read_packet(w, tick))
		;
	if (w->state != WORKER_GONE)
		close_socket(w);
	if (w->why[0] != '\0')
		;	/* we know better than its status */
	else if (WIFSIGNALED(status))
		(void)snprintf(w->why, sizeof(w->why), "died of signal %d",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0 || (!w->asked && !w->stood))
		(void)snprintf(w->why, sizeof(w->why), "ended with status %d",
		    WEXITSTATUS(status));
	if (w->njobs > 0)
		w->calls->lost(w, take_job(w, &w->jobs[0]),
		    w->why[0] != '\0' ? w->why : "ended before its job");
	while (w->njobs > 0 && w->chunks)
		w->calls->lost(w, take_job(w, &w->jobs[0]),
		    "died with it in its hands");
	while (w->njobs > 0)
		w->calls->returned(w, take_job(w, &w->jobs[0]));
	w->calls->gone(w, w->why[0] != '\0' ? w->why : NULL);
}

int64_t
worker_deadline_tick(const struct worker *w)
{
	int64_t tick = INT64_MAX;

	if (w->killed)
		return INT64_MAX;
	if (w->state == WORKER_STARTING)
		tick = w->tick + START_MS;
	if ((w->state == WORKER_FINISHING && w->njobs == 0) ||
	    w->state == WORKER_ENDING)
		tick = w->tick + END_MS;
	if (w->state == WORKER_GONE)
		return w->tick + GONE_MS;
	for (size_t i = 0; i < w->njobs; i++)
		if (w->jobs[i].deadline_tick < tick)
			tick = w->jobs[i].deadline_tick;
	return tick;
}

void
worker_check(struct worker *w, int64_t tick)
{
	if (worker_deadline_tick(w) > tick)
		return;
	log_error("delivery process %ld hangs: killed", (long)w->pid);
	worker_kill(w, SIGKILL, "hung and was killed");
}

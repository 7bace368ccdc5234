/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "queue/runner.h"

#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/background.h"
#include "cmd/sendoffd/crew.h"
#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/loop.h"
#include "cmd/sendoffd/loop_part.h"
#include "cmd/sendoffd/notify.h"
#include "cmd/sendoffd/recall.h"
#include "cmd/sendoffd/tally.h"

enum {
	POLL_FIXED = 2,			/* signals, the queue's watch */
	POLL_MAX_MS = 60000,
};

bool
loop_stays(const struct loop *l)
{
	return !l->runner->options->once;
}

static void
watch(struct loop *l)
{
	struct err err = { 0 };

	if (l->watch_fd != -1)
		(void)close(l->watch_fd);
	if (queue_watch_open(l->runner->queue, &l->watch_fd, &err) == -1) {
		l->watch_fd = -1;
		log_error("%s; looking every %d s", err.text,
		    LOOP_SCAN_BLIND_MS / 1000);
	}
}

/* The watch first, so that nothing comes between it and the scan. */
int
loop_scan(struct loop *l, bool watch_again)
{
	struct err err = { 0 };
	int ret;

	if (watch_again && loop_stays(l))
		watch(l);
	ret = dispatch_scan(l->runner, &err);
	if (ret == -1)
		log_error("%s", err.text);
	l->scan_tick = clock_tick_ms() +
	    (l->watch_fd != -1 ? LOOP_SCAN_MS : LOOP_SCAN_BLIND_MS);
	return ret;
}

static void
notice_fresh(const char *id, void *arg)
{
	dispatch_notice(arg, id, true);
}

static void
take_mail(struct loop *l)
{
	struct err err = { 0 };
	bool lost = false;

	if (queue_watch_read(l->watch_fd, notice_fresh, l->runner, &lost,
	    &err) == -1) {
		log_error("%s", err.text);
		lost = true;
	}
	if (lost)
		(void)loop_scan(l, true);
}

static void
make_fds(struct loop *l)
{
	const struct runner *r = l->runner;
	size_t i, need = POLL_FIXED + GATE_SERVER_CLIENTS + 1 + r->nworkers;
	struct pollfd *fds;

	if (l->cap < need) {
		l->cap = 2 * need;
		l->fds = mem_array(l->fds, l->cap, sizeof(*l->fds));
		l->polled = mem_array(l->polled, l->cap,
		    sizeof(struct worker *));
	}
	l->fds[0] = (struct pollfd){ l->signal_fd, POLLIN, 0 };
	l->fds[1] = (struct pollfd){ l->watch_fd, POLLIN, 0 };
	l->ngate = gate_server_fds(l->gate, l->fds + POLL_FIXED);
	l->npolled = r->nworkers;
	fds = l->fds + POLL_FIXED + l->ngate;
	for (i = 0; i < r->nworkers; i++) {
		l->polled[i] = r->workers[i];
		fds[i] = (struct pollfd){ r->workers[i]->fd, POLLIN, 0 };
	}
}

/* 0: go on; what happened is in fds. */
static int
wait_for_something(struct loop *l, bool more)
{
	int64_t ms = loop_next_tick(l) - clock_tick_ms();
	int n;

	if (more || ms < 0)
		ms = 0;
	if (ms > POLL_MAX_MS)
		ms = POLL_MAX_MS;
	make_fds(l);
	n = poll(l->fds, POLL_FIXED + l->ngate + l->npolled, (int)ms);
	if (n == -1 && errno != EINTR && errno != ENOMEM) {
		log_error("poll: %s", strerror(errno));
		return -1;
	}
	if (n <= 0)
		memset(l->fds, 0, l->cap * sizeof(*l->fds));
	return 0;
}

static bool
is_done(struct loop *l)
{
	const struct runner *r = l->runner;

	if (l->stop_tick != 0)
		return r->nworkers == 0;
	if (r->options->drain) {
		/* what came meanwhile belongs to it */
		if (!dispatch_is_idle(r))
			return false;
		if (loop_scan(l, false) == -1)
			l->status = EX_TEMPFAIL;
		return dispatch_is_idle(r) && r->nworkers == 0;
	}
	return r->options->once && dispatch_is_idle(r) && r->nworkers == 0;
}

static int
turn(struct loop *l)
{
	int64_t tick = clock_tick_ms();
	bool more = dispatch_work(l->runner, tick);
	size_t i;

	crew_check(l->runner, tick);
	if (!more && is_done(l))
		return 1;
	if (wait_for_something(l, more) == -1)
		return -1;
	tick = clock_tick_ms();
	/* Workers before signals: what one said comes before its end. */
	for (i = 0; i < l->npolled; i++)
		if (l->fds[POLL_FIXED + l->ngate + i].revents != 0)
			worker_read(l->polled[i], tick);
	if (l->fds[0].revents != 0)
		loop_take_signals(l);
	if (l->fds[1].revents != 0)
		take_mail(l);
	gate_server_take(l->gate, l->fds + POLL_FIXED, l->ngate, tick);
	loop_take_time(l, tick);
	return 0;
}

static int
begin(struct loop *l)
{
	struct runner *r = l->runner;
	struct err err = { 0 };
	int64_t tick = clock_tick_ms();
	sigset_t set;

	loop_signal_set(&set);
	l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->signal_fd == -1) {
		err_sys(&err, "signalfd");
		log_error("%s", err.text);
		return -1;
	}
	l->review_tick = tick + LOOP_REVIEW_MS;
	l->watchdog_tick = tick + l->watchdog_ms;
	l->pass_tick = r->options->interval_sec != 0 ?
	    tick + r->options->interval_sec * 1000 : INT64_MAX;
	if (r->options->now)
		r->flush_sec = clock_wall_sec();
	r->backlog = backlog_open(r->site->nlanes);
	r->sync_tick = INT64_MAX;
	if (loop_stays(l) || r->options->on_demand)
		recall_relays(r);
	if (loop_stays(l))
		l->gate = gate_server_open(r, r->site->conf.gate);
	/* A daemon may wait for a directory that cannot be read now. */
	return loop_scan(l, true) == -1 && r->options->once ? -1 : 0;
}

static void
end(struct loop *l)
{
	struct runner *r = l->runner;
	struct err err = { 0 };

	gate_server_close(l->gate);
	if (r->sync_tick != INT64_MAX && queue_sync(r->queue, &err) == -1)
		log_error("%s", err.text);
	tally_end(r);
	attempt_drop_parked(r);
	backlog_close(r->backlog);
	if (l->signal_fd != -1)
		(void)close(l->signal_fd);
	if (l->watch_fd != -1)
		(void)close(l->watch_fd);
	mem_free(r->workers);
	mem_free(l->fds);
	mem_free(l->polled);
	notify_close();
}

int
loop_run(struct runner *r)
{
	struct loop l = { .runner = r, .signal_fd = -1, .watch_fd = -1,
	    .status = EX_OK };
	int done = 0;

	l.watchdog_ms = notify_open();
	if (begin(&l) == -1) {
		l.status = EX_TEMPFAIL;
	} else {
		notify_ready();
		background_ready();
		if (!r->options->once)
			log_info("started, %zu messages in %s",
			    backlog_count(r->backlog, BACKLOG_NEW),
			    r->site->conf.queue_dir);
		while (done == 0)
			done = turn(&l);
		if (done == -1)
			l.status = EX_OSERR;
	}
	end(&l);
	return l.status;
}

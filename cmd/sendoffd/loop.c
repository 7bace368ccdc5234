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
#include "cmd/sendoffd/crew.h"
#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/loop.h"
#include "cmd/sendoffd/notify.h"
#include "cmd/sendoffd/tally.h"

enum {
	POLL_FIXED = 2,			/* signals, the queue's watch */
	POLL_MAX_MS = 60000,
};

struct loop {
	struct runner	*runner;
	int		 signal_fd;
	int		 watch_fd;	/* -1: none */
	int64_t		 watchdog_ms;	/* 0: none */
	int64_t		 watchdog_tick, scan_tick, review_tick, pass_tick;
	int64_t		 stop_tick;	/* 0: not told to stop */
	bool		 asked, killed;	/* workers, to end */
	int		 status;
	struct pollfd	*fds;		/* owned */
	struct worker	**polled;	/* owned; who fds[POLL_FIXED + i] is */
	size_t		 npolled, cap;
};

static void
handled_signals(sigset_t *set)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
	    SIGCHLD };

	(void)sigemptyset(set);
	for (size_t i = 0; i < NELEM(signals); i++)
		(void)sigaddset(set, signals[i]);
}

void
loop_block_signals(void)
{
	sigset_t set;

	handled_signals(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static bool
stays(const struct loop *l)
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
static int
scan(struct loop *l, bool watch_again)
{
	struct err err = { 0 };
	int ret;

	if (watch_again && stays(l))
		watch(l);
	ret = dispatch_scan(l->runner, &err);
	if (ret == -1)
		log_error("%s", err.text);
	l->scan_tick = clock_tick_ms() +
	    (l->watch_fd != -1 ? LOOP_SCAN_MS : LOOP_SCAN_BLIND_MS);
	return ret;
}

static void
stop(struct loop *l)
{
	if (l->stop_tick != 0)
		return;
	notify_stopping();
	log_info("stopping");
	l->stop_tick = clock_tick_ms();
	l->runner->stopping = true;
	for (size_t i = 0; i < l->runner->site->nlanes; i++)
		attempt_abandon(&l->runner->site->lanes[i]);
	crew_finish(l->runner);
}

static void
reload(struct loop *l)
{
	struct runner *r = l->runner;
	struct site *new, *old = r->site;
	struct err err = { 0 };

	notify_reloading();
	if (site_load(r->options->conf_path, r->options->queue_dir, &new,
	    &err) == -1) {
		log_error("the configuration stays as it was: %s", err.text);
	} else if (strcmp(new->conf.queue_dir, old->conf.queue_dir) != 0) {
		log_error("the configuration stays as it was: another queue "
		    "directory needs a restart");
		site_drop(new);
	} else {
		if (log_open("sendoffd", new->conf.log_target,
		    new->conf.log_file, new->conf.log_level, &err) == -1)
			log_error("%s", err.text);
		r->site = new;
		backlog_set_lanes(r->backlog, new->nlanes);
		for (size_t i = 0; i < old->nlanes; i++)
			attempt_abandon(&old->lanes[i]);
		crew_finish(r);
		site_drop(old);
		log_info("configuration read again");
	}
	notify_ready();
}

static void
take_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			stop(l);
			break;
		case SIGHUP:
			if (l->stop_tick == 0 && stays(l))
				reload(l);
			break;
		case SIGUSR1:
			(void)scan(l, false);
			dispatch_flush(l->runner);
			break;
		case SIGUSR2:
			dispatch_probe(l->runner);
			break;
		case SIGCHLD:
			crew_reap(l->runner, clock_tick_ms());
			break;
		}
	}
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
		(void)scan(l, true);
}

static int64_t
min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
next_tick(const struct loop *l)
{
	const struct runner *r = l->runner;
	int64_t tick = min(dispatch_tick(r), crew_tick(r));

	tick = min(tick, min(r->sync_tick, tally_tick(r)));
	tick = min(tick, attempt_parked_tick(r));
	if (l->watchdog_ms != 0)
		tick = min(tick, l->watchdog_tick);
	if (l->stop_tick != 0)
		return min(tick, l->stop_tick +
		    (l->asked ? LOOP_KILL_MS : LOOP_STOP_MS));
	if (stays(l))
		tick = min(tick, min(l->scan_tick, min(l->review_tick,
		    l->pass_tick)));
	return tick;
}

static void
sync_directory(struct runner *r, int64_t tick)
{
	struct err err = { 0 };

	r->sync_tick = INT64_MAX;
	if (queue_sync(r->queue, &err) == 0)
		return;
	/* What was removed may come back after a crash: no more of it until
	 * the disk is well. */
	log_error("%s; nothing is sent for %d s", err.text,
	    RUNNER_TROUBLE_MS / 1000);
	r->trouble_tick = tick + RUNNER_TROUBLE_MS;
	r->sync_tick = tick + RUNNER_TROUBLE_MS;
}

static void
be_patient_or_not(struct loop *l, int64_t tick)
{
	if (l->stop_tick == 0)
		return;
	if (!l->asked && tick >= l->stop_tick + LOOP_STOP_MS) {
		l->asked = true;
		if (l->runner->nworkers > 0)
			log_error("messages in hand are abandoned");
		crew_kill(l->runner, SIGTERM);
	} else if (!l->killed && tick >= l->stop_tick + LOOP_KILL_MS) {
		l->killed = true;
		crew_kill(l->runner, SIGKILL);
	}
}

static void
take_time(struct loop *l, int64_t tick)
{
	struct runner *r = l->runner;
	int64_t interval_ms = r->options->interval_sec * 1000;

	if (tick >= r->sync_tick)
		sync_directory(r, tick);
	if (tick >= tally_tick(r))
		tally_merge(r, tick);
	if (tick >= attempt_parked_tick(r))
		attempt_retry_parked(r, tick);
	if (l->watchdog_ms != 0 && tick >= l->watchdog_tick) {
		notify_watchdog();
		l->watchdog_tick = tick + l->watchdog_ms;
	}
	be_patient_or_not(l, tick);
	if (l->stop_tick != 0 || !stays(l))
		return;
	if (tick >= l->scan_tick)
		(void)scan(l, l->watch_fd == -1);
	if (tick >= l->review_tick) {
		dispatch_review(r);
		l->review_tick = tick + LOOP_REVIEW_MS;
	}
	if (tick >= l->pass_tick) {
		l->pass_tick = tick + interval_ms;
		(void)scan(l, false);
		dispatch_flush(r);
	}
}

static void
make_fds(struct loop *l)
{
	const struct runner *r = l->runner;
	size_t i;

	if (l->cap < r->nworkers + POLL_FIXED) {
		l->cap = 2 * (r->nworkers + POLL_FIXED);
		l->fds = mem_array(l->fds, l->cap, sizeof(*l->fds));
		l->polled = mem_array(l->polled, l->cap,
		    sizeof(struct worker *));
	}
	l->fds[0] = (struct pollfd){ l->signal_fd, POLLIN, 0 };
	l->fds[1] = (struct pollfd){ l->watch_fd, POLLIN, 0 };
	l->npolled = r->nworkers;
	for (i = 0; i < r->nworkers; i++) {
		l->polled[i] = r->workers[i];
		l->fds[POLL_FIXED + i] = (struct pollfd){
		    r->workers[i]->fd, POLLIN, 0 };
	}
}

/* 0: go on; what happened is in fds. */
static int
wait_for_something(struct loop *l, bool more)
{
	int64_t ms = next_tick(l) - clock_tick_ms();
	int n;

	if (more || ms < 0)
		ms = 0;
	if (ms > POLL_MAX_MS)
		ms = POLL_MAX_MS;
	make_fds(l);
	n = poll(l->fds, POLL_FIXED + l->npolled, (int)ms);
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
		if (scan(l, false) == -1)
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
		if (l->fds[POLL_FIXED + i].revents != 0)
			worker_read(l->polled[i], tick);
	if (l->fds[0].revents != 0)
		take_signals(l);
	if (l->fds[1].revents != 0)
		take_mail(l);
	take_time(l, tick);
	return 0;
}

static int
begin(struct loop *l)
{
	struct runner *r = l->runner;
	struct err err = { 0 };
	int64_t tick = clock_tick_ms();
	sigset_t set;

	handled_signals(&set);
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
	/* A daemon may wait for a directory that cannot be read now. */
	return scan(l, true) == -1 && r->options->once ? -1 : 0;
}

static void
end(struct loop *l)
{
	struct runner *r = l->runner;
	struct err err = { 0 };

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

/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#include "cmd/sendoffd/attempt.h"
#include "cmd/sendoffd/crew.h"
#include "cmd/sendoffd/dispatch.h"
#include "cmd/sendoffd/loop.h"
#include "cmd/sendoffd/loop_part.h"
#include "cmd/sendoffd/notify.h"

void
loop_signal_set(sigset_t *set)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
	    SIGUSR2, SIGCHLD };

	(void)sigemptyset(set);
	for (size_t i = 0; i < NELEM(signals); i++)
		(void)sigaddset(set, signals[i]);
}

void
loop_block_signals(void)
{
	sigset_t set;

	loop_signal_set(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
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
	gate_server_close(l->gate);
	l->gate = NULL;
}

static bool
same_gate(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* From here on the new one counts; what is in hand goes on with the old. */
static void
change_site(struct loop *l, struct site *new)
{
	struct runner *r = l->runner;
	struct site *old = r->site;
	struct err err = { 0 };

	r->site = new;
	if (site_open_log(new, r->options->verbose, &err) == -1)
		log_error("%s", err.text);
	backlog_set_lanes(r->backlog, new->nlanes);
	for (size_t i = 0; i < old->nlanes; i++)
		attempt_abandon(&old->lanes[i]);
	crew_finish(r);
	if (!same_gate(old->conf.gate, new->conf.gate)) {
		gate_server_close(l->gate);
		l->gate = gate_server_open(r, new->conf.gate);
	}
	site_drop(old);
}

static void
reload(struct loop *l)
{
	struct runner *r = l->runner;
	struct site *new;
	struct err err = { 0 };

	notify_reloading();
	if (site_load(r->options->conf_path, r->options->queue_dir, &new,
	    &err) == -1) {
		log_error("the configuration stays as it was: %s", err.text);
	} else if (strcmp(new->conf.queue_dir,
	    r->site->conf.queue_dir) != 0) {
		log_error("the configuration stays as it was: another queue "
		    "directory needs a restart");
		site_drop(new);
	} else {
		change_site(l, new);
		log_info("configuration read again");
	}
	notify_ready();
}

void
loop_take_signals(struct loop *l)
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
			if (l->stop_tick == 0 && loop_stays(l))
				reload(l);
			break;
		case SIGUSR1:
			l->flush_asked = true;
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


/* SPDX-License-Identifier: ISC */
/*
 * front - what a call of the front has in hand, and the things it can be
 * asked to do. Each returns the exit code and has said why if it is not 0.
 */
#ifndef CMD_SENDMAIL_FRONT_H
#define CMD_SENDMAIL_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/sendmail/caller.h"
#include "cmd/sendmail/drafts.h"
#include "cmd/sendmail/keeper.h"
#include "cmd/sendmail/limits.h"
#include "cmd/sendmail/look.h"
#include "cmd/sendmail/options.h"
#include "cmd/sendmail/process.h"
#include "cmd/sendmail/site.h"
#include "queue/queue.h"

struct front {
	struct process	 process;
	struct look	 look;
	struct options	 options;
	struct site	 site;
	struct caller	 caller;
	struct drafts	 drafts;
	struct limits	 limits;	/* of the relays */
	struct draft	 draft;		/* made with privilege; fd -1: none */
	struct keeper	 lister;	/* mailq's child */
	bool		 runner_alive;	/* seen when that was started */
};

int	submit_run(struct front *);
int	serve_run(struct front *);		/* -bs, -bS */
int	mailq_run(struct front *);
int	flush_run(struct front *);
int	newaliases_run(struct front *);
int	verify_run(struct front *);
int	runner_run(struct front *);		/* -bd, -bD, -q30m */
int	status_run(struct front *);		/* -bh, -bH */

/* Says why nothing was queued, also to the log: many callers throw away what
 * is said and how we exit. Returns the exit code. */
int	front_refuse(const struct front *, const struct err *);

/* One attempt at a message that was just queued, shown (-v). */
void	flush_shown(struct front *, const char *id);

/* Where [queue] on_demand says so and no runner is alive, one is started in
 * the background; it ends when nothing is due. */
void	flush_on_demand(struct front *);

#endif

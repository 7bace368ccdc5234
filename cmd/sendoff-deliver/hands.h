/* SPDX-License-Identifier: ISC */
/*
 * hands - the jobs in hand, and the runner's socket: core/mail/job.h from the
 * worker's side.
 *
 * The runner shuts its sending side: `ended`, no more jobs, and what is in
 * hand is finished. It closes the socket or dies: `gone`. Then nobody takes
 * note of outcomes, and no message is begun or ended with its dot.
 *
 * Owns		descriptors and jobs; the socket is borrowed
 */
#ifndef CMD_SENDOFF_DELIVER_HANDS_H
#define CMD_SENDOFF_DELIVER_HANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/mail/job.h"
#include "core/smtp/transaction.h"

struct hand {
	struct job		 job;
	int			 fd;		/* owned; the message's file */
	struct smtp_message	 msg;
	bool			 reconnected;	/* had its free reconnect */
};

struct hands {
	int		 socket;		/* borrowed */
	bool		 ended, gone;
	struct hand	**v;			/* owned, in the order they came */
	size_t		 n;
	size_t		 next;			/* whose turn it is */
};

void	hands_init(struct hands *, int socket);
void	hands_free(struct hands *);

/* From the first job in hand on again, after a session has died. */
void	hands_restart(struct hands *);

/* Waits for nothing; false when no further job has come. */
bool	hands_receive(struct hands *);

/* What smtp_deliver asks and tells; arg is the struct hands. */
struct smtp_feed	hands_feed(struct hands *);

struct hand	*hands_find(struct hands *, const struct smtp_message *);

/* Everything of this message that is undecided: deferred, for that reason.
 * The job is done and gone then. */
void	hands_defer(struct hands *, struct hand *, const char *relay,
	    const struct err *);

/* Looks whether the runner is gone. */
bool	hands_alive(struct hands *);

void	hands_say(struct hands *, const struct job_say *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * dispatch - which message is looked at, and which is next.
 *
 * To look is to read a message's envelope and journal, and to say when it is
 * due and which lane it belongs to. Messages in the lane of a relay that is
 * down are told why they wait, once for each reason.
 */
#ifndef CMD_SENDOFFD_DISPATCH_H
#define CMD_SENDOFFD_DISPATCH_H

#include "cmd/sendoffd/runner.h"

/* A message is there, or something about it changed. */
void	dispatch_notice(struct runner *, const char *id, bool fresh);

/* A report of our own: of this pass, whatever the pass was asked for. */
void	dispatch_report(struct runner *, const char *id);

/* Everything that the directory has. -1: it could not be read to its end. */
int	dispatch_scan(struct runner *, struct err *);

/* Looks at some, hands out what can be. True: there is more to do at once. */
bool	dispatch_work(struct runner *, int64_t tick);

/* Everything that waits becomes due, relays are tried at once. */
void	dispatch_flush(struct runner *);

/* Relays that are down are tried at once; messages keep their times. */
void	dispatch_probe(struct runner *);

/* Nothing is due, or all that is waits for relays that are down. */
bool	dispatch_is_idle(const struct runner *);

/* When dispatch_work has something to do though nothing happens. */
int64_t	dispatch_tick(const struct runner *);

/* Messages in lanes whose relay is down: those whose reason changed, or whose
 * time has come, are looked at again. */
void	dispatch_review(struct runner *);

/* An entry comes out of HAND. */
void	dispatch_gone(struct runner *, struct backlog_entry *);
void	dispatch_wait(struct runner *, struct backlog_entry *,
	    int64_t next_sec);
/* At once, since a flush came while it was in hand. */
void	dispatch_again(struct runner *, struct backlog_entry *);
void	dispatch_later(struct runner *, struct backlog_entry *, int64_t ms);
void	dispatch_ready(struct runner *, struct backlog_entry *,
	    const struct queue_msg *);

#endif

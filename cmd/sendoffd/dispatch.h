/* SPDX-License-Identifier: ISC */
/*
 * dispatch - which message is looked at, and which is next.
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

#endif

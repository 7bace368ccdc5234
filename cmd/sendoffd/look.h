/* SPDX-License-Identifier: ISC */
/*
 * look - reads a message's envelope and journal, and says when it is due and
 * which lane it belongs to.
 *
 * Messages in the lane of a relay that is down are taken into hand once for
 * each reason, to be told why they wait.
 */
#ifndef CMD_SENDOFFD_LOOK_H
#define CMD_SENDOFFD_LOOK_H

#include "cmd/sendoffd/runner.h"

/* An entry of NEW (now in HAND): places it, or takes the message up. */
void	look_at(struct runner *, struct backlog_entry *, int64_t tick);

/* An entry of a lane (now in HAND) whose turn it is. */
void	look_next(struct runner *, struct backlog_entry *);

#endif

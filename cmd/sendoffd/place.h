/* SPDX-License-Identifier: ISC */
/*
 * place - where an entry goes that comes out of HAND.
 *
 * Whatever is waited for is counted as done for the pass under way.
 */
#ifndef CMD_SENDOFFD_PLACE_H
#define CMD_SENDOFFD_PLACE_H

#include "cmd/sendoffd/runner.h"

/* It is not in the queue any more. */
void	place_gone(struct runner *, struct backlog_entry *);

/* Until the wall clock's time, or for so long. */
void	place_wait(struct runner *, struct backlog_entry *,
	    int64_t next_sec);
void	place_later(struct runner *, struct backlog_entry *, int64_t ms);

/* At once, since a flush came while it was in hand. */
void	place_again(struct runner *, struct backlog_entry *);

/* It is due: into the lane of a relay that serves it. */
void	place_ready(struct runner *, struct backlog_entry *,
	    const struct queue_msg *);

/* The lane in which it is to wait; NULL: nothing is owed. `split` tells that
 * others have recipients of it too. */
struct lane	*place_lane(struct runner *, const struct backlog_entry *,
	    const struct queue_msg *, bool *split);

/* The pass under way is done with it. */
void	place_count(struct runner *, struct backlog_entry *);

#endif

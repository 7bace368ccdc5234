/* SPDX-License-Identifier: ISC */
/*
 * crew - the workers: when one is started, who gets the next message, what
 * their words mean for the relay, and when an idle one goes.
 */
#ifndef CMD_SENDOFFD_CREW_H
#define CMD_SENDOFFD_CREW_H

#include "cmd/sendoffd/runner.h"

enum {
	CREW_IDLE_MS = 5000,		/* a worker without a job is kept */
	CREW_SLOW_MS = 1000,		/* a job that takes so long keeps those
					   behind it waiting */
};

/*
 * A worker that can take a message for this lane now, started if there is
 * none and the relay may have one more; NULL: none. `waiting`: so many
 * messages could go.
 */
struct worker	*crew_pick(struct runner *, struct lane *, size_t waiting,
	    int64_t tick);

/* Could any lane take a message now? */
bool	crew_has_room(const struct runner *, const struct lane *,
	    int64_t tick);

/* Children that ended; workers that are idle for long, or hang. */
void	crew_reap(struct runner *, int64_t tick);
void	crew_check(struct runner *, int64_t tick);
int64_t	crew_tick(const struct runner *);

/* All finish what they have; the end of those that do not. */
void	crew_finish(struct runner *);
void	crew_kill(struct runner *, int sig);

#endif

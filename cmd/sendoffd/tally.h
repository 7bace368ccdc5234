/* SPDX-License-Identifier: ISC */
/*
 * tally - what is counted for `sendoff status`, brought to the queue's
 * counters now and then; nobody's mail waits for that.
 */
#ifndef CMD_SENDOFFD_TALLY_H
#define CMD_SENDOFFD_TALLY_H

#include "cmd/sendoffd/runner.h"

enum {
	TALLY_MS = 5000,		/* between a count and the file */
	TALLY_LAST_TRIES = 20,		/* at the end, 10 ms apart */
};

void	tally_attempt(struct runner *, const struct relay *);
void	tally_rcpt(struct runner *, const struct relay *,
	    enum outcome_verdict);
void	tally_up(struct runner *, const struct relay *);
void	tally_down(struct runner *, const struct relay *,
	    const struct outcome *why);

/* When tally_merge is due; INT64_MAX: nothing was counted. */
int64_t	tally_tick(const struct runner *);
void	tally_merge(struct runner *, int64_t tick);

/* Before the end: the last try, and the memory. */
void	tally_end(struct runner *);

#endif

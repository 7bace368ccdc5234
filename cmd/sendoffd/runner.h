/* SPDX-License-Identifier: ISC */
/*
 * runner - what the files of this program share: one process, one queue.
 *
 *	loop	poll, signals, timers
 *	dispatch	which message is looked at, which is next
 *	crew	the workers, and which of them gets it
 *	attempt	a message in hand: its parts, its outcomes
 *	settle	what they mean for the queue: journal, reports, the end
 *	tally	what is counted for sendoff status
 *	recall	what an earlier runner learnt about the relays
 *	history	what is remembered for sendoff trace
 */
#ifndef CMD_SENDOFFD_RUNNER_H
#define CMD_SENDOFFD_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "queue/queue.h"
#include "queue/stats.h"

#include "cmd/sendoffd/allowance.h"
#include "cmd/sendoffd/backlog.h"
#include "cmd/sendoffd/site.h"
#include "cmd/sendoffd/worker.h"

struct attempt;

struct options {
	const char	*conf_path;	/* NULL: the default file */
	const char	*queue_dir;	/* NULL: the configured one */
	bool		 once;		/* one pass, then the end */
	bool		 drain;		/* until nothing is due, then the end */
	bool		 now;		/* retry times do not count */
	bool		 on_demand;	/* started by a message, not by hand */
	bool		 verbose;
	bool		 progress;	/* "DONE TOTAL" lines on fd 1 */
	bool		 background;
	int64_t		 interval_sec;	/* -q: a pass so often; 0: none */
	const char	**ids;		/* owned array; none: all */
	size_t		 nids;
};

enum {
	RUNNER_TROUBLE_MS = 10000,	/* the disk is left alone for so long */
	RUNNER_AGAIN_MS = 60000,	/* what cannot be looked at now */
	RUNNER_SPIN_MS = 2500,		/* doubled each time */
	RUNNER_SYNC_MS = 100,		/* directory syncs are batched */
};

struct runner {
	const struct options	*options;
	char			*program;	/* owned; sendoff-deliver */
	struct queue		*queue;
	struct backlog		*backlog;
	struct site		*site;		/* one reference */
	struct worker		**workers;	/* owned, each allocated */
	size_t			 nworkers;
	struct attempt		*parked;	/* linked; cannot be settled now */
	size_t			 nparked;
	size_t			 nattempts;	/* in hand, parked ones too */
	bool			 told_daemon;	/* that a relay works */
	bool			 stopping;	/* nothing new is taken up */
	int64_t			 sync_tick;	/* INT64_MAX: nothing to sync */
	int64_t			 trouble_tick;	/* nothing is taken up before */
	int64_t			 flush_sec;	/* the last flush, wall clock */
	uint64_t		 flushes;	/* how many there were */
	struct stats		 tally;		/* not yet merged */
	int64_t			 tally_tick;	/* 0: nothing counted */
	int64_t			 history_day;	/* old days went on that day */
	struct allowance	 reports;	/* by whom they go to */
	size_t			 pass_total, pass_done;	/* of `counted` ones */
};

#endif

/* SPDX-License-Identifier: ISC */
/*
 * metrics - the queue and its runners as OpenMetrics text.
 *
 * Shape	OpenMetrics 1.0, "# EOF" included; names in INTERFACE 5
 * Source	https://prometheus.io/docs/specs/om/open_metrics_spec/
 * Pure
 */
#ifndef QUEUE_METRICS_H
#define QUEUE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/mail/listing.h"
#include "queue/stats.h"

enum {
	METRICS_STATES = LISTING_CORRUPT + 1,
};

struct metrics {
	size_t	messages[METRICS_STATES];	/* by enum listing_state */
	int64_t	oldest_sec;			/* age; 0: no message */
	int64_t	bytes;				/* of all messages */
	bool	runner_up;
};

/* A relay whose health nobody knows has no sendoff_relay_up. */
void	metrics_write(struct buf *, const struct metrics *,
	    const struct stats *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * stats - what the runners counted, and how the relays are.
 *
 * A runner counts into a struct stats of its own (what is new since the last
 * merge) and merges it into DIR/stats now and then, and before it ends. The
 * file is replaced in one step, under a lock that nobody waits for, so that a
 * daemon and `sendoffd --once` count together. It is not synced: a power cut
 * may take the counters back, and a damaged line counts from zero.
 *
 * Shape	lines under their checksums (format_line_write):
 *		stats 1
 *		relay NAME attempts=N sent=N deferred=N bounced=N expired=N
 *		    last=SEC health=unknown|up|down since=SEC seen=SEC size=N
 *		    failed=SEC failures=N retry=SEC dsn=CODE why=TEXT
 * Units	seconds since 1970; bytes
 * Errors	ERR_TEMP
 * Owns		the array of relays
 */
#ifndef QUEUE_STATS_H
#define QUEUE_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/mail/outcome.h"
#include "queue/queue.h"

enum {
	STATS_NAME_SIZE = 64,		/* bytes of a relay's name and its NUL */
	STATS_RELAYS_MAX = 1000,
};

enum stats_status { STATS_SENT, STATS_DEFERRED, STATS_BOUNCED, STATS_EXPIRED,
	STATS_STATUSES };
enum stats_health { STATS_UNKNOWN, STATS_UP, STATS_DOWN };

struct stats_relay {
	char			name[STATS_NAME_SIZE];	/* "" is [relay] */
	int64_t			attempts;	/* messages handed to a worker */
	int64_t			rcpts[STATS_STATUSES];
	int64_t			last_sec;	/* last delivery; 0: none */
	enum stats_health	health;
	int64_t			since_sec;	/* when health became so */
	int64_t			seen_sec;	/* last session; 0: never */
	int64_t			size_max;	/* announced in it; 0: none */
	int64_t			failed_sec;	/* DOWN: last failure */
	int64_t			failures;	/* DOWN: in a row */
	int64_t			retry_sec;	/* DOWN: next probe; 0: unknown */
	char			dsn[12];	/* DOWN */
	char			why[OUTCOME_TEXT_MAX];	/* DOWN */
};

struct stats {				/* zeroed is empty */
	struct stats_relay	*v;	/* owned; sorted by name */
	size_t			 n;
};

void	stats_free(struct stats *);

/* "sent", "deferred", "bounced", "expired". */
const char	*stats_status_name(enum stats_status);

/* What a listing or a metric calls the relay: "default" for [relay]. */
const char	*stats_label(const char *name);

/* The relay of that name, added if it is new; good until the next new one. */
struct stats_relay	*stats_relay(struct stats *, const char *name);

void	stats_attempt(struct stats *, const char *relay);
void	stats_count(struct stats *, const char *relay, enum outcome_verdict,
	    int64_t now_sec);
void	stats_up(struct stats *, const char *relay, int64_t now_sec,
	    int64_t size_max);
void	stats_down(struct stats *, const char *relay, int64_t now_sec,
	    int64_t retry_sec, int64_t failures, const struct outcome *why);

/* The sum of all merges so far; a missing file is an empty one. */
int	stats_load(const struct queue *, struct stats *, struct err *);

/*
 * Adds news to the file and empties it. On -1 (another runner merges just
 * now, or the disk refused) news is as before: try again later. Nobody's
 * mail waits for this.
 */
int	stats_merge(struct queue *, struct stats *news, struct err *);

/* The pure parts. */
void	stats_add(struct stats *, const struct stats *news);
void	stats_write(const struct stats *, struct buf *);
void	stats_parse(const char *p, size_t n, struct stats *);

#endif

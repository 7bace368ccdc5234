/* SPDX-License-Identifier: ISC */
/*
 * relay - the health of one relay, its pace, and how many connections.
 *
 * A relay that cannot be used backs off as a whole, from retry_min doubled
 * up to retry_max, and is then probed by one message over one connection;
 * when it answers, everything that waits may go. A relay that is not yet
 * known to work gets one connection; one that turns a further connection
 * away while others stand gets no more than those for a while.
 *
 * Units	ticks are milliseconds that never jump
 * Pure		no I/O, no clock, no logging
 */
#ifndef CMD_SENDOFFD_RELAY_H
#define CMD_SENDOFFD_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/conf.h"
#include "core/mail/job.h"
#include "core/mail/outcome.h"

enum relay_state {
	RELAY_UNTRIED, RELAY_UP, RELAY_DOWN, RELAY_PROBING,
	RELAY_NONE,		/* none is configured: down for ever */
};

enum relay_news {		/* what the log should hear */
	RELAY_NO_NEWS,
	RELAY_NEWS_DOWN, RELAY_NEWS_UP,
};

struct relay {
	const struct conf_relay	*conf;		/* borrowed; NULL: none */
	int64_t			 retry_min_ms, retry_max_ms;
	enum relay_state	 state;
	struct outcome		 why;		/* of being down */
	uint32_t		 why_number;	/* another one for another why;
						   0: never was down */
	int64_t			 failed_sec;	/* when the last probe failed */
	int64_t			 probe_tick;	/* DOWN: not before */
	uint32_t		 failures;	/* in a row */
	size_t			 limit;		/* connections; 0: conf's */
	int64_t			 limit_tick;	/* until then */
	int64_t			 pace_us;	/* next message not before */
	int64_t			 size_max;	/* announced; 0: none, unknown */
	unsigned		 caps;		/* enum job_cap; last session's */
};

void	relay_init(struct relay *, const struct conf_relay *,
	    int64_t retry_min_sec, int64_t retry_max_sec);

/* What to call it in a log. */
const char	*relay_name(const struct relay *);

/* May a message be handed to it now? For how long not (INT64_MAX: until
 * something else happens), as a tick. */
bool	relay_open(const struct relay *, int64_t tick);
int64_t	relay_open_tick(const struct relay *);

/* Its messages wait for it to come back, and say why. */
bool	relay_is_down(const struct relay *);

/* How many connections it may have; how many messages one may hold. */
size_t	relay_connections(const struct relay *, int64_t tick);
size_t	relay_window(const struct relay *);

/* A message was handed to it: paces, and makes a probe of the first one. */
void	relay_sent(struct relay *, int64_t tick);

/* A session stands, or a reply to a message came. */
enum relay_news	relay_up(struct relay *);

/* It cannot be used. `standing`: so many other sessions with it still do,
 * and it is not down. random: for the jitter. */
enum relay_news	relay_down(struct relay *, const struct outcome *why,
	    size_t standing, int64_t now_sec, int64_t tick, uint32_t random);

/* It was down before we began, with so many failures in a row, the last one
 * at failed_sec, and is not to be tried before wait_ms have passed. */
void	relay_resume(struct relay *, const struct outcome *why,
	    int64_t failures, int64_t failed_sec, int64_t wait_ms,
	    int64_t tick);

/* The probe ended without an answer to the question. */
void	relay_unprobed(struct relay *);

/* Try at once, whatever it waits for. */
void	relay_flush(struct relay *);

#endif

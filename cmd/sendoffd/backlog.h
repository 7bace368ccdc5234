/* SPDX-License-Identifier: ISC */
/*
 * backlog - every message of the queue, as little of it as choosing needs.
 *
 * An entry is in one state:
 *	NEW	only its name is certain; it is to be looked at
 *	WAIT	not due before its tick
 *	READY	due, in the lane of the relay that serves it
 *	HELD	on hold, or not for us; until something about it changes
 *	HAND	taken by the caller, who must put it somewhere
 *
 * Fairness: from a lane the next one comes round-robin over the submitting
 * uids, and the oldest (ids sort by time) of that uid's.
 *
 * Limits	none but memory: about 150 bytes a message
 * Units	ticks are milliseconds that never jump (clock_tick_ms)
 * Owns		the entries; pointers are good until backlog_remove
 * Pure		no I/O, no clock
 */
#ifndef CMD_SENDOFFD_BACKLOG_H
#define CMD_SENDOFFD_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/id.h"

enum backlog_state {
	BACKLOG_NEW, BACKLOG_WAIT, BACKLOG_READY, BACKLOG_HELD, BACKLOG_HAND,
};

struct backlog_entry {
	/* What the caller keeps here; the backlog does not look at it. */
	int64_t			 check_sec;	/* wall clock; READY: look then
						   though its relay is down */
	uint32_t		 reason;	/* READY: its journal says why its
						   relay is down; 0: it does not */
	uint8_t			 spins;		/* tries that led to nothing */
	uint8_t			 busy;		/* looks that found it so */
	bool			 now;		/* due whatever the journal says */
	bool			 any_time;	/* waits for a relay that is down,
						   though others are not due */
	bool			 counted;	/* of the pass under way */
	bool			 split;		/* has other relays' rcpts too */
	bool			 known;		/* uid is: it was looked at */
	bool			 over;		/* settled; only the file is left */

	/* Read only. */
	enum backlog_state	 state;
	char			 id[ID_SIZE];
	uint32_t		 uid;
	size_t			 lane;

	int64_t			 key;		/* private: order in its heap */
	size_t			 pos;		/* private: place in its heap */
};

struct backlog;

struct backlog	*backlog_open(size_t lanes);
void		 backlog_close(struct backlog *);

/*
 * A message is there: a new entry in NEW, or the one that was known. Fresh
 * ones are looked at before those that a scan found. `added` may be NULL.
 */
struct backlog_entry	*backlog_add(struct backlog *, const char *id,
	    bool fresh, bool *added);
struct backlog_entry	*backlog_find(const struct backlog *, const char *id);
void	backlog_remove(struct backlog *, struct backlog_entry *);

/* From whatever state into another. */
void	backlog_look(struct backlog *, struct backlog_entry *, bool fresh);
void	backlog_wait(struct backlog *, struct backlog_entry *,
	    int64_t due_tick);
void	backlog_ready(struct backlog *, struct backlog_entry *, uint32_t uid,
	    size_t lane);
void	backlog_hold(struct backlog *, struct backlog_entry *);
void	backlog_hand(struct backlog *, struct backlog_entry *);

/* The next one of NEW, or of a lane; it is in HAND then. NULL: none. */
struct backlog_entry	*backlog_next_new(struct backlog *);
struct backlog_entry	*backlog_next(struct backlog *, size_t lane);

/* What of WAIT is due goes to NEW. When the next one is; INT64_MAX: none. */
void	backlog_wake(struct backlog *, int64_t tick);
int64_t	backlog_due_tick(const struct backlog *);

size_t	backlog_count(const struct backlog *, enum backlog_state);
size_t	backlog_count_lane(const struct backlog *, size_t lane);

/* Every entry, in no order; cb may move it, and remove it. */
void	backlog_each(struct backlog *,
	    void (*cb)(struct backlog_entry *, void *arg), void *arg);

/* Another number of lanes: READY ones go to NEW. */
void	backlog_set_lanes(struct backlog *, size_t lanes);

#endif

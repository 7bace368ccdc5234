/* SPDX-License-Identifier: ISC */
/*
 * track - what the queue and its history know of some messages, gathered.
 *
 * A message is in the queue, or in the history when it is over; reports that
 * came back later stand in the history in either case.
 *
 * Errors	ERR_TEMP
 * Owns		everything below
 */
#ifndef CMD_SENDOFF_TRACK_H
#define CMD_SENDOFF_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mail/outcome.h"
#include "queue/queue.h"

struct track_rcpt {
	char		*addr;
	char		*orig;		/* NULL: as addr */
	const char	*status;	/* constant: "sent", "deferred", ... */
	struct outcome	 outcome;	/* OUTCOME_NONE: never tried */
	int64_t		 sec;		/* of the outcome; 0: none */
};

struct track_report {
	char	*type, *addr, *orig, *action, *status, *text;
	int64_t	 sec;
};

struct track {
	char			 id[ID_SIZE];
	bool			 known;		/* the next seven are */
	bool			 queued;	/* not over yet */
	int64_t			 arrival_sec;
	uint32_t		 uid;
	int64_t			 size;
	char			*sender;
	char			*envid, *message_id;	/* NULL: none */
	struct track_rcpt	*rcpts;
	size_t			 nrcpts;
	struct track_report	*reports;
	size_t			 nreports;
};

struct tracks {
	struct track	*v;		/* oldest first */
	size_t		 n;
};

/* What is asked for; one of them, the others NULL. */
struct track_key {
	const char	*id;
	const char	*envid;
	const char	*message_id;	/* without its <> */
};

/* *out is empty when nothing is known. */
int	tracks_find(struct queue *, const struct track_key *,
	    int64_t since_sec, struct tracks *out, struct err *);
void	tracks_free(struct tracks *);

#endif

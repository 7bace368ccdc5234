/* SPDX-License-Identifier: ISC */
/*
 * listing - the queue as mailq and `sendoff queue` show it.
 *
 * Shape	text: the layout of Postfix's showq with its long ids, and the
 *		last lines of both Postfix and sendmail. JSON: one object a line
 *		with the names of `postqueue -j` and more (INTERFACE 3, mailq).
 * Units	seconds since 1970, bytes
 * Limits	a reason is cut at LISTING_REASON_MAX bytes (text only)
 * Pure		but for the machine's time zone (localtime_r)
 *
 * Text is: listing_text_head before the first message, listing_text for each,
 * listing_text_tail at the end; without a message only the tail. Everything
 * is cleaned here. Give the buf's bytes out after each message: a queue may
 * hold a million.
 */
#ifndef CORE_MAIL_LISTING_H
#define CORE_MAIL_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/conf.h"

enum {
	LISTING_REASON_MAX = 500,
};

enum listing_state {
	LISTING_INCOMING,	/* not yet tried */
	LISTING_ACTIVE,		/* in a runner's hands */
	LISTING_DEFERRED,
	LISTING_HOLD,
	LISTING_CORRUPT,	/* only id, size and arrival are known */
};

struct listing_rcpt {			/* borrowed; still owed */
	const char	*addr;
	const char	*orig;		/* before aliases; NULL: none */
	const char	*dsn;		/* NULL or "": not yet tried */
	const char	*reason;	/* NULL or "": not yet tried */
};

struct listing_msg {			/* borrowed but for rcpts */
	enum listing_state	 state;
	const char		*id;
	int64_t			 arrival_sec;
	int64_t			 size;
	const char		*sender;	/* "" is <>; NULL: not known */
	struct listing_rcpt	*rcpts;		/* owned by who filled it */
	size_t			 nrcpts;
	int64_t			 uid;		/* -1: not known */
	int64_t			 attempts;
	int64_t			 last_sec;	/* 0: none */
	int64_t			 next_sec;	/* 0: none known */
	int64_t			 expires_sec;	/* 0: not known */
	const char		*envid;		/* NULL: none */
};

struct listing_total {			/* zero before the first message */
	size_t	n;
	int64_t	bytes;
};

/* "incoming", "active", "deferred", "hold", "corrupt". */
const char	*listing_state_name(enum listing_state);

/* A line that says that nothing will move, for a queue without a runner;
 * before everything else. */
void	listing_text_no_runner(struct buf *);

void	listing_text_head(struct buf *);
void	listing_text(struct buf *, const struct listing_msg *,
	    struct listing_total *);

/* dir is named where the queue is empty. */
void	listing_text_tail(struct buf *, const struct listing_total *,
	    enum conf_trailer, const char *dir);

void	listing_json(struct buf *, const struct listing_msg *);

#endif

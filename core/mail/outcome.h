/* SPDX-License-Identifier: ISC */
/*
 * outcome - what became of one recipient in one attempt.
 *
 * Shape	as text: "VERDICT CODE DSN dsn|- RELAY TEXT MS MS MS", values
 *		encoded as in an envelope; packets and journals carry it
 * Source	RFC 5321 4.2 (codes), RFC 3463 (dsn)
 * Limits	text is cleaned (text_clean) and cut by who fills it
 * Pure
 */
#ifndef CORE_MAIL_OUTCOME_H
#define CORE_MAIL_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/compat.h"

struct line;

enum {
	OUTCOME_TEXT_MAX = 512,		/* bytes, NUL included */
	OUTCOME_RELAY_MAX = 320,	/* "host[address]:port" and NUL */
};

enum outcome_verdict {
	OUTCOME_NONE,		/* not attempted: nothing is charged */
	OUTCOME_SENT,		/* 2yz to our final dot */
	OUTCOME_DEFERRED,	/* try later; an attempt is charged */
	OUTCOME_UNKNOWN,	/* the dot went out, no reply came: deferred, and
				   no other host in this pass */
	OUTCOME_FAILED,		/* it bounces */
	OUTCOME_EXPIRED,	/* it bounces, since its lifetime is over */
};

struct outcome {
	enum outcome_verdict	verdict;
	int			code;		/* SMTP reply, or 0: our own */
	char			dsn[12];	/* class follows the verdict */
	bool			dsn_passed;	/* relay took the DSN wishes on */
	char			relay[OUTCOME_RELAY_MAX]; /* "" before one */
	char			text[OUTCOME_TEXT_MAX];	/* "250 2.0.0 Ok" or ours */
	int32_t			delay_ms[3];	/* connection, envelope, body */
};

/* "sent", "deferred", "bounced", "expired"; for the log. */
const char	*outcome_status(enum outcome_verdict);

/* Sets verdict, dsn and a formatted text; cleans it. */
void	outcome_set(struct outcome *, enum outcome_verdict, const char *dsn,
	    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The dsn with the class (2, 4, 5) that the verdict demands; a missing or
 * malformed one becomes x.0.0. */
void	outcome_fix_dsn(struct outcome *);

void	outcome_write(const struct outcome *, struct buf *);

/* The next words of the line; what does not fit makes the line bad and
 * leaves *outcome as it was. Its text holds no control character. */
void	outcome_read(struct line *, struct outcome *);

#endif

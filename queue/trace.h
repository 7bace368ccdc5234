/* SPDX-License-Identifier: ISC */
/*
 * trace - what became of messages that are over, for as long as [queue]
 * history says.
 *
 * One text file a day, DIR/trace.YYYYMMDD (UTC): lines are only appended, by
 * every runner and by who records a report, and the whole file goes when its
 * day is too old. Nothing is synced, and nobody's mail waits for this; a line
 * that a crash tore or a disk damaged is passed over. DIR/answered has the
 * same lines about notifications that went out, and stays: RFC 8098 2.1 wants
 * no second one, however late.
 *
 * Shape	lines under their checksums (format_line_write), values encoded
 *		as in an envelope:
 *		message ID SEC ARRIVAL_US UID SIZE SENDER ENVID MESSAGE-ID
 *		rcpt ID SEC N STATE ADDR ORIG OUTCOME...
 *		report ID SEC KIND ADDR ORIG ACTION STATUS TEXT
 *		(a value that is not there is empty)
 * Limits	TRACE_DAY_MAX bytes a file: what does not fit is not recorded;
 *		TRACE_LINE_MAX bytes a line
 * Errors	ERR_TEMP
 */
#ifndef QUEUE_TRACE_H
#define QUEUE_TRACE_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/base/id.h"
#include "core/mail/outcome.h"
#include "queue/queue.h"

enum {
	TRACE_DAY_MAX = 256 * 1024 * 1024,	/* bytes */
	TRACE_LINE_MAX = 16 * 1024,		/* bytes, LF included */
};

enum trace_kind { TRACE_MESSAGE, TRACE_RCPT, TRACE_REPORT };

struct trace_event {			/* all strings borrowed; never NULL */
	enum trace_kind	 kind;
	char		 id[ID_SIZE];
	int64_t		 sec;		/* when it was recorded */

	/* MESSAGE */
	int64_t		 arrival_us;
	uint32_t	 uid;
	int64_t		 size;
	const char	*sender, *envid, *message_id;

	/* RCPT: OWED means that the message was removed before */
	uint32_t		 rcpt;
	enum queue_rcpt_state	 state;
	struct outcome		 outcome;

	/* RCPT, REPORT */
	const char	*addr, *orig;

	/* REPORT: what a DSN or an MDN told later */
	const char	*type;		/* "dsn", "mdn"; "mdn-sent": one that
					   went out, text is what it is about */
	const char	*action;	/* "delivered", "displayed" */
	const char	*status;	/* "2.0.0", or "" */
	const char	*text;
};

/* All of a message, when it is about to be finished. */
int	trace_add(struct queue *, const struct queue_msg *, int64_t now_sec,
	    struct err *);

/* One event; strings that are NULL count as empty. */
int	trace_note(struct queue *, const struct trace_event *, struct err *);

/* A REPORT, "mdn-sent", into the file that stays. */
int	trace_note_answer(struct queue *, const struct trace_event *,
	    struct err *);
int	trace_scan_answers(const struct queue *,
	    bool (*cb)(const struct trace_event *, void *arg), void *arg,
	    struct err *);

/*
 * Every event that is not older than since_sec, the oldest day first, each
 * message before its recipients; cb returns false to stop.
 */
int	trace_scan(const struct queue *, int64_t since_sec,
	    bool (*cb)(const struct trace_event *, void *arg), void *arg,
	    struct err *);

/* Unlinks the days that ended before since_sec. */
int	trace_expire(struct queue *, int64_t since_sec, struct err *);

#endif

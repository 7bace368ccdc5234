/* SPDX-License-Identifier: ISC */
/*
 * smtp_reply - one SMTP reply, read from bytes in any chunking.
 *
 * Shape	*( code "-" [text] CRLF ) code [ SP text ] CRLF
 *		code is three digits, 2yz..5yz, the same on every line.
 * Source	RFC 5321 4.2 (replies), 4.5.3.1.5 (line length);
 *		RFC 2034 4 and RFC 3463 2 (the "5.1.1" in front of text).
 * Limits	SMTP_REPLY_LINE_MAX and SMTP_REPLY_MAX below; both are ours:
 *		the RFC's 512 bytes a line binds the server, not us. A line
 *		may be as long as RFC 4954 lets a challenge of AUTH be.
 * Lenient	a bare LF ends a line; a bare CR does not.
 * Pure		no I/O, no clock, no logging. Any bytes may be fed.
 */
#ifndef CORE_SMTP_REPLY_H
#define CORE_SMTP_REPLY_H

#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	SMTP_REPLY_LINE_MAX = 12288 + 6,	/* bytes, line end included */
	SMTP_REPLY_MAX = 16384,		/* bytes of text in one reply */
};

enum smtp_reply_state {
	SMTP_REPLY_MORE,	/* all bytes taken, reply not complete */
	SMTP_REPLY_DONE,	/* code, dsn and text are valid */
	SMTP_REPLY_BAD,		/* not SMTP; err says what, give up the session */
};

struct smtp_reply {
	int		code;		/* 200..599 */
	char		dsn[12];	/* "5.1.1", or "" if the server sent none */
	struct buf	text;		/* owned; lines joined by LF, codes removed */

	struct buf	line;		/* private: the line being read */
	size_t		lines;		/* private: how many are complete */
};

void	smtp_reply_init(struct smtp_reply *);
void	smtp_reply_free(struct smtp_reply *);

/* Forget the previous reply, keep its memory. Call before each new reply. */
void	smtp_reply_reset(struct smtp_reply *);

/*
 * Take bytes from p[0..n). *used is how many were taken; DONE never takes a
 * byte past this reply, so the rest belongs to the next one (RFC 2920 3.1).
 * Errors: ERR_PROTO only, dsn "4.5.0" (a broken server may be mended).
 */
enum smtp_reply_state smtp_reply_feed(struct smtp_reply *, const char *p,
	    size_t n, size_t *used, struct err *);

/* "550 5.1.1 no such user" on one line, cleaned, at most max bytes of it. */
void	smtp_reply_show(const struct smtp_reply *, struct buf *, size_t max);

#endif

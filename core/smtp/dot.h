/* SPDX-License-Identifier: ISC */
/*
 * smtp_dot - a message as DATA carries it: dots stuffed, the end marked.
 *
 * Source	RFC 5321 4.5.2, 2.3.8
 * Limits	at most 2 * n bytes are added for n, and 5 at the end
 * Pure
 *
 * The message comes with CRLF line ends and no bare CR or LF; should one
 * stand there all the same, a dot behind it is stuffed as well, since some
 * server might take it for a line end.
 */
#ifndef CORE_SMTP_DOT_H
#define CORE_SMTP_DOT_H

#include <stddef.h>

#include "core/base/buf.h"

enum smtp_dot {			/* how what was fed ends; start with 0 */
	SMTP_DOT_LINE,		/* at the beginning of a line */
	SMTP_DOT_TEXT,
	SMTP_DOT_CR,		/* behind a CR */
	SMTP_DOT_LF,		/* behind a bare LF */
};

void	smtp_dot_feed(enum smtp_dot *, const char *p, size_t n, struct buf *);

/* The missing line end, if one is missing, and ".\r\n". */
void	smtp_dot_finish(enum smtp_dot *, struct buf *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * maillog - the lines about a message, in the shape that log readers know.
 *
 * Shape	QID: from=<s>, size=N, nrcpt=N (queue active)
 *		QID: to=<a@b>, orig_to=<x>, relay=h[addr]:port, delay=0.31,
 *		delays=0.01/0/0.2/0.1, dsn=2.0.0, status=sent (250 2.0.0 Ok)
 *		delays: before we took it up / in our hands / connection /
 *		transmission, in seconds
 * Source	INTERFACE 4; Postfix's log_adhoc(3) for the numbers
 * Pure		bytes into a buf
 */
#ifndef CMD_SENDOFFD_MAILLOG_H
#define CMD_SENDOFFD_MAILLOG_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"

void	maillog_active(struct buf *, const struct envelope *, int64_t size);

/* taken_us: when the message was taken up; 0: it was not. */
void	maillog_rcpt(struct buf *, const struct envelope *, size_t rcpt,
	    const struct outcome *, int64_t taken_us, int64_t now_us);

/* Milliseconds as seconds with two significant digits: "0.31", "12". */
void	maillog_seconds(struct buf *, int64_t ms);

#endif

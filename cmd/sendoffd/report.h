/* SPDX-License-Identifier: ISC */
/*
 * report - delivery status notifications, queued like any other message.
 *
 * One report tells one sender about all of his recipients of a pass. It goes
 * out under [bounce] sender, to the envelope sender as it stood on the wire,
 * a local one through the aliases. A failed report is never reported to its
 * recipient's sender: it goes to [bounce] postmaster, once, or is dropped with
 * a log line.
 *
 * Errors	ERR_TEMP: it could not be stored, and the original must stay
 */
#ifndef CMD_SENDOFFD_REPORT_H
#define CMD_SENDOFFD_REPORT_H

#include "core/mail/dsn.h"

#include "cmd/sendoffd/attempt.h"

/*
 * Durable, or seen to be undeliverable, when it returns 0. sender is whom it
 * concerns; dsns are n of the message's recipients.
 */
int	report_send(struct attempt *, const char *sender,
	    struct dsn_rcpt *dsns, size_t n, struct err *);

#endif

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
 * Somebody who is sent one report after the other hears of no more than
 * REPORT_BURST at once and REPORT_PER_HOUR then: further ones wait, and are
 * dropped with a log line when the message's lifetime is over. Those that
 * were asked for (NOTIFY=SUCCESS) are not held back.
 *
 * Limits	the runner's memory counts: another run begins anew
 * Errors	ERR_TEMP: it could not be stored, and the original must stay
 */
#ifndef CMD_SENDOFFD_REPORT_H
#define CMD_SENDOFFD_REPORT_H

#include "core/mail/dsn.h"

#include "cmd/sendoffd/attempt.h"

enum {
	REPORT_BURST = 200,
	REPORT_PER_HOUR = 100,
	REPORT_LATER_SEC = 15 * 60,	/* to twice that: the next try */
};

enum report_result {
	REPORT_MADE,		/* durable, or seen to be undeliverable */
	REPORT_LATER,		/* its time has not come, or whom to tell is
				   not known for the moment; it was logged */
	REPORT_FAILED,		/* err: it could not be stored */
};

/* sender is whom it concerns; dsns are n of the message's recipients. */
enum report_result	report_send(struct attempt *, const char *sender,
	    struct dsn_rcpt *dsns, size_t n, struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * smtp_phase - the steps of a session, and what a server may answer in each.
 *
 * Source	RFC 5321 4.5.3.2 (time-outs), 4.2 and 4.3.2 (replies); 4954 6
 * Units	seconds in the table, milliseconds from the function
 * Pure
 */
#ifndef CORE_SMTP_PHASE_H
#define CORE_SMTP_PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/conf.h"
#include "core/smtp/reply.h"

enum smtp_phase {
	SMTP_GREETING, SMTP_EHLO, SMTP_HELO, SMTP_STARTTLS, SMTP_HANDSHAKE,
	SMTP_AUTH, SMTP_RSET, SMTP_MAIL, SMTP_RCPT, SMTP_DATA, SMTP_BODY,
	SMTP_DOT, SMTP_PROBE, SMTP_QUIT,
	SMTP_PHASES
};

struct smtp_phase_info {
	const char	*name;		/* "the reply to MAIL": for messages */
	int64_t		 timeout_sec;	/* the RFC's minimum */
};

extern const struct smtp_phase_info smtp_phases[SMTP_PHASES];

/* The relay's `timeout`, or the RFC's where that is larger and the
 * administrator has set nothing; QUIT has five seconds. */
int64_t	smtp_phase_timeout_ms(enum smtp_phase, const struct conf_relay *);

enum smtp_verdict {
	SMTP_YES,		/* go on */
	SMTP_LATER,		/* 4yz and what is like it */
	SMTP_NO,		/* 5yz: will not pass */
	SMTP_FULL,		/* RCPT: no more recipients in this transaction */
	SMTP_BARE,		/* a parameter that it does not take */
	SMTP_OVER,		/* 421: the session ends here */
	SMTP_DENIED,		/* 530: the relay refuses us, not the message */
	SMTP_WRONG,		/* no answer to this command: a broken peer */
};

enum smtp_verdict	smtp_judge(enum smtp_phase, const struct smtp_reply *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * deliver_impl - what deliver.c and answer.c share, and nobody else.
 */
#ifndef CORE_SMTP_DELIVER_IMPL_H
#define CORE_SMTP_DELIVER_IMPL_H

#include "core/smtp/deliver.h"

struct smtp_run {
	struct smtp_session	*s;
	const struct smtp_feed	*feed;
	struct smtp_message	*msg;		/* whose turn it is; NULL */
	/* In the order in which they were said; replies come to the first. */
	struct smtp_transaction	 flight[SMTP_WINDOW];
	size_t			 n;
	/* Begun, and owing again: a 452 came when another had its turn. */
	struct smtp_message	*again[SMTP_WINDOW];
	size_t			 nagain;
	bool			 dry;		/* no use in waiting for more */
	struct smtp_end		*end;
};

/* answer.c: a recipient goes back to be put into another transaction. */
void	smtp_owe(struct smtp_message *, size_t i);

/* Everyone in t who is in that state gets the last reply as the outcome. */
void	smtp_settle_all(struct smtp_run *, struct smtp_transaction *,
	    enum smtp_rcpt_state which, enum outcome_verdict);

/* Reads the reply to the next command of t that has none. */
int	smtp_take_reply(struct smtp_run *, struct smtp_transaction *,
	    struct err *);

/* The verdict on the message of t: to its dot, or to BDAT LAST. */
int	smtp_take_dot(struct smtp_run *, struct smtp_transaction *,
	    struct err *);

#endif

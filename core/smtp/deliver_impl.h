/* SPDX-License-Identifier: ISC */
/*
 * deliver_impl - what deliver.c, window.c and answer.c share, and nobody else.
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

/* window.c: the k-th transaction is over; and with its last one, the message
 * is done. */
void	smtp_conclude(struct smtp_run *, size_t k);

/* Tells whether any message in flight is between its dot and the reply. */
void	smtp_tell_between(const struct smtp_run *);

/* As many transactions as there is room for: said, but for the first part of
 * one that has the session to itself. */
int	smtp_push(struct smtp_run *, struct err *);

/* Before a reply that has not come: a message that comes first goes out. */
int	smtp_await(struct smtp_run *, enum smtp_phase, struct err *);

/* The next group of a transaction's commands, to the wire's buffer. */
void	smtp_say_group(struct smtp_run *, struct smtp_transaction *);

/*
 * Our own file fails us: not the relay's fault, and no other relay can mend
 * it. Settled here for all recipients but those that another transaction in
 * flight has, so that nobody tries again at once.
 */
void	smtp_unreadable(struct smtp_run *, struct smtp_transaction *,
	    const struct err *);

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

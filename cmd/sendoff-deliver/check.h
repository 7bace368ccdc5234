/* SPDX-License-Identifier: ISC */
/*
 * check - the way to the relay, walked step by step for somebody who watches:
 * DNS, each address, TCP, greeting, EHLO, TLS, AUTH, SIZE; and what to do
 * about the first step that fails. Then, over the first session that stands,
 * what was asked for.
 *
 * Every step has connect_timeout. Exit codes: 0; 69 the relay failed or
 * refused; 75 try later; 64 an argument that cannot be sent; 78.
 */
#ifndef CMD_SENDOFF_DELIVER_CHECK_H
#define CMD_SENDOFF_DELIVER_CHECK_H

#include <stdbool.h>

#include "core/base/conf.h"
#include "core/smtp/session.h"

struct check {			/* at most one of these; none: only the walk */
	const char	*send;		/* a test message to this address */
	const char	*verify;	/* VRFY */
	const char	*expand;	/* EXPN */
	bool		 help_text;	/* HELP */
	bool		 noop;
};

int	check_run(const struct conf *, const struct smtp_setup *,
	    const struct check *);

/* check_ask.c: before anything else, ERR_USAGE for what cannot be sent; */
int	check_arguments(const struct check *, struct err *);

/* and over a session that stands; the exit code. */
int	check_ask(const struct conf *, struct smtp_session *,
	    const struct check *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * sasl_impl - what the files of sasl share, and nobody else.
 */
#ifndef CORE_SMTP_SASL_IMPL_H
#define CORE_SMTP_SASL_IMPL_H

#include "core/smtp/sasl.h"

enum sasl_need { SASL_NEED_PASSWORD, SASL_NEED_TOKEN, SASL_NEED_CERT,
	SASL_NEED_TICKET };

struct sasl_mech {
	const char	*name;
	enum sasl_need	 need;
	bool		 reusable;	/* the peer learns the secret itself */
	bool		 plus;		/* bound to the TLS channel */
	bool		 scram;
	bool		 client_first;	/* has an initial response */
};

enum {
	/* RFC 5802 5.1 and RFC 7677 4 want 4096 at least; fewer make a stolen
	 * exchange cheap to search. 600000 take the library a second. */
	SASL_SCRAM_ITER_MIN = 4096,
	SASL_SCRAM_ITER_MAX = 600000,
};

/* The mechanism of that name (any case), or NULL: unknown, or never used. */
const struct sasl_mech	*sasl_mech_find(const char *p, size_t n);

/*
 * A server-first message of SCRAM before the library sees it: r= that goes on
 * from our nonce, a salt, a bearable number of iterations, no m=. Pure.
 */
int	sasl_scram_check(const char *p, size_t n, struct slice nonce,
	    struct err *);

/* The nonce of a client-first message; n == 0 when there is none. Pure. */
struct slice	sasl_scram_nonce(const char *p, size_t n);

/* First messages of XOAUTH2 (no RFC) and OAUTHBEARER (RFC 7628 3.1). */
int	sasl_oauth_first(const struct sasl_facts *, bool bearer, struct buf *,
	    struct err *);

#endif

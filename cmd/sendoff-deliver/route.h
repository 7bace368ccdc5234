/* SPDX-License-Identifier: ISC */
/*
 * route - the relay's hosts and their addresses, one after the other, and a
 * session with the one whose turn it is.
 *
 * A configured host is resolved when its turn comes. What fails on the way
 * is remembered: the failure that got furthest speaks for the relay, since
 * "wrong password" says more than "connection refused" by the next address.
 *
 * Owns		the addresses
 */
#ifndef CMD_SENDOFF_DELIVER_ROUTE_H
#define CMD_SENDOFF_DELIVER_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/mail/job.h"
#include "core/smtp/resolve.h"
#include "core/smtp/session.h"

enum {
	ROUTE_NAMES_MAX = 16,		/* names a certificate may have */
};

struct route {
	const struct smtp_setup	*setup;		/* kept */
	size_t			 host;		/* next one to resolve */
	struct resolve_list	 list;		/* of the host before */
	size_t			 at;		/* next one of the list */

	/* The address in use, which the session's target points into. */
	struct resolve_addr	 addr;
	struct smtp_target	 target;
	const char		*names[ROUTE_NAMES_MAX];
	struct resolve_tlsa	 records[RESOLVE_TLSA_MAX];
	struct tls_tlsa		 tlsa[RESOLVE_TLSA_MAX];

	/* Why the relay cannot be used; valid after a failure. */
	bool			 failed;
	enum job_down		 down;
	struct err		 err;
	char			 relay[OUTCOME_RELAY_MAX]; /* "" before one */
};

void	route_init(struct route *, const struct smtp_setup *);
void	route_free(struct route *);

/* From the first host on again; what failed is forgotten. */
void	route_restart(struct route *);

/* Is an address or a host left that has not had its turn? */
bool	route_has_next(const struct route *);

/*
 * Opens a session with the next address that will have one. -1 when there is
 * none left: then down, err and relay say why.
 */
int	route_connect(struct route *, struct smtp_session *);

/*
 * Opens a session with r->addr, which host number r->host - 1 led to. On -1
 * the session is closed; its name, phase and peer tell how far it got (name
 * is "" without a connection).
 */
int	route_open(struct route *, struct smtp_session *, enum job_down *,
	    struct err *);

/* The address in use cannot be used after all. */
void	route_blame(struct route *, enum job_down, const char *relay,
	    const struct err *);

/* What a session that ended in that phase says about the relay. */
enum job_down	route_down(enum smtp_phase, const struct err *);

#endif

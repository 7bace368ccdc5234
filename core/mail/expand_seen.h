/* SPDX-License-Identifier: ISC */
/*
 * expand_seen - a set of addresses, as addr_eq tells them apart; for expand
 * alone.
 *
 * Pure
 */
#ifndef CORE_MAIL_EXPAND_SEEN_H
#define CORE_MAIL_EXPAND_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mail/envelope.h"

/* Indexes into an envelope's recipients, found by address. */
struct expand_seen {
	uint32_t	*slots;		/* owned; index + 1, 0: free */
	size_t		 nslots;	/* a power of two */
	size_t		 n;		/* recipients of env that are in it */
};

/* Has env this recipient? Takes up those that were added since. */
bool	expand_seen_has(struct expand_seen *, const struct envelope *env,
	    const char *addr);
void	expand_seen_free(struct expand_seen *);

#endif

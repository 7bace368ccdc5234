/* SPDX-License-Identifier: ISC */
/*
 * route - which relay serves a recipient.
 *
 * A relay whose `recipient` pattern matches beats one whose `sender` pattern
 * does, which beats the unnamed relay; among equals the first in the file.
 *
 * Source	INTERFACE 2 ("Patterns")
 * Pure
 */
#ifndef CORE_MAIL_ROUTE_H
#define CORE_MAIL_ROUTE_H

#include <sys/types.h>

#include "core/base/conf.h"

/* Index into conf->relays; -1: none is configured that would. Both addresses
 * as they go on the wire, the sender "" for <>. */
ssize_t	route_relay(const struct conf *, const char *sender,
	    const char *rcpt);

#endif

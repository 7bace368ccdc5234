/* SPDX-License-Identifier: ISC */
/*
 * whom - where a report goes: an address, a local one through the aliases.
 *
 * Errors	ERR_TEMP: the aliases cannot be read now
 */
#ifndef CMD_SENDOFFD_WHOM_H
#define CMD_SENDOFFD_WHOM_H

#include "core/mail/envelope.h"

#include "cmd/sendoffd/site.h"

/* Adds what addr leads to; nothing (0, and a log line) if it leads nowhere. */
int	whom_add(const struct site *, struct envelope *report,
	    const char *addr, struct err *);

#endif

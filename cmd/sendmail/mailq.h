/* SPDX-License-Identifier: ISC */
/*
 * mailq - which messages -qI, -qR and -qS select; for listings and passes.
 *
 * Pure
 */
#ifndef CMD_SENDMAIL_MAILQ_H
#define CMD_SENDMAIL_MAILQ_H

#include <stdbool.h>

#include "cmd/sendmail/options.h"
#include "core/mail/listing.h"

/* Filters of one kind are alternatives, different kinds are all demanded. */
bool	mailq_wanted(const struct options *, const struct listing_msg *);

#endif

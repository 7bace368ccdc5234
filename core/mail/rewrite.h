/* SPDX-License-Identifier: ISC */
/*
 * rewrite - [rewrite] and [identity]: the address that a sender becomes.
 *
 * A whole address beats a bare name (in a local domain), which beats
 * "@domain"; one pass; domains without case.
 *
 * Source	INTERFACE 2
 * Pure
 */
#ifndef CORE_MAIL_REWRITE_H
#define CORE_MAIL_REWRITE_H

#include <stdbool.h>

#include "core/base/conf.h"

/* addr is complete; returns an allocated string. "" stays "". */
char	*rewrite_addr(const struct conf *, const char *addr);

/* Is the domain one of [aliases] local? */
bool	rewrite_is_local(const struct conf *, const char *domain);

#endif

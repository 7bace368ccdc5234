/* SPDX-License-Identifier: ISC */
/*
 * idna - domains in UTF-8 as A-labels, for a relay without SMTPUTF8.
 *
 * The only user of libidn2, and a file that only sendoff-deliver pulls in.
 *
 * Source	RFC 5890, 5891; UTS 46 mapping, non-transitional
 * Errors	ERR_PERM "5.1.2": no domain that IDNA knows
 * Pure		but for libidn2's own tables
 */
#ifndef CORE_MAIL_IDNA_H
#define CORE_MAIL_IDNA_H

#include "core/base/err.h"

/* An address whose domain is ASCII comes back as a copy; the local part is
 * never touched. On 0 *out is allocated. */
int	idna_addr(const char *addr, char **out, struct err *);

#endif

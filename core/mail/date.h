/* SPDX-License-Identifier: ISC */
/*
 * date - RFC 5322 dates, written and read, without a locale.
 *
 * Shape	"Tue, 24 Nov 2026 06:28:59 +0100"; read also with 4.3's obsolete
 *		zones and years, comments, without day name or seconds
 * Units	sec and us since 1970; zone_min minutes east of UTC
 * Lenient	the day name is not compared with the date
 * Pure
 */
#ifndef CORE_MAIL_DATE_H
#define CORE_MAIL_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

enum {
	DATE_SIZE = 40,			/* bytes that hold a date and its NUL */
};

void	date_add(struct buf *, int64_t us, int zone_min);

/* False: no date, *sec and *zone_min untouched. zone_min may be NULL. */
bool	date_parse(const char *p, size_t n, int64_t *sec, int *zone_min);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * date - RFC 5322 dates, written without a locale.
 *
 * Shape	"Tue, 24 Nov 2026 06:28:59 +0100"
 * Units	us since 1970; zone_min minutes east of UTC
 * Pure
 */
#ifndef CORE_MAIL_DATE_H
#define CORE_MAIL_DATE_H

#include <stdint.h>

#include "core/base/buf.h"

enum {
	DATE_SIZE = 40,			/* bytes that hold a date and its NUL */
};

void	date_add(struct buf *, int64_t us, int zone_min);

#endif

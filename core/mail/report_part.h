/* SPDX-License-Identifier: ISC */
/*
 * report_part - what the readers of new and old reports share; for report
 * alone.
 *
 * Pure
 */
#ifndef CORE_MAIL_REPORT_PART_H
#define CORE_MAIL_REPORT_PART_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/mail/report.h"

/* p[0..n) trimmed, white space with a line end in it as one blank, at most
 * REPORT_VALUE_MAX octets; allocated. NULL for nothing. */
char	*report_value(const char *p, size_t n);

/* A zeroed recipient more; NULL past REPORT_RCPT_MAX (which is a problem). */
struct report_rcpt	*report_add(struct report *);

/* The first one stays. */
void	report_problem(struct report *, const char *what);

/* The original's Message-ID out of its header section, unless known. */
void	report_take_message_id(struct report *, struct slice section);

/* The section of a message at the start of s. */
struct slice	report_section(struct slice s);

/* The fields of a message/delivery-status or -notification part. */
void	report_take_fields(struct report *, struct slice);

/* The texts of MTAs before (or without) RFC 3464. False: none of those. */
bool	report_old(struct report *, struct slice header, struct slice text);

#endif

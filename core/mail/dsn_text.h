/* SPDX-License-Identifier: ISC */
/*
 * dsn_text - the part of a delivery status notification that people read;
 * for dsn alone.
 *
 * Pure
 */
#ifndef CORE_MAIL_DSN_TEXT_H
#define CORE_MAIL_DSN_TEXT_H

#include "core/base/buf.h"
#include "core/mail/dsn.h"

void	dsn_text(const struct dsn *, struct buf *);

/* What to do about a status, in one sentence. */
const char	*dsn_advice(const char *status);

#endif

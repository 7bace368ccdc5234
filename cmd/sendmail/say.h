/* SPDX-License-Identifier: ISC */
/*
 * say - one line to whoever called, on standard error.
 */
#ifndef CMD_SENDMAIL_SAY_H
#define CMD_SENDMAIL_SAY_H

#include <stddef.h>

#include "core/base/compat.h"
#include "core/base/err.h"

/* "sendmail: ..." and a line end, with one write. */
void	say(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Says why, and returns the exit code for it. */
int	say_err(const struct err *);

/* All n bytes to standard output; -1 (said): they could not be written. */
int	say_out(const char *p, size_t n);

#endif

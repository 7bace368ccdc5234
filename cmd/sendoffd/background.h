/* SPDX-License-Identifier: ISC */
/*
 * background - the process that was called ends when the one that goes on is
 * ready, with its exit status if it never gets there.
 *
 * Owns		a pipe until background_ready
 */
#ifndef CMD_SENDOFFD_BACKGROUND_H
#define CMD_SENDOFFD_BACKGROUND_H

#include "core/base/err.h"

/* Returns in the child only, in a session of its own; standard error is
 * still the caller's. */
int	background_start(struct err *);

/* Lets the caller go, and its standard descriptors. Does nothing where
 * background_start was not called. */
void	background_ready(void);

#endif

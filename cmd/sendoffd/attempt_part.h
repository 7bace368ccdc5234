/* SPDX-License-Identifier: ISC */
/*
 * attempt_part - what attempt and parked share.
 */
#ifndef CMD_SENDOFFD_ATTEMPT_PART_H
#define CMD_SENDOFFD_ATTEMPT_PART_H

#include "cmd/sendoffd/attempt.h"

/* Settles it, and ends it unless it has to be parked. */
void	attempt_finish(struct attempt *);

void	attempt_park(struct attempt *);
void	attempt_free(struct attempt *);

#endif

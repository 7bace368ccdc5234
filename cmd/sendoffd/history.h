/* SPDX-License-Identifier: ISC */
/*
 * history - what is remembered of a message that is over, for as long as
 * [queue] history says; nobody's mail waits for that.
 */
#ifndef CMD_SENDOFFD_HISTORY_H
#define CMD_SENDOFFD_HISTORY_H

#include "cmd/sendoffd/attempt.h"

/* Just before the message is finished. Days that are too old go with the
 * first one of a day. */
void	history_add(struct attempt *);

#endif

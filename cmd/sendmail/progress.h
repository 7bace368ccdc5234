/* SPDX-License-Identifier: ISC */
/*
 * progress - a bar on a terminal, and nothing anywhere else.
 */
#ifndef CMD_SENDMAIL_PROGRESS_H
#define CMD_SENDMAIL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"

struct progress {
	bool	terminal;		/* standard output is one */
	bool	drawn;
};

void	progress_init(struct progress *);
void	progress_show(struct progress *, int64_t done, int64_t total);

/* The bar stays; what is written next begins a line. */
void	progress_end(struct progress *);

/* "\r[####....] 12 of 40"; total may be 0. Pure. */
void	progress_draw(struct buf *, int64_t done, int64_t total);

#endif

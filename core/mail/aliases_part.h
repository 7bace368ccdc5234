/* SPDX-License-Identifier: ISC */
/*
 * aliases_part - the pieces of aliases, for aliases*.c alone.
 *
 * Pure
 */
#ifndef CORE_MAIL_ALIASES_PART_H
#define CORE_MAIL_ALIASES_PART_H

#include "core/base/buf.h"
#include "core/mail/aliases.h"

struct aliases_targets {
	struct aliases_target	*v;		/* owned */
	size_t			 n, cap;
};

/* Adds "path:line: shown: what". */
void	aliases_add_problem(struct aliases *, const char *path, int line,
	    bool warning, const char *what, struct slice shown);

/* Adds the targets of one list, p[0..n) without line ends. */
void	aliases_targets_add(struct aliases_targets *, const char *p, size_t n);

#endif

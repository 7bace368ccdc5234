/* SPDX-License-Identifier: ISC */
/*
 * words - the command line of one of our own programs.
 *
 * Owns		its words
 */
#ifndef CMD_SENDMAIL_WORDS_H
#define CMD_SENDMAIL_WORDS_H

#include <stddef.h>

#include "cmd/sendmail/site.h"

struct words {
	char	**v;			/* NULL-ended */
	size_t	  n;
};

/* The sibling's path, and the configuration and (for the runner) queue that
 * were given to us. */
void	words_init(struct words *, const struct site *, const char *program);
void	words_add(struct words *, const char *);
void	words_cut(struct words *, size_t n);	/* all but the first n go */
void	words_free(struct words *);

#endif

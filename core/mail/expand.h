/* SPDX-License-Identifier: ISC */
/*
 * expand - recipients as given become recipients as sent: completed, taken
 * through the aliases, checked, each once.
 *
 * Source	INTERFACE 2 [aliases], 3 (recipients)
 * Limits	conf.max_recipients; depth and number of alias steps
 * Errors	ERR_DATA "5.5.3": over max_recipients. What one recipient cannot
 *		be served for is a problem beside it, not an error.
 * Pure		files come through `read`
 */
#ifndef CORE_MAIL_EXPAND_H
#define CORE_MAIL_EXPAND_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/mail/envelope.h"

/* aliases: the parsed file; see aliases.h. */
struct aliases;

/* Reads a file that :include: names, whole, into b; -1 with err. */
typedef int	expand_read(const char *path, struct buf *b, void *arg,
	    struct err *);

struct expand_problem {
	char		*addr;		/* as given */
	struct err	 err;		/* text names the alias, file, line */
};

struct expand {
	const struct conf	*conf;		/* borrowed */
	const struct aliases	*aliases;	/* borrowed; NULL: none (-n) */
	expand_read		*read;
	void			*read_arg;
	struct expand_problem	*problems;	/* owned */
	size_t			 nproblems;
};

/*
 * Adds to env what `given` (bare or complete, parsed) leads to; duplicates of
 * what env already has are left out. notify and orcpt, if given, go to each;
 * orcpt NULL and dsn wanted: derived from the completed address.
 */
int	expand_rcpt(struct expand *, struct envelope *env, const char *given,
	    unsigned notify, const char *orcpt, struct err *);

/* A recipient that could not even be parsed. */
void	expand_refuse(struct expand *, const char *text, size_t n,
	    const struct err *why);
void	expand_free(struct expand *);

#endif

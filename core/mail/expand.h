/* SPDX-License-Identifier: ISC */
/*
 * expand - recipients as given become recipients as sent: completed, taken
 * through the aliases, checked, each once.
 *
 * A name that is looked up (bare, or in a local domain) and is no alias goes to
 * the catchall, then to itself, completed. \name is itself without either,
 * and so is a name among its own targets. owner-NAME, where it is an alias,
 * is the envelope sender ("owner-NAME@domain", rewritten) of what NAME leads
 * to; an inner list's goes before an outer one's.
 *
 * Each alias and each :include: file is followed once, however many lead
 * there: what it leads to is in the envelope already. So the work is bounded
 * by the size of the files, and by the limits below.
 *
 * Source	INTERFACE 2 [aliases], 3 (recipients)
 * Limits	conf.max_recipients, for env's recipients and for problems; depth
 *		EXPAND_DEPTH_MAX; EXPAND_INCLUDES_MAX files
 * Errors	ERR_DATA "5.5.3": over max_recipients; ERR_TEMP: an :include:
 *		file that cannot be read for the moment. What one recipient
 *		cannot be served for is a problem beside it, not an error, and
 *		always ERR_DATA: "5.1.3" (address), "5.3.5" (alias, or a file
 *		that is not there or not for us), "5.4.6" (loop)
 * Pure		files come through `read`
 */
#ifndef CORE_MAIL_EXPAND_H
#define CORE_MAIL_EXPAND_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/mail/envelope.h"

enum {
	EXPAND_DEPTH_MAX = 100,		/* aliases within aliases */
	EXPAND_INCLUDES_MAX = 1000,	/* files */
	EXPAND_INCLUDE_MAX = 16 * 1024 * 1024,	/* bytes of one */
};

/* aliases: the parsed file; see aliases.h. */
struct aliases;
struct expand_state;

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
	struct expand_state	*state;		/* private: what was followed */
};

/*
 * The struct begins zeroed but for what is borrowed, and serves one envelope.
 * Adds to env what `given` (bare or complete, parsed) leads to; duplicates of
 * what env already has are left out. notify and orcpt, if given, go to each;
 * orcpt NULL and dsn wanted: derived from the completed address.
 */
int	expand_rcpt(struct expand *, struct envelope *env, const char *given,
	    unsigned notify, const char *orcpt, struct err *);

/* A recipient that could not even be parsed. Nothing where there are as many
 * problems as max_recipients. */
void	expand_refuse(struct expand *, const char *text, size_t n,
	    const struct err *why);
void	expand_free(struct expand *);

#endif

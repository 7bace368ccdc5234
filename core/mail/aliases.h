/* SPDX-License-Identifier: ISC */
/*
 * aliases - sendmail's alias file, parsed.
 *
 * Shape	"name: target, target" with "#" comments, continuation lines that
 *		begin with a blank, or follow a backslash at a line's end; quoted
 *		names and targets, comments in parentheses
 * Source	sendmail's "Installation and Operation Guide", aliases
 * Lenient	comments and empty lines may stand before a continuation line;
 *		a name that stands twice is a warning, the first one holds
 * Limits	ALIASES_FILE_MAX bytes
 * Errors	none: bad lines are problems, and are skipped
 * Owns		everything below
 * Pure
 */
#ifndef CORE_MAIL_ALIASES_H
#define CORE_MAIL_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/conf.h"
#include "core/base/err.h"

enum {
	ALIASES_FILE_MAX = 64 * 1024 * 1024,
};

enum aliases_target_kind {
	ALIASES_ADDR,		/* an address or another alias */
	ALIASES_FINAL,		/* \name: no further expansion */
	ALIASES_INCLUDE,	/* :include:/file */
	ALIASES_COMMAND,	/* |command: not supported */
	ALIASES_FILE,		/* /file: not supported */
	ALIASES_BAD,		/* cannot be read; in an :include: file only */
};

struct aliases_target {
	enum aliases_target_kind kind;
	char			*text;		/* owned; without \ or :include: */
};

struct aliases_entry {
	char			*name;		/* owned; without needless quotes */
	int			 line;
	struct aliases_target	*targets;	/* owned */
	size_t			 ntargets;
};

struct aliases_problem {
	int	 line;
	bool	 warning;	/* unsupported target: listed, not an error */
	char	*text;		/* owned; "file:line: what" */
};

struct aliases {
	struct aliases_entry	*entries;	/* owned; sorted by name */
	size_t			 n;
	struct aliases_problem	*problems;	/* owned */
	size_t			 nproblems;
	size_t			 longest, total;	/* bytes, for newaliases */
	const struct conf	*conf;		/* borrowed, set by the caller:
						   whose local domains are looked
						   up here; NULL: bare names only */
};

void	aliases_parse(struct aliases *, const char *path, const char *p,
	    size_t n);
void	aliases_free(struct aliases *);

/* ASCII case does not matter; also "root+*", then "root", for "root+x".
 * NULL: none. */
const struct aliases_entry	*aliases_find(const struct aliases *,
	    const char *name);

/* The name under which an address is looked up: its local part if it is bare
 * or its domain local. Allocated; NULL: it is not looked up. */
char	*aliases_name_of(const struct conf *, const char *addr);

/* Adds a problem for every loop among the entries. A name among its own
 * targets is none: it stands for itself there. */
void	aliases_check_loops(struct aliases *, const char *path);

/* The targets of an :include: file's bytes: a list on each line, "#" comments;
 * a target that cannot be read is ALIASES_BAD. */
void	aliases_parse_targets(const char *p, size_t n,
	    struct aliases_target **, size_t *ntargets);
void	aliases_targets_free(struct aliases_target *, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * aliases - sendmail's alias file, parsed.
 *
 * Shape	"name: target, target" with "#" comments, continuation lines that
 *		begin with a blank, quoted names and targets
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
};

struct aliases_target {
	enum aliases_target_kind kind;
	char			*text;		/* owned; without \ or :include: */
};

struct aliases_entry {
	char			*name;		/* owned; as written */
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
};

void	aliases_parse(struct aliases *, const char *path, const char *p,
	    size_t n);
void	aliases_free(struct aliases *);

/* ASCII case does not matter; also "root" for "root+x". NULL: none. */
const struct aliases_entry	*aliases_find(const struct aliases *,
	    const char *name);

/* Adds a problem for every loop among the entries. */
void	aliases_check_loops(struct aliases *, const char *path);

/* The targets of an :include: file's bytes (a list; no names). */
void	aliases_parse_targets(const char *p, size_t n,
	    struct aliases_target **, size_t *ntargets);
void	aliases_targets_free(struct aliases_target *, size_t n);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * line - a line of words and encoded values, read strictly: what envelopes,
 * jobs, outcomes and journals are made of.
 *
 * Shape	line = word *( SP word ) LF; a value is encoded as envelope.h
 *		has it, so that no byte of it is SP, LF or "="
 * Errors	sticky: the first thing that does not fit sets `bad`, what is
 *		read after it is 0 or NULL; ask once, with line_end
 * Pure
 */
#ifndef CORE_MAIL_LINE_H
#define CORE_MAIL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

struct line {
	const char	*p;		/* borrowed; what is not yet read */
	size_t		 n;		/* the line end is not part of it */
	bool		 first;		/* no word was read */
	bool		 bad;
};

/* Takes the next line off *p[0..*n); false if there is no whole one. */
bool	line_take(struct line *, const char **p, size_t *n);

/* The line that p[0..n) is, without a line end. */
void	line_of(struct line *, const char *p, size_t n);

/* Is the next word this one? Nothing is read. */
bool	line_is(const struct line *, const char *word);

/* The next word as it stands. */
struct slice	line_word(struct line *);

/* The next word is this one, or the line is bad. */
void	line_want(struct line *, const char *word);

/* The next word is one of words[0..n): which; or the line is bad, and it is
 * 0. */
size_t	line_choice(struct line *, const char *const *words, size_t n);

/* A canonical decimal number within min..max. */
int64_t	line_int(struct line *, int64_t min, int64_t max);

/* A decoded value, allocated; one with a NUL in it is bad. */
char	*line_string(struct line *);

/* The same into out[0..size); what does not fit is bad. */
void	line_string_to(struct line *, char *out, size_t size);

/* If the next word begins with "name=", steps behind the "=": the value is
 * the next word then. */
bool	line_attr(struct line *, const char *name);

/* Everything was read and all of it fitted. */
bool	line_end(const struct line *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * args - a command line cut into options and operands, as sendmail cuts it.
 *
 * POSIX getopt with sendmail's arity: a letter has no argument, one that is
 * attached or the next word, or one that can only be attached (so that
 * "sendmail -q user" does not eat the user). Options end at "--" and at the
 * first operand; what stands behind an operand is an operand.
 *
 * Source	sendmail 8.18's main.c; INTERFACE 3
 * Pure		borrows argv; argc may be 0
 */
#ifndef CMD_SENDMAIL_ARGS_H
#define CMD_SENDMAIL_ARGS_H

#include <stdbool.h>

enum {
	ARGS_END = -1,
	ARGS_UNKNOWN = '?',	/* *value is the rest of the word */
	ARGS_MISSING = ':',	/* the same; its argument is not there */
	ARGS_LONG = '-',	/* *value is the word behind "--" */
};

struct args {
	int		  argc;
	char		**argv;
	int		  next;		/* the word that comes next */
	bool		  longs;	/* "--word" is an option too */
	bool		  dashed;	/* a "--" ended the options */
	const char	 *group;	/* rest of the word in hand; NULL */
};

void	args_init(struct args *, int argc, char **argv, bool longs);

/* The next option's letter; *value is its argument, or NULL. After ARGS_END
 * the operands are argv[next] and what follows. */
int	args_next(struct args *, const char **value);

#endif

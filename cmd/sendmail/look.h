/* SPDX-License-Identifier: ISC */
/*
 * look - the one look at the command line that is taken with privilege:
 * which program and mode, and whether another configuration or queue is named.
 * Everything else is read by options_parse, without privilege.
 *
 * Pure		borrows argv
 */
#ifndef CMD_SENDMAIL_LOOK_H
#define CMD_SENDMAIL_LOOK_H

#include <stdbool.h>

enum options_name { OPTIONS_SENDMAIL, OPTIONS_MAILQ, OPTIONS_NEWALIASES };

enum options_mode {
	OPTIONS_SUBMIT,		/* -bm */
	OPTIONS_LIST,		/* -bp */
	OPTIONS_FLUSH,		/* -q */
	OPTIONS_ALIASES,	/* -bi, -I */
	OPTIONS_VERIFY,		/* -bv */
	OPTIONS_SMTP,		/* -bs */
	OPTIONS_BATCH,		/* -bS */
	OPTIONS_RUNNER,		/* -bd, -bD, -q30m */
	OPTIONS_STATUS,		/* -bh, -bH */
};

struct look {
	enum options_name	 name;
	enum options_mode	 mode;
	const char		*conf_file;	/* -C; NULL */
	const char		*queue_dir;	/* -oQ, -O QueueDirectory; NULL */
	bool			 broken;	/* options_parse will refuse it */
};

void	look_take(int argc, char **argv, struct look *);

/* By argv[0]'s last component; anything unknown is sendmail. */
enum options_name	look_name(int argc, char **argv);

/* What a program does without -b; what -b asks for (false: no such mode). */
enum options_mode	look_mode(enum options_name);
bool	look_mode_letter(const char *value, enum options_mode *);

#endif

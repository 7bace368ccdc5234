/* SPDX-License-Identifier: ISC */
/*
 * admin - what the subcommands of sendoff share.
 *
 * A subcommand gets its own words (its name is argv[0]) and returns the exit
 * status. What is wrong goes to standard error, one line each.
 */
#ifndef CMD_SENDOFF_ADMIN_H
#define CMD_SENDOFF_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "queue/queue.h"

struct admin {
	const char		*conf_path;	/* -C; NULL: the default */
	struct conf		 conf;		/* owned */
	struct conf_problems	 problems;	/* owned */
	struct queue		*queue;		/* owned; NULL: not open */
};

/* The subcommands. */
int	check_main(struct admin *, int argc, char **argv);
int	probe_main(struct admin *, int argc, char **argv);
int	login_main(struct admin *, int argc, char **argv);
int	mdn_main(struct admin *, int argc, char **argv);
int	report_main(struct admin *, int argc, char **argv);
int	queue_main(struct admin *, int argc, char **argv);
int	show_main(struct admin *, int argc, char **argv);
int	change_main(struct admin *, int argc, char **argv);	/* hold ... */
int	status_main(struct admin *, int argc, char **argv);
int	trace_main(struct admin *, int argc, char **argv);

/* "sendoff: text" to standard error; returns status. */
int	admin_say(int status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same with err's text, and the status of its kind. */
int	admin_fail(const struct err *);

/* "usage: sendoff WORDS"; 64. */
int	admin_usage(const char *words);

/* Reads the configuration, problems in [queue] are told; opens the queue. 0 or
 * the status, 77 where the caller may not. */
int	admin_queue(struct admin *, enum queue_mode);

/* Writes the bytes to standard output and forgets them. */
void	admin_put(struct buf *);

/* "2026-09-21 14:13:20", the machine's time; "1h 30m". */
void	admin_add_time(struct buf *, int64_t sec);
void	admin_add_age(struct buf *, int64_t sec);

/*
 * Options: --name, --name VALUE or --name=VALUE, and of kind MAYBE also
 * --name alone. What is no option is moved to argv[1..] in its order; "--"
 * ends them. Returns how many words were left, or -1 after saying why.
 */
enum admin_opt_kind { ADMIN_FLAG, ADMIN_VALUE, ADMIN_MAYBE };

struct admin_opt {
	const char		*name;		/* without "--" */
	enum admin_opt_kind	 kind;
	bool			*seen;		/* may be NULL */
	const char		**value;	/* not for FLAG */
};

int	admin_opts(const struct admin_opt *, size_t n, int argc, char **argv);

/*
 * Runs sendoff-deliver --check with more words (NULL at the end) and waits;
 * its exit status, or 75 when it was killed.
 */
int	admin_deliver(const struct admin *, const char *relay,
	    const char *const *words);

#endif

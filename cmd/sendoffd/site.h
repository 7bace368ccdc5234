/* SPDX-License-Identifier: ISC */
/*
 * site - one reading of the configuration, and the relays that it names.
 *
 * A reload makes a new one; what is in hand goes on with the old one until
 * the last who refers to it lets it go.
 *
 * Errors	ERR_CONF: every problem was logged
 * Owns		the configuration
 */
#ifndef CMD_SENDOFFD_SITE_H
#define CMD_SENDOFFD_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/conf.h"
#include "core/base/err.h"
#include "queue/queue.h"
#include "queue/schedule.h"

#include "cmd/sendoffd/relay.h"

struct part;

/* A relay and what waits for it inside messages that are in hand. */
struct lane {
	struct relay	 relay;
	struct site	*site;		/* borrowed: it is inside of it */
	size_t		 index;
	struct part	*first, *last;	/* borrowed; linked by part.next */
	size_t		 nparts;
	int64_t		 setup_ms;	/* what the last session took to stand */
	int64_t		 message_us;	/* what a message takes, on average;
						   0: not known */
};

struct site {
	struct conf	 conf;		/* owned */
	struct lane	*lanes;		/* owned; as conf.relays, and one more
					   for what no relay serves */
	size_t		 nlanes;
	unsigned	 refs;
};

/* With one reference. path NULL is the default file; queue_dir NULL the
 * directory that it names. */
int	site_load(const char *path, const char *queue_dir, struct site **,
	    struct err *);
struct site	*site_hold(struct site *);
void	site_drop(struct site *);

/* When what it says about a relay last changed: the file, and those with
 * secrets and certificates that it names. 0: it cannot be told. */
int64_t	site_changed_sec(const struct site *, const struct conf_relay *);

/* Where the configuration says; verbose: to standard error, everything. */
int	site_open_log(const struct site *, bool verbose, struct err *);

/* The lane of recipient i; never NULL. */
struct lane	*site_lane(struct site *, const struct envelope *, size_t i);

/* Is it from the null sender, or a report of ours? */
bool	site_is_report(const struct site *, const struct envelope *);

/* When a message is tried again, warned about, given up. */
struct schedule_conf	site_schedule(const struct site *,
	    const struct envelope *);

#endif

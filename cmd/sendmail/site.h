/* SPDX-License-Identifier: ISC */
/*
 * site - the configuration as the front judges it, the log, the aliases.
 *
 * What is wrong in [identity], [rewrite], [aliases] or [queue] ends the call
 * (ERR_CONF); what is wrong elsewhere is logged, for a typing error in
 * [relay] must not lose cron's mail.
 *
 * Owns		everything in struct site
 */
#ifndef CMD_SENDMAIL_SITE_H
#define CMD_SENDMAIL_SITE_H

#include <stdbool.h>

#include "cmd/sendmail/look.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/mail/aliases.h"
#include "core/mail/expand.h"

struct site {
	bool		 loaded;
	char		*conf_file;	/* absolute; NULL: the default */
	char		*queue_dir;	/* the same, where one was named */
	struct conf	 conf;
	bool		 relays_sound;	/* nothing is wrong in [relay] */
	bool		 aliases_read;
	struct aliases	 aliases;
};

int	site_load(struct site *, const struct look *, struct err *);
void	site_free(struct site *);

/* The aliases, read when first asked for. A file that is not there is empty,
 * one that cannot be read is ERR_TEMP: mail must not take another way. */
int	site_aliases(struct site *, const struct aliases **, struct err *);

/* Reads what :include: names, as expand wants it; arg is unused. */
expand_read	site_include;

#endif

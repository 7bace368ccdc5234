/* SPDX-License-Identifier: ISC */
/*
 * site - the whole configuration, judged: what conf says of the file, and
 * what is wrong with the files that it names.
 */
#ifndef CMD_SENDOFF_SITE_H
#define CMD_SENDOFF_SITE_H

#include "cmd/sendoff/admin.h"

/* Reads it and tells every problem; 0 or 78. */
int	site_load(struct admin *);

/* The files: secrets, certificates, aliases, the queue. Tells every problem
 * and returns their number. */
size_t	site_check_files(struct admin *);

/* The relay of that name, or the first one for NULL; 0 or the status. */
int	site_relay(const struct admin *, const char *name,
	    const struct conf_relay **);

#endif

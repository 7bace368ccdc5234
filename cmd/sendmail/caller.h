/* SPDX-License-Identifier: ISC */
/*
 * caller - the user who called: the kernel's word and the user database, and
 * never the environment's.
 *
 * /etc/passwd is read first and by ourselves: to load the name services that
 * nsswitch.conf lists costs as much as the rest of a submission. Who is not
 * there is asked for through them; a caller without an entry is no error.
 *
 * Owns		the strings
 */
#ifndef CMD_SENDMAIL_CALLER_H
#define CMD_SENDMAIL_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/conf.h"

struct caller {
	uint32_t	 uid;
	char		*login;		/* NULL: no entry */
	char		*full_name;	/* of GECOS; NULL: none */
};

void	caller_load(struct caller *, uint32_t uid);
void	caller_free(struct caller *);

/* May set any sender: root, and [identity] trusted. */
bool	caller_trusted(const struct caller *, const struct conf *);

/* Is this complete address the caller's own? */
bool	caller_owns(const struct caller *, const struct conf *,
	    const char *addr);

/* GECOS up to its first comma, "&" being the login; NULL when there is no
 * name in it that is fit to be shown. Allocated. */
char	*caller_gecos(const char *gecos, const char *login);

#endif

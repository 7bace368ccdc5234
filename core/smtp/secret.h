/* SPDX-License-Identifier: ISC */
/*
 * secret - files that hold one, read only if nobody else could.
 *
 * Shape	a regular file of root's or ours, no access for others, and for
 *		a group only reading, and only if that group is ours; root may
 *		also read what is the user sendoff's in the same way
 * Limits	SECRET_MAX bytes
 * Errors	ERR_TEMP "4.7.0": the message is not at fault. The text names
 *		the file and what to do, never a byte of what is in it.
 */
#ifndef CORE_SMTP_SECRET_H
#define CORE_SMTP_SECRET_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	SECRET_MAX = 32768,		/* bytes of a file, or of an output */
};

/* Makes room once, so that no copy of a secret stays where a buf grew. */
void	secret_init(struct buf *);

enum {
	SECRET_FOLLOW = 1,		/* a symbolic link may lead there */
	SECRET_ROOT_GROUP = 2,		/* group root may read it too: what the
					   mask of systemd's ACL looks like */
};

/*
 * Where a file that the configuration names lies: a relative one in
 * credentials_dir (may be NULL) if it is there, else beside conf_path (NULL:
 * the default one). Allocated; *flags is for secret_read.
 */
char	*secret_locate(const char *name, const char *conf_path,
	    const char *credentials_dir, int *flags);

/* Adds the whole file to *out (of secret_init). */
int	secret_read(const char *path, int flags, struct buf *out,
	    struct err *);

/* Keeps the first line without its end. False when it is empty or holds a
 * NUL. */
bool	secret_first_line(struct buf *);

#endif

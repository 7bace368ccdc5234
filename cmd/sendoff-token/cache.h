/* SPDX-License-Identifier: ISC */
/*
 * cache - the token that all workers of a relay share until it is too old.
 *
 * Shape	DIR/token-NAME, mode 0600: a line that names the format, then
 *		"key value" lines, the values in base64
 * Lenient	no directory, no right to write there, a file that does not
 *		parse or was made for another configuration: no cache
 * Owns		the lock, which keeps two from using one refresh token at once
 *		(a server that sees that may withdraw it)
 */
#ifndef CMD_SENDOFF_TOKEN_CACHE_H
#define CMD_SENDOFF_TOKEN_CACHE_H

#include <sys/types.h>

#include "cmd/sendoff-token/oauth.h"

struct cache {
	char	*dir, *path, *temp;	/* owned; NULL: there is none */
	int	 lock;			/* owned; -1 */
};

void	cache_open(struct cache *, const char *dir, const char *relay_name);
void	cache_close(struct cache *);

/* Fills *t with what was stored for this client: the refresh token to go on
 * with (else the file's), and the access token if it is good for a while. */
void	cache_load(const struct cache *, const struct oauth *,
	    struct oauth_token *t);

/* False when it was not stored. */
bool	cache_store(const struct cache *, const struct oauth *,
	    const struct oauth_token *t);

/* Puts a secret file in the place of path, or of none, as owner uid. */
int	cache_write_file(const char *path, const char *temp, uid_t owner,
	    const struct buf *text, struct err *);

#endif

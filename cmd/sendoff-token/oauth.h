/* SPDX-License-Identifier: ISC */
/*
 * oauth - one relay's OAuth 2.0 client: what it has, and how it gets a token.
 *
 * Source	RFC 6749 4.4 (client credentials), 5 (answers), 6 (refresh);
 *		RFC 6750 (bearer tokens)
 * Errors	ERR_TEMP "4.7.0" no answer, or one that may be another later;
 *		ERR_DENIED "4.7.8" the server says no; ERR_CONF
 * Owns		every buf: they are secrets
 */
#ifndef CMD_SENDOFF_TOKEN_OAUTH_H
#define CMD_SENDOFF_TOKEN_OAUTH_H

#include <stdbool.h>

#include "cmd/sendoff-token/http.h"
#include "core/base/conf.h"

struct oauth {
	const struct conf_relay	*relay;		/* borrowed */
	struct http_server	 server;
	struct buf		 secret;	/* n == 0: a public client */
	struct buf		 refresh;	/* as in its file; n == 0: none */
	char			*refresh_path;	/* NULL: none is configured */
};

struct oauth_token {
	struct buf	access;
	struct buf	refresh;	/* the one to use next; n == 0: none */
	int64_t		expires_sec;	/* wall clock */
};

/* Reads the client's secret, and the refresh token where `with_refresh`. */
int	oauth_open(const struct conf_relay *, const char *conf_path,
	    const char *credentials_dir, bool with_refresh, struct oauth *,
	    struct err *);
void	oauth_close(struct oauth *);

void	oauth_token_init(struct oauth_token *);
void	oauth_token_wipe(struct oauth_token *);

/* By the configured grant. A refresh token in *t is used, and replaced when
 * the server sends another. */
int	oauth_fetch(const struct oauth *, struct oauth_token *t,
	    struct err *);

/* What all requests have: who we are. */
void	oauth_add_client(const struct oauth *, struct buf *form);

/* Reads an answer of status 200 into *t. */
int	oauth_take(const struct buf *body, struct oauth_token *t,
	    struct err *);

/* The "error" of an answer that is not 200: its code in *code ("" when it has
 * none); always -1. */
int	oauth_refused(long status, const struct buf *body, char *code,
	    size_t size, struct err *);

#endif

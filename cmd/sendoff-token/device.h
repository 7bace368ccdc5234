/* SPDX-License-Identifier: ISC */
/*
 * device - the device authorization grant: a person allows it elsewhere.
 *
 * Source	RFC 8628; RFC 8414 for where the server is asked
 * Errors	as oauth
 */
#ifndef CMD_SENDOFF_TOKEN_DEVICE_H
#define CMD_SENDOFF_TOKEN_DEVICE_H

#include "cmd/sendoff-token/oauth.h"

/* Where the grant begins: what is given, else by the token URL's shape, else
 * as the server's metadata has it. */
int	device_find_url(const struct oauth *, const char *given,
	    struct buf *url, struct err *);

/* Tells on standard output where to go and with what code, and waits. *t gets
 * the tokens; one without a refresh token is an error. */
int	device_login(const struct oauth *, const char *url,
	    struct oauth_token *t, struct err *);

#endif

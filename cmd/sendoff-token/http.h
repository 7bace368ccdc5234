/* SPDX-License-Identifier: ISC */
/*
 * http - one HTTPS request to a token server. The only includer of curl.
 *
 * Source	RFC 6749 3.2 (POST, a form, TLS)
 * Limits	HTTP_BODY_MAX bytes of an answer; no redirect is followed
 * Errors	ERR_TEMP "4.7.0": no answer
 */
#ifndef CMD_SENDOFF_TOKEN_HTTP_H
#define CMD_SENDOFF_TOKEN_HTTP_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	HTTP_BODY_MAX = 256 * 1024,
	HTTP_FORM_MAX = 256 * 1024,
};

struct http_server {
	const char	*ca_file;	/* trusted too; NULL: none */
	int64_t		 connect_timeout_sec, timeout_sec;
};

void	http_form_init(struct buf *);

/* Adds name=value, coded, with an "&" before it if need be. */
void	http_form_add(struct buf *, const char *name, const char *p, size_t n);

/* form NULL: GET. *status and *body (secret; of http_body_init) are the
 * answer, whatever it is. */
void	http_body_init(struct buf *);
int	http_ask(const struct http_server *, const char *url,
	    const struct buf *form, long *status, struct buf *body,
	    struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * sasl_fetch - a process that fetches tokens, for one that no longer may.
 *
 * It is forked before any other secret is read, keeps nothing open but its
 * socket and standard error, and ends when the worker does. All that it does
 * for whoever holds the other end of the socket is to fetch this relay's
 * token: nothing that the worker was not given anyway.
 *
 * Owns		the process and its socket
 */
#ifndef CORE_SMTP_SASL_FETCH_H
#define CORE_SMTP_SASL_FETCH_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/conf.h"
#include "core/base/err.h"

struct sasl_fetcher;

/* NULL in *out when the relay's configuration has no token to fetch. */
int	sasl_fetcher_open(const struct conf_relay *, const char *conf_path,
	    const char *credentials_dir, struct sasl_fetcher **,
	    struct err *);
void	sasl_fetcher_close(struct sasl_fetcher *);

/* Adds the token; with `fresh` no cached one. */
int	sasl_fetcher_ask(struct sasl_fetcher *, bool fresh, struct buf *token,
	    struct err *);

/* The output of a command: its first line. */
int	sasl_read_command(const char *key, const char *command,
	    int64_t timeout_sec, struct buf *out, struct err *);

#endif

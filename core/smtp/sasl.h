/* SPDX-License-Identifier: ISC */
/*
 * sasl - the client's side of one AUTH exchange. The only includer of gsasl.
 *
 * The mechanism is ours to choose, by allow-list and INTERFACE 2's order;
 * the library never does. XOAUTH2 and OAUTHBEARER are written here.
 *
 * Use		sasl_choose until a mechanism fits; sasl_start; then for every
 *		334 sasl_step; 235 is believed only if sasl_finish agrees (SCRAM:
 *		the server has proved that it knows the password too).
 * Source	RFC 4954, 4422, 4616, 5802, 7677, 2195, 7628
 * Limits	SASL_LINE_MAX (RFC 4954 4), SASL_STEPS_MAX
 * Errors	ERR_TEMP "4.7.0"/"4.7.8": the relay's fault, never the message's.
 *		No secret is in an error, a trace or a log.
 * Owns		the session; secrets are borrowed
 */
#ifndef CORE_SMTP_SASL_H
#define CORE_SMTP_SASL_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/smtp/stream.h"

enum {
	SASL_LINE_MAX = 12288,		/* bytes of base64, RFC 4954 4 */
	SASL_STEPS_MAX = 10,
};

struct sasl;
struct sasl_fetcher;

struct sasl_secrets {			/* owned; wiped by sasl_secrets_wipe */
	char		*user;		/* NULL: none */
	struct buf	 password;	/* n == 0: none */
	struct buf	 token;		/* OAuth access token; n == 0: none */
	bool		 client_cert;	/* for EXTERNAL */
	struct sasl_fetcher *fetcher;	/* owned; NULL: no token */
};

/*
 * Reads the secret that the relay's configuration names: a file (owner and
 * mode checked, first line), a command (/bin/sh -c, clean environment, within
 * command_timeout_sec), the token that sendoff-token gets, or the
 * configuration itself. conf_path is its file (NULL: the default one): a
 * relative file lies beside it, or rather in credentials_dir (may be NULL).
 * What fetches tokens is a process of its own from here on, so that a worker
 * that has locked itself down can have another; it ends with the secrets.
 */
int	sasl_secrets_load(const struct conf_relay *, const char *conf_path,
	    const char *credentials_dir, struct sasl_secrets *, struct err *);

/* Fetches a new token in place of one that was refused. */
int	sasl_secrets_refresh(const struct conf_relay *, struct sasl_secrets *,
	    struct err *);
void	sasl_secrets_wipe(struct sasl_secrets *);

struct sasl_facts {
	const struct conf_relay		*relay;		/* borrowed */
	const struct sasl_secrets	*secrets;	/* borrowed */
	const char			*host;		/* of the relay */
	int				 port;
	bool				 tls;		/* TLS stands */
	bool				 tls_verified;	/* and was verified, or
						tls_verify = no said not to mind */
	struct stream			*stream;	/* for channel binding; NULL */
};

/*
 * The best mechanism of `offered` (the words after AUTH in EHLO) that the
 * facts allow and that is not in `tried` (a blank-separated list). On -1
 * the text says why none fits: what the server offers, what is allowed.
 */
int	sasl_choose(const struct sasl_facts *, const char *offered,
	    const char *tried, char *mech, size_t size, struct err *);

/* *initial is the initial response in base64 ("=" when empty), or "" when
 * the mechanism has none. */
int	sasl_start(const struct sasl_facts *, const char *mech, struct sasl **,
	    struct buf *initial, struct err *);

/* The text of a 334 in, the base64 answer out ("" is an empty line). On -1
 * the session sends "*" and expects 501. */
int	sasl_step(struct sasl *, const char *p, size_t n, struct buf *out,
	    struct err *);

/* Has the exchange come to its proper end, so that 235 may be believed? */
int	sasl_finish(struct sasl *, struct err *);
void	sasl_free(struct sasl *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * tls_impl - what the three files of tls share, and nobody else.
 */
#ifndef CORE_SMTP_TLS_IMPL_H
#define CORE_SMTP_TLS_IMPL_H

#include <openssl/ssl.h>

#include "core/smtp/tls.h"

enum {
	TLS_DIGEST = 32,		/* bytes of SHA-256 */
	TLS_LATE_MAX = 32,		/* handshake messages after the first
					   handshake (tickets, key updates) */
	TLS_WHY_MAX = 320,		/* bytes of a verdict's text */
};

struct tls_pin {
	unsigned char	sha256[TLS_DIGEST];
	bool		spki;		/* of the public key, not the leaf */
};

struct tls_ctx {
	SSL_CTX		*ssl;		/* owned */
	enum conf_verify verify;
	struct tls_pin	*pins;		/* owned */
	size_t		 npins;
	bool		 has_store;	/* a trust store was found */
	SSL_SESSION	*session;	/* owned; NULL: none to resume */
	char		*session_key;	/* owned; whom it was made with */
};

struct tls_conn {
	struct tls_ctx	*ctx;		/* borrowed; must outlive this */
	SSL		*ssl;		/* owned */
	struct stream	 under;		/* owned; the socket's stream */
	char		**names;	/* owned; without trailing dots */
	size_t		 nnames;
	char		*key;		/* owned; for session_key */
	bool		 enforce;	/* a bad verdict ends the handshake */
	bool		 dane;		/* the TLSA records decide */
	bool		 ready;		/* the handshake is done */
	int		 late;		/* see TLS_LATE_MAX */
	long		 verdict;	/* X509_V_OK or why not */
	char		 why[TLS_WHY_MAX];	/* the verdict in words */
};

/* tls_verify.c */
int	tls_pins_parse(struct tls_ctx *, const struct conf_list *,
	    struct err *);
int	tls_verify_judge(X509_STORE_CTX *, void *);	/* for OpenSSL */
void	tls_verify_describe(X509 *, struct tls_peer *);

/* tls_stream.c */
extern const struct stream_ops tls_stream_ops;

int	tls_handshake(struct tls_conn *, struct stream *, struct err *);
void	tls_conn_free(struct tls_conn *);	/* leaves `under` alone */

#endif

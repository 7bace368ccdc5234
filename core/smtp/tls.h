/* SPDX-License-Identifier: ISC */
/*
 * tls - TLS over a connected stream. The only includer of OpenSSL.
 *
 * Verification is by chain and name against the system's store (its hashed
 * directory, read lazily) or tls_ca_file, by pinned leaf or public key, by
 * DANE, or not at all, as the relay's configuration says. The library's own
 * configuration file and the environment are not read.
 *
 * Source	RFC 8446, 5246; RFC 7817 (names), 7672 (DANE), 9266 (binding)
 * Errors	ERR_TEMP "4.7.5" (certificate), "4.7.0" (handshake): the relay's
 *		fault, never the message's. The text says what to do.
 *		The program ignores SIGPIPE.
 * Owns		tls_ctx: the library's context and the session for resumption
 */
#ifndef CORE_SMTP_TLS_H
#define CORE_SMTP_TLS_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/smtp/stream.h"

struct tls_ctx;

struct tls_tlsa {			/* one TLSA record, RFC 6698 2.1 */
	unsigned char	usage, selector, matching;
	const unsigned char *data;	/* borrowed */
	size_t		 n;
};

struct tls_peer {			/* what the handshake led to */
	char	version[16];		/* "TLSv1.3" */
	char	cipher[64];
	char	subject[256], issuer[256];	/* cleaned */
	char	not_after[32];		/* "2027-01-31T12:00:00Z" */
	bool	verified;		/* the certificate was held to the conf */
	bool	resumed;
	char	verify_text[256];	/* why not, cleaned; "" */
};

/* Reads every file that the relay's configuration names. */
int	tls_ctx_open(const struct conf_relay *, struct tls_ctx **, struct err *);
void	tls_ctx_close(struct tls_ctx *);

/*
 * Handshake over the fd stream *s within its deadline; *s then reads and
 * writes through TLS (its close closes the socket too). names[0] is sent as
 * SNI unless it is an address; any of names may be in the certificate. With
 * `unverified` (opportunistic fallback) the certificate is judged, reported
 * in *peer, and not enforced. tlsa: secure records, for CONF_VERIFY_DANE.
 * On -1 the stream has failed.
 */
int	tls_start(struct tls_ctx *, struct stream *s, const char *const *names,
	    size_t nnames, const struct tls_tlsa *tlsa, size_t ntlsa,
	    bool unverified, struct tls_peer *peer, struct err *);

/* RFC 9266 "tls-exporter" (32 bytes), or RFC 5929 "tls-unique"; false where
 * there is none that is safe. */
bool	tls_binding_exporter(const struct stream *, struct buf *);
bool	tls_binding_unique(const struct stream *, struct buf *);

#endif

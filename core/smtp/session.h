/* SPDX-License-Identifier: ISC */
/*
 * smtp_session - from a connected stream to a session that takes mail:
 * greeting, EHLO, STARTTLS, AUTH; and the way out.
 *
 * What goes wrong here is the relay's fault or the administrator's, never a
 * message's. `phase` says how far it got.
 *
 * Source	RFC 5321 3.1, 3.2, 4.1.1.1; 3207; 8314; 4954
 * Errors	ERR_TEMP, ERR_PROTO: try the next address, else later;
 *		ERR_CONF: what the configuration says cannot be said
 * Owns		the wire; setup and target are kept and must outlive it
 */
#ifndef CORE_SMTP_SESSION_H
#define CORE_SMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/conf.h"
#include "core/base/err.h"
#include "core/mail/outcome.h"
#include "core/smtp/caps.h"
#include "core/smtp/sasl.h"
#include "core/smtp/tls.h"
#include "core/smtp/wire.h"

struct smtp_setup {		/* the same for every session */
	const struct conf_relay	*relay;
	struct tls_ctx		*tls;		/* NULL: no TLS */
	struct sasl_secrets	*secrets;	/* NULL: no AUTH */
	bool			 no_chunking;	/* it was found not to work */
	smtp_trace		 trace;		/* NULL: none */
	void			*trace_arg;
};

struct smtp_target {		/* where this one goes */
	const char		*host;		/* as configured, or its MX, SRV */
	const char		*address;	/* "192.0.2.1" */
	int			 port;
	bool			 implicit_tls;	/* SRV said so; else the conf */
	const char *const	*names;		/* for the certificate; [0]: SNI */
	size_t			 nnames;
	const struct tls_tlsa	*tlsa;		/* secure records */
	size_t			 ntlsa;
	bool			 skip_tls;	/* opportunistic TLS failed before */
	bool			 skip_ehlo;	/* it closes when it hears EHLO */
};

struct smtp_session {
	struct smtp_wire	 wire;		/* owned */
	const struct smtp_setup	*setup;		/* kept */
	const struct smtp_target *target;	/* kept */
	struct smtp_caps	 caps;
	enum smtp_phase		 phase;		/* the last one entered */
	bool			 tls;
	bool			 esmtp;		/* it took EHLO */
	bool			 authenticated;
	bool			 one_by_one;	/* nothing behind a message before
						   its reply is there */
	char			 mech[24];	/* SASL, once authenticated */
	struct tls_peer		 peer;		/* valid with tls */
	char			 name[OUTCOME_RELAY_MAX]; /* "host[addr]:port" */
	int64_t			 connect_ms;	/* what it took; spent by the
						   first transaction */

	/* For core/smtp/transaction. */
	int64_t			 mails;		/* transactions begun */
	int64_t			 completed;	/* and concluded */
	int64_t			 settled;	/* recipients */
	int64_t			 rcpt_max;	/* learnt from a 452; 0: nothing */
	bool			 unfinished;	/* one is open there: RSET is due */
	bool			 over;		/* no further one */
};

/*
 * Takes the stream. On -1 the session has only name and phase to offer; it
 * must be closed all the same. started_ms: when connecting began.
 */
int	smtp_session_open(struct smtp_session *, const struct smtp_setup *,
	    const struct smtp_target *, struct stream *, int64_t started_ms,
	    struct err *);

/* QUIT, if it may still be said, and its reply, which changes nothing. */
void	smtp_session_quit(struct smtp_session *);

/* Safe on a zeroed struct, and twice. */
void	smtp_session_close(struct smtp_session *);

/* core/smtp/auth.c: the AUTH exchange, where one is due. */
int	smtp_session_auth(struct smtp_session *, struct err *);

#endif

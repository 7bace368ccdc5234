/* SPDX-License-Identifier: ISC */
/*
 * resolve - where the relay is: names to addresses, in the order to try.
 *
 * Source	RFC 5321 5.1, 7505, 6186 and 8314 (SRV), 7672 (TLSA), 6724
 * Limits	RESOLVE_MAX addresses
 * Errors	ERR_TEMP "4.4.3"/"4.4.4": DNS trouble of any kind is temporary
 *		for a relay, NXDOMAIN too; the text names the name and the cause
 * Owns		the list
 */
#ifndef CORE_SMTP_RESOLVE_H
#define CORE_SMTP_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/base/conf.h"
#include "core/base/err.h"

enum {
	RESOLVE_MAX = 32,
	RESOLVE_TLSA_MAX = 16,
};

struct resolve_tlsa {
	unsigned char	usage, selector, matching;
	unsigned char	data[256];
	size_t		n;
};

struct resolve_addr {
	struct sockaddr_storage	 sa;
	socklen_t		 len;
	char			 host[256];	/* the name that led here: the
						   configured one, or MX/SRV target */
	char			 text[64];	/* "192.0.2.1" */
	int			 port;
	bool			 secure;	/* host's name came by secure DNS */
	bool			 implicit_tls;	/* SRV _submissions */
};

struct resolve_list {
	struct resolve_addr	*v;		/* owned */
	size_t			 n;
};

/* All addresses of one configured host in the order to try them: RFC 6724's,
 * with the families taking turns. Absolute names only: no search list. Each
 * lookup takes no longer than connect_timeout, to the second. */
int	resolve_host(const struct conf_relay *, const struct conf_host *,
	    struct resolve_list *, struct err *);
void	resolve_free(struct resolve_list *);

/* TLSA records of _port._tcp.host. *secure says that the resolver vouches
 * (AD bit, and a resolver that may be believed; no other is asked). 0 records
 * is no error. */
int	resolve_tlsa(const char *host, int port, int64_t timeout_sec,
	    struct resolve_tlsa *v, size_t *n, bool *secure, struct err *);

/* Connects within timeout_ms; source is a local address or NULL. The socket
 * is non-blocking, CLOEXEC, TCP_NODELAY. */
int	resolve_connect(const struct resolve_addr *, const char *source,
	    int64_t timeout_ms, int *fd, struct err *);

#endif

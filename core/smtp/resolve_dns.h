/* SPDX-License-Identifier: ISC */
/*
 * resolve_dns - the DNS queries that getaddrinfo does not make: MX, SRV,
 * TLSA, with the resolver's word for their security.
 *
 * Source	RFC 1035, 2782 (SRV), 6698 (TLSA), 6840 5.7 (AD in a query)
 * Limits	DNS_TARGETS_MAX records; of more the best
 * Errors	ERR_TEMP "4.4.3" (no answer that can be used), "4.4.4" (the
 *		answer is no)
 * Pure		but for the query; an answer may hold any bytes
 */
#ifndef CORE_SMTP_RESOLVE_DNS_H
#define CORE_SMTP_RESOLVE_DNS_H

#include <netinet/in.h>
#include <arpa/nameser.h>
#include <resolv.h>

#include "core/smtp/resolve.h"

enum {
	DNS_TARGETS_MAX = 64,
};

struct dns_target {
	char	host[256];		/* "" is the root: no such service */
	int	port;			/* SRV; 0 for MX */
	int	order;			/* preference or priority: least first */
	int	weight;			/* SRV; 0 for MX */
};

struct dns_targets {
	struct dns_target	v[DNS_TARGETS_MAX];
	size_t			n;
	bool			secure;	/* AD, from whom it may be believed */
};

/* The resolver as resolv.conf has it, without a search list, asking within
 * timeout_sec all in all. Ask for AD where it means something. */
int	dns_open(struct __res_state *, int64_t timeout_sec, struct err *);
void	dns_close(struct __res_state *);

/* trust-ad stands in resolv.conf, or the way to every resolver is loopback. */
bool	dns_is_trusted(const struct __res_state *);

/* 0 with n == 0: the name exists and has none. Not sorted. */
int	dns_mx(struct __res_state *, const char *name, struct dns_targets *,
	    struct err *);

/* As dns_mx, but a name that does not exist has none. */
int	dns_srv(struct __res_state *, const char *name, struct dns_targets *,
	    struct err *);
int	dns_tlsa(struct __res_state *, const char *name,
	    struct resolve_tlsa *v, size_t *n, bool *secure, struct err *);

/* By order; among equals at random, by weight (RFC 2782). */
void	dns_sort(struct dns_targets *);

/* resolve_host with this resolver, for its addresses too; NULL: the system's.
 * The hook for tests. */
int	resolve_host_with(struct __res_state *, const struct conf_relay *,
	    const struct conf_host *, struct resolve_list *, struct err *);

#endif

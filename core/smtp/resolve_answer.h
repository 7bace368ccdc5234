/* SPDX-License-Identifier: ISC */
/*
 * resolve_answer - a DNS answer, and the records in it that we ask for.
 *
 * Source	RFC 1035 4.1, 2782, 6698 2.1
 * Limits	a message of 64 KiB; 16 CNAMEs in a chain
 * Pure		no I/O; any bytes may be in an answer
 */
#ifndef CORE_SMTP_RESOLVE_ANSWER_H
#define CORE_SMTP_RESOLVE_ANSWER_H

#include "core/smtp/resolve_dns.h"

enum {
	DNS_TYPE_TLSA = 52,
};

struct dns_answer {
	unsigned char	 bytes[NS_MAXMSG];
	ns_msg		 msg;			/* points into bytes */
	char		 name[NS_MAXDNAME];	/* at the end of all CNAMEs */
	bool		 secure;		/* the AD bit, whoever set it */
	bool		 exists;		/* false: NXDOMAIN */
};

/* Reads bytes[0..n), the answer to a question for that name. False when it is
 * malformed, truncated, or its CNAMEs lead in a circle. */
bool	dns_answer_read(struct dns_answer *, size_t n, const char *name);

/* Its MX or SRV records. False when one of them lies about its length, its
 * name or its port: then all of them are doubtful. */
bool	dns_answer_targets(struct dns_answer *, int type,
	    struct dns_targets *);

/* Its TLSA records, but for what cannot be one. */
void	dns_answer_tlsa(struct dns_answer *,
	    struct resolve_tlsa v[RESOLVE_TLSA_MAX], size_t *n);

#endif

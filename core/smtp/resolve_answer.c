/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/smtp/resolve_answer.h"

enum {
	ALIASES_MAX = 16,		/* CNAMEs in one chain */
	HOST_MAX = 253,			/* bytes of a name as text */
};

/* A name of the answer. False unless it is one that a host may have: what
 * the library has to write with a backslash (a NUL, a dot) is none. */
static bool
take_name(const struct dns_answer *a, const unsigned char *p, size_t n,
    char *out, size_t size)
{
	int used = dn_expand(ns_msg_base(a->msg), ns_msg_end(a->msg), p, out,
	    (int)size);
	const char *c;

	if (used < 0 || (size_t)used != n)
		return false;
	for (c = out; *c != '\0'; c++)
		if (!text_is_alnum(*c) && *c != '-' && *c != '_' && *c != '.')
			return false;
	return c - out <= HOST_MAX;
}

/* Goes from a->name along its CNAMEs. False for a loop or a bad one. */
static bool
follow(struct dns_answer *a)
{
	int count = ns_msg_count(a->msg, ns_s_an), i, hops = 0;
	char next[NS_MAXDNAME];
	ns_rr rr;

	for (i = 0; i < count; i++) {
		if (ns_parserr(&a->msg, ns_s_an, i, &rr) == -1)
			return false;
		if (ns_rr_type(rr) != ns_t_cname ||
		    !text_str_case_eq(ns_rr_name(rr), a->name))
			continue;
		if (++hops > ALIASES_MAX || !take_name(a, ns_rr_rdata(rr),
		    ns_rr_rdlen(rr), next, sizeof(next)))
			return false;
		memcpy(a->name, next, sizeof(next));
		i = -1;			/* from the start again */
	}
	return true;
}

bool
dns_answer_read(struct dns_answer *a, size_t n, const char *name)
{
	const HEADER *h = (const HEADER *)(const void *)a->bytes;

	if (n < sizeof(*h) || n > sizeof(a->bytes) || h->tc ||
	    strlen(name) >= sizeof(a->name))
		return false;
	a->exists = h->rcode != ns_r_nxdomain;
	a->secure = h->ad;
	(void)snprintf(a->name, sizeof(a->name), "%s", name);
	return ns_initparse(a->bytes, (int)n, &a->msg) == 0 && follow(a);
}

/* The next record of that type and of the name asked for, from *i on. */
static bool
next_record(struct dns_answer *a, int type, int *i, ns_rr *rr)
{
	while (*i < ns_msg_count(a->msg, ns_s_an)) {
		if (ns_parserr(&a->msg, ns_s_an, (*i)++, rr) == -1)
			return false;
		if ((int)ns_rr_type(*rr) == type &&
		    ns_rr_class(*rr) == ns_c_in &&
		    text_str_case_eq(ns_rr_name(*rr), a->name))
			return true;
	}
	return false;
}

static bool
take_mx(const struct dns_answer *a, const ns_rr *rr, struct dns_target *t)
{
	const unsigned char *p = ns_rr_rdata(*rr);

	if (ns_rr_rdlen(*rr) < 3)
		return false;
	t->order = ns_get16(p);
	t->port = t->weight = 0;
	return take_name(a, p + 2, ns_rr_rdlen(*rr) - 2u, t->host,
	    sizeof(t->host));
}

static bool
take_srv(const struct dns_answer *a, const ns_rr *rr, struct dns_target *t)
{
	const unsigned char *p = ns_rr_rdata(*rr);

	if (ns_rr_rdlen(*rr) < 7)
		return false;
	t->order = ns_get16(p);
	t->weight = ns_get16(p + 2);
	t->port = ns_get16(p + 4);
	return take_name(a, p + 6, ns_rr_rdlen(*rr) - 6u, t->host,
	    sizeof(t->host)) && (t->port != 0 || t->host[0] == '\0');
}

/* Of more than there is room for the best are kept, in whatever order the
 * answer has them. */
static void
keep(struct dns_targets *out, const struct dns_target *t)
{
	size_t i, worst = 0;

	if (out->n < DNS_TARGETS_MAX) {
		out->v[out->n++] = *t;
		return;
	}
	for (i = 1; i < out->n; i++)
		if (out->v[i].order > out->v[worst].order)
			worst = i;
	if (t->order < out->v[worst].order)
		out->v[worst] = *t;
}

bool
dns_answer_targets(struct dns_answer *a, int type, struct dns_targets *out)
{
	struct dns_target t;
	int i = 0;
	ns_rr rr;

	out->n = 0;
	while (next_record(a, type, &i, &rr)) {
		if (!(type == ns_t_mx ? take_mx : take_srv)(a, &rr, &t))
			return false;
		keep(out, &t);
	}
	return true;
}

void
dns_answer_tlsa(struct dns_answer *a, struct resolve_tlsa v[RESOLVE_TLSA_MAX],
    size_t *n)
{
	const unsigned char *p;
	size_t len;
	int i = 0;
	ns_rr rr;

	*n = 0;
	while (*n < RESOLVE_TLSA_MAX &&
	    next_record(a, DNS_TYPE_TLSA, &i, &rr)) {
		p = ns_rr_rdata(rr);
		len = ns_rr_rdlen(rr);
		/* Whole certificates as data are longer, and not for SMTP. */
		if (len < 4 || len - 3 > sizeof(v[*n].data))
			continue;
		v[*n].usage = p[0];
		v[*n].selector = p[1];
		v[*n].matching = p[2];
		v[*n].n = len - 3;
		memcpy(v[*n].data, p + 3, len - 3);
		(*n)++;
	}
}

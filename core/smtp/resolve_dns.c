/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rand.h"
#include "core/base/text.h"
#include "core/smtp/resolve_dns.h"

enum {
	ALIASES_MAX = 16,		/* CNAMEs in one chain */
	TYPE_TLSA = 52,
};

struct answer {
	unsigned char	 bytes[NS_MAXMSG];
	ns_msg		 msg;
	char		 name[NS_MAXDNAME];	/* at the end of all CNAMEs */
	bool		 secure;
	bool		 exists;		/* false: NXDOMAIN */
};

static bool
is_loopback(const struct __res_state *st, int i)
{
	const struct sockaddr_in *v4 = &st->nsaddr_list[i];
	const struct sockaddr_in6 *v6 = st->_u._ext.nsaddrs[i];

	if (v4->sin_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return v6 != NULL && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

bool
dns_is_trusted(const struct __res_state *st)
{
	int i;

	if ((st->options & RES_TRUSTAD) != 0)
		return true;
	for (i = 0; i < st->nscount; i++)
		if (!is_loopback(st, i))
			return false;
	return st->nscount > 0;
}

int
dns_open(struct __res_state *st, int64_t timeout_sec, struct err *err)
{
	int64_t each;

	memset(st, 0, sizeof(*st));
	if (res_ninit(st) == -1)
		return err_set(err, ERR_TEMP, "4.4.3",
		    "the resolver does not start: see /etc/resolv.conf");
	st->options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
	if (dns_is_trusted(st))
		st->options |= RES_TRUSTAD;
	each = timeout_sec / ((st->retry > 0 ? st->retry : 1) *
	    (st->nscount > 0 ? st->nscount : 1));
	if (st->retrans > each)
		st->retrans = each > 0 ? (int)each : 1;
	return 0;
}

void
dns_close(struct __res_state *st)
{
	res_nclose(st);
	memset(st, 0, sizeof(*st));
}

/* What a lookup without an answer ran into. The library turns a refusal by
 * every server into a time-out, but leaves the last one in the buffer. */
static int
fail(const struct answer *a, const char *name, int sys, struct err *err)
{
	static const char *const codes[] = { NULL, "FORMERR", "SERVFAIL",
	    NULL, "NOTIMP", "REFUSED" };
	const HEADER *h = (const HEADER *)(const void *)a->bytes;
	const char *why = "no answer";

	if (h->qr && h->rcode < NELEM(codes) && codes[h->rcode] != NULL)
		why = codes[h->rcode];
	else if (sys == ECONNREFUSED)
		why = "no DNS server listens there";
	else if (sys == ETIMEDOUT)
		why = "timeout";
	else if (sys == EMSGSIZE)
		why = "malformed answer";
	return err_set(err, ERR_TEMP, "4.4.3", "DNS lookup of %.200s: %s",
	    name, why);
}

/* A name of the answer. False unless it is one that a host may have: what
 * the library has to write with a backslash (a NUL, a dot) is none. */
static bool
take_name(const struct answer *a, const unsigned char *p, size_t n,
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
	return c - out < 254;
}

/* Goes from a->name along its CNAMEs. False for a loop or a bad one. */
static bool
follow(struct answer *a)
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

static int
ask(struct __res_state *st, const char *name, int type, struct answer *a,
    struct err *err)
{
	unsigned char query[NS_PACKETSZ];
	const HEADER *h = (const HEADER *)(const void *)a->bytes;
	int n, len;

	memset(a->bytes, 0, sizeof(*h));
	n = res_nmkquery(st, ns_o_query, name, ns_c_in, type, NULL, 0, NULL,
	    query, sizeof(query));
	if (n < 0 || strlen(name) >= sizeof(a->name))
		return err_set(err, ERR_TEMP, "4.4.4", "%.200s is no name",
		    name);
	errno = 0;
	len = res_nsend(st, query, n, a->bytes, sizeof(a->bytes));
	if (len < (int)sizeof(*h) || len > (int)sizeof(a->bytes))
		return fail(a, name, len < 0 ? errno : EMSGSIZE, err);
	a->exists = h->rcode != ns_r_nxdomain;
	a->secure = h->ad && (st->options & RES_TRUSTAD) != 0;
	if (h->rcode != ns_r_noerror && a->exists)
		return fail(a, name, 0, err);
	(void)snprintf(a->name, sizeof(a->name), "%s", name);
	if (h->tc || ns_initparse(a->bytes, len, &a->msg) == -1 || !follow(a))
		return fail(a, name, EMSGSIZE, err);
	return 0;
}

/* The next record of that type and of the name asked for, from *i on. */
static bool
next_record(struct answer *a, int type, int *i, ns_rr *rr)
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
take_mx(const struct answer *a, const ns_rr *rr, struct dns_target *t)
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
take_srv(const struct answer *a, const ns_rr *rr, struct dns_target *t)
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

static int
targets(struct __res_state *st, const char *name, int type,
    struct dns_targets *out, struct err *err)
{
	struct answer *a = mem_zero(sizeof(*a));
	int i = 0, ret = -1;
	struct dns_target t;
	ns_rr rr;

	out->n = 0;
	if (ask(st, name, type, a, err) == -1)
		goto out;
	if (!a->exists && type == ns_t_mx) {
		err_set(err, ERR_TEMP, "4.4.4", "%.200s does not exist in DNS "
		    "(NXDOMAIN)", name);
		goto out;
	}
	out->secure = a->secure;
	while (next_record(a, type, &i, &rr)) {
		if (!(type == ns_t_mx ? take_mx : take_srv)(a, &rr, &t)) {
			/* One that lies makes all of them doubtful. */
			(void)fail(a, name, EMSGSIZE, err);
			goto out;
		}
		keep(out, &t);
	}
	ret = 0;
out:
	mem_free(a);
	return ret;
}

int
dns_mx(struct __res_state *st, const char *name, struct dns_targets *out,
    struct err *err)
{
	return targets(st, name, ns_t_mx, out, err);
}

int
dns_srv(struct __res_state *st, const char *name, struct dns_targets *out,
    struct err *err)
{
	return targets(st, name, ns_t_srv, out, err);
}

int
dns_tlsa(struct __res_state *st, const char *name, struct resolve_tlsa *v,
    size_t *n, bool *secure, struct err *err)
{
	struct answer *a = mem_zero(sizeof(*a));
	const unsigned char *p;
	int i = 0, ret = -1;
	size_t len;
	ns_rr rr;

	*n = 0;
	*secure = false;
	if (ask(st, name, TYPE_TLSA, a, err) == -1)
		goto out;
	*secure = a->secure;
	while (*n < RESOLVE_TLSA_MAX && next_record(a, TYPE_TLSA, &i, &rr)) {
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
	ret = 0;
out:
	mem_free(a);
	return ret;
}

/* Which of v[i..n), all of one order, is next. A weight of 0 has a small
 * chance beside others, and the same as its like. */
static size_t
pick(const struct dns_targets *t, size_t i)
{
	uint32_t total = 0, r;
	size_t j;

	for (j = i; j < t->n && t->v[j].order == t->v[i].order; j++)
		total += (uint32_t)t->v[j].weight * 100 + 1;
	r = rand_u32() % total;
	for (j = i; r >= (uint32_t)t->v[j].weight * 100 + 1; j++)
		r -= (uint32_t)t->v[j].weight * 100 + 1;
	return j;
}

static void
swap(struct dns_target *a, struct dns_target *b)
{
	struct dns_target c = *a;

	*a = *b;
	*b = c;
}

void
dns_sort(struct dns_targets *t)
{
	size_t i, j;

	for (i = 0; i < t->n; i++)
		for (j = i + 1; j < t->n; j++)
			if (t->v[j].order < t->v[i].order)
				swap(&t->v[i], &t->v[j]);
	for (i = 0; i < t->n; i++) {
		j = pick(t, i);
		swap(&t->v[i], &t->v[j]);
	}
}

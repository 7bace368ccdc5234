/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rand.h"
#include "core/smtp/resolve_answer.h"

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

/* No longer than timeout_sec for all servers together, or a second for each:
 * the library knows nothing shorter. */
static void
bound(struct __res_state *st, int64_t timeout_sec)
{
	int64_t servers = st->nscount > 0 ? st->nscount : 1, each;

	if (st->retry < 1 || timeout_sec < 2 * servers)
		st->retry = 1;
	else if (timeout_sec < st->retry * servers)
		st->retry = (int)(timeout_sec / servers);
	each = timeout_sec / (st->retry * servers);
	if (st->retrans > each)
		st->retrans = each > 0 ? (int)each : 1;
}

int
dns_open(struct __res_state *st, int64_t timeout_sec, struct err *err)
{
	memset(st, 0, sizeof(*st));
	if (res_ninit(st) == -1)
		return err_set(err, ERR_TEMP, "4.4.3",
		    "the resolver does not start: see /etc/resolv.conf");
	st->options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
	if (dns_is_trusted(st))
		st->options |= RES_TRUSTAD;
	bound(st, timeout_sec);
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
fail(const struct dns_answer *a, const char *name, int sys, struct err *err)
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

static int
ask(struct __res_state *st, const char *name, int type,
    struct dns_answer *a, struct err *err)
{
	unsigned char query[NS_PACKETSZ];
	const HEADER *h = (const HEADER *)(const void *)a->bytes;
	int n, len;

	memset(a->bytes, 0, sizeof(*h));
	n = res_nmkquery(st, ns_o_query, name, ns_c_in, type, NULL, 0, NULL,
	    query, sizeof(query));
	if (n < 0)
		return err_set(err, ERR_TEMP, "4.4.4", "%.200s is no name",
		    name);
	errno = 0;
	len = res_nsend(st, query, n, a->bytes, sizeof(a->bytes));
	if (len < (int)sizeof(*h) || len > (int)sizeof(a->bytes))
		return fail(a, name, len < 0 ? errno : EMSGSIZE, err);
	if (h->rcode != ns_r_noerror && h->rcode != ns_r_nxdomain)
		return fail(a, name, 0, err);
	if (!dns_answer_read(a, (size_t)len, name))
		return fail(a, name, EMSGSIZE, err);
	a->secure = a->secure && (st->options & RES_TRUSTAD) != 0;
	return 0;
}

static int
targets(struct __res_state *st, const char *name, int type,
    struct dns_targets *out, struct err *err)
{
	struct dns_answer *a = mem_zero(sizeof(*a));
	int ret = -1;

	out->n = 0;
	if (ask(st, name, type, a, err) == -1)
		goto out;
	if (!a->exists && type == ns_t_mx) {
		err_set(err, ERR_TEMP, "4.4.4", "%.200s does not exist in DNS "
		    "(NXDOMAIN)", name);
		goto out;
	}
	out->secure = a->secure;
	ret = dns_answer_targets(a, type, out) ? 0 :
	    fail(a, name, EMSGSIZE, err);
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
	struct dns_answer *a = mem_zero(sizeof(*a));
	int ret;

	*n = 0;
	*secure = false;
	ret = ask(st, name, DNS_TYPE_TLSA, a, err);
	if (ret == 0) {
		*secure = a->secure;
		dns_answer_tlsa(a, v, n);
	}
	mem_free(a);
	return ret;
}

/* A weight of 0 has a small chance beside others, and the same as its like. */
static uint32_t
chances(const struct dns_target *target)
{
	return (uint32_t)target->weight * 100 + 1;
}

/* Which of v[i..n) of the order that v[i] has is next. */
static size_t
pick(const struct dns_targets *t, size_t i)
{
	uint32_t total = chances(&t->v[i]), r;
	size_t j;

	for (j = i + 1; j < t->n && t->v[j].order == t->v[i].order; j++)
		total += chances(&t->v[j]);
	r = rand_u32() % total;
	for (j = i; r >= chances(&t->v[j]); j++)
		r -= chances(&t->v[j]);
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

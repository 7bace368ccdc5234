/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/resolve_dns.h"

static bool
is_address(const char *s)
{
	unsigned char a[16];

	return inet_pton(AF_INET, s, a) == 1 || inet_pton(AF_INET6, s, a) == 1;
}

/*
 * getaddrinfo asks through the thread's own resolver. It is read anew, so
 * that a changed resolv.conf counts, and has no search list: a name is
 * absolute. (A dot at its end would say so too, but hides /etc/hosts.)
 */
static void
set_resolver(const struct __res_state *st)
{
	(void)res_init();
	_res.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
	if (st == NULL)
		return;
	_res.nscount = st->nscount;
	_res.retrans = st->retrans;
	_res.retry = st->retry;
	memcpy(_res.nsaddr_list, st->nsaddr_list, sizeof(_res.nsaddr_list));
}

static int
fail_lookup(const char *name, int rc, struct err *err)
{
	switch (rc) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return err_set(err, ERR_TEMP, "4.4.4", "%.200s has no address "
		    "(no such name, or none in DNS): check host in [relay]",
		    name);
	case EAI_AGAIN:
		return err_set(err, ERR_TEMP, "4.4.3", "DNS lookup of %.200s: "
		    "no usable answer (timeout, SERVFAIL or REFUSED)", name);
	case EAI_SYSTEM:
		err_sys(err, "lookup of %.200s", name);
		(void)snprintf(err->dsn, sizeof(err->dsn), "4.4.3");
		return -1;
	default:
		return err_set(err, ERR_TEMP, "4.4.3", "lookup of %.200s: %s",
		    name, gai_strerror(rc));
	}
}

/* 0.0.0.0 and :: lead back to this machine, and what is sent to many is no
 * relay. Loopback may well be one (a tunnel). */
static bool
is_usable(const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;
	uint32_t a;

	if (sa->sa_family == AF_INET6) {
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
			return false;
		return !IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) &&
		    !IN6_IS_ADDR_MULTICAST(&v6->sin6_addr);
	}
	a = ntohl(v4->sin_addr.s_addr);
	return sa->sa_family == AF_INET && a >> 24 != 0 && a < 0xe0000000;
}

static void
set_port(struct resolve_addr *a, int port)
{
	struct sockaddr_in *v4 = (void *)&a->sa;
	struct sockaddr_in6 *v6 = (void *)&a->sa;

	a->port = port;
	if (a->sa.ss_family == AF_INET6)
		v6->sin6_port = htons((uint16_t)port);
	else
		v4->sin_port = htons((uint16_t)port);
}

static bool
has(const struct resolve_list *l, const struct resolve_addr *a)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].len == a->len &&
		    memcmp(&l->v[i].sa, &a->sa, a->len) == 0)
			return true;
	return false;
}

static void
add(struct resolve_list *l, const struct addrinfo *ai,
    const struct resolve_addr *form)
{
	struct resolve_addr a = *form;

	if (l->n == RESOLVE_MAX || ai->ai_addrlen > sizeof(a.sa))
		return;
	memcpy(&a.sa, ai->ai_addr, ai->ai_addrlen);
	a.len = ai->ai_addrlen;
	set_port(&a, form->port);
	if (has(l, &a) || getnameinfo(ai->ai_addr, ai->ai_addrlen, a.text,
	    sizeof(a.text), NULL, 0, NI_NUMERICHOST) != 0)
		return;
	l->v = mem_array(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = a;
}

/* The next address of the family from ai on. */
static const struct addrinfo *
next_of(const struct addrinfo *ai, int family)
{
	while (ai != NULL && (ai->ai_family != family ||
	    !is_usable(ai->ai_addr)))
		ai = ai->ai_next;
	return ai;
}

/*
 * All addresses of one name, in RFC 6724's order (getaddrinfo's) but with the
 * families taking turns: when one of them leads nowhere, the other is reached
 * after a single time-out.
 */
static int
add_addresses(const struct __res_state *st, const struct resolve_addr *form,
    struct resolve_list *l, struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM }, *all = NULL;
	const struct addrinfo *v[2];
	size_t before = l->n, turn;
	int rc, first;

	set_resolver(st);
	rc = getaddrinfo(form->host, NULL, &hints, &all);
	/* RFC 6761 6.3: also where no /etc/hosts says what localhost is. */
	if (rc != 0 && text_str_case_eq(form->host, "localhost"))
		rc = getaddrinfo(NULL, "25", &hints, &all);
	if (rc != 0)
		return fail_lookup(form->host, rc, err);
	first = all->ai_family == AF_INET ? AF_INET : AF_INET6;
	v[0] = next_of(all, first);
	v[1] = next_of(all, first == AF_INET ? AF_INET6 : AF_INET);
	for (turn = 0; v[0] != NULL || v[1] != NULL; turn = 1 - turn) {
		if (v[turn] == NULL)
			continue;
		add(l, v[turn], form);
		v[turn] = next_of(v[turn]->ai_next, v[turn]->ai_family);
	}
	freeaddrinfo(all);
	if (l->n == before && before < RESOLVE_MAX)
		return err_set(err, ERR_TEMP, "4.4.4", "%.200s has no address "
		    "that a relay can have", form->host);
	return 0;
}

/* The targets of MX or SRV in their order. Some may be gone: one is enough. */
static int
add_targets(const struct __res_state *st, struct dns_targets *t,
    const struct resolve_addr *form, struct resolve_list *l,
    struct err *err)
{
	struct resolve_addr a;
	bool any = false;
	size_t i;

	dns_sort(t);
	for (i = 0; i < t->n && l->n < RESOLVE_MAX; i++) {
		/* A target that looks like an address is not a name. */
		if (t->v[i].host[0] == '\0' || is_address(t->v[i].host))
			continue;
		a = *form;
		(void)snprintf(a.host, sizeof(a.host), "%s", t->v[i].host);
		a.secure = t->secure;
		if (t->v[i].port != 0)
			a.port = t->v[i].port;
		any = add_addresses(st, &a, l, err) == 0 || any;
	}
	return any ? 0 : -1;
}

static int
by_mx(struct __res_state *st, const struct resolve_addr *form,
    struct resolve_list *l, struct err *err)
{
	struct dns_targets t;

	if (dns_mx(st, form->host, &t, err) == -1)
		return -1;
	if (t.n == 0)
		return add_addresses(st, form, l, err);
	err_set(err, ERR_TEMP, "4.4.4", "%.200s takes no mail (null MX): "
	    "check host in [relay]", form->host);
	return add_targets(st, &t, form, l, err);
}

static int
by_srv(struct __res_state *st, const struct resolve_addr *form,
    struct resolve_list *l, struct err *err)
{
	static const char *const services[] = { "_submissions._tcp",
	    "_submission._tcp" };
	struct resolve_addr a = *form;
	struct dns_targets t;
	char name[300];
	size_t i;

	for (i = 0; i < NELEM(services); i++) {
		(void)snprintf(name, sizeof(name), "%s.%s", services[i],
		    form->host);
		if (dns_srv(st, name, &t, err) == -1)
			return -1;
		if (t.n == 0 || (t.n == 1 && t.v[0].host[0] == '\0'))
			continue;
		a.implicit_tls = i == 0;
		err_set(err, ERR_TEMP, "4.4.4", "SRV of %.200s leads to no "
		    "host", name);
		return add_targets(st, &t, &a, l, err);
	}
	return err_set(err, ERR_TEMP, "4.4.4", "%.200s offers no submission "
	    "by SRV: check host and lookup in [relay]", form->host);
}

int
resolve_host_with(struct __res_state *st, const struct conf_relay *relay,
    const struct conf_host *host, struct resolve_list *out, struct err *err)
{
	/* A configured name is the administrator's word, not the DNS's. */
	struct resolve_addr form = { .secure = true,
	    .port = host->port != 0 ? host->port : relay->port };
	enum conf_lookup lookup = relay->lookup;
	struct resolve_list l = { NULL, 0 };
	struct __res_state own;
	size_t n = strlen(host->name);
	bool open = false;
	int ret;

	if (n > 1 && host->name[n - 1] == '.')
		n--;
	if (n >= sizeof(form.host))
		return err_set(err, ERR_TEMP, "4.4.4", "%.100s... is too long "
		    "for a name", host->name);
	memcpy(form.host, host->name, n);
	if (is_address(host->name)) {
		lookup = CONF_LOOKUP_A;
	} else if (st == NULL) {
		if (dns_open(&own, relay->connect_timeout_sec, err) == -1)
			return -1;
		open = true;
		st = &own;
	}
	if (lookup == CONF_LOOKUP_A)
		ret = add_addresses(st, &form, &l, err);
	else
		ret = (lookup == CONF_LOOKUP_MX ? by_mx : by_srv)(st, &form,
		    &l, err);
	if (open)
		dns_close(&own);
	if (ret == -1)
		resolve_free(&l);
	else
		*out = l;
	return ret;
}

int
resolve_host(const struct conf_relay *relay, const struct conf_host *host,
    struct resolve_list *out, struct err *err)
{
	return resolve_host_with(NULL, relay, host, out, err);
}

void
resolve_free(struct resolve_list *l)
{
	mem_free(l->v);
	l->v = NULL;
	l->n = 0;
}

int
resolve_tlsa(const char *host, int port, int64_t timeout_sec,
    struct resolve_tlsa *v, size_t *n, bool *secure, struct err *err)
{
	struct __res_state st;
	char name[300];
	int ret = 0;

	*n = 0;
	*secure = false;
	if (is_address(host))
		return 0;
	if (dns_open(&st, timeout_sec, err) == -1)
		return -1;
	/* An answer that may not be believed is not asked for: its failure
	 * would hold up mail for nothing. */
	if (dns_is_trusted(&st)) {
		(void)snprintf(name, sizeof(name), "_%d._tcp.%.255s", port,
		    host);
		ret = dns_tlsa(&st, name, v, n, secure, err);
	}
	dns_close(&st);
	return ret;
}

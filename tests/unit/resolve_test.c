/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/smtp/resolve_dns.h"
#include "tests/unit/dns_fake.h"

static const struct rule rules[] = {
	{ "mx.test", ns_t_mx, 0, AD, { "mx.test MX 20 b.test",
	    "mx.test MX 10 a.test" } },
	{ "plain.test", ns_t_mx, 0, 0, { "plain.test MX 10 a.test" } },
	{ "alias.test", ns_t_mx, 0, 0, { "alias.test CNAME alias2.test",
	    "alias2.test CNAME mx.test", "mx.test MX 10 a.test" } },
	{ "backwards.test", ns_t_mx, 0, 0, { "x.test MX 10 a.test",
	    "y.test CNAME x.test", "backwards.test CNAME y.test" } },
	{ "loop.test", ns_t_mx, 0, 0, { "loop.test CNAME loop2.test",
	    "loop2.test CNAME loop.test" } },
	{ "foreign.test", ns_t_mx, 0, 0, { "other.test MX 10 a.test" } },
	{ "null.test", ns_t_mx, 0, 0, { "null.test MX 0 ." } },
	{ "literal.test", ns_t_mx, 0, 0, { "literal.test MX 0 192.0.2.9",
	    "literal.test MX 5 a.test" } },
	{ "some.test", ns_t_mx, 0, 0, { "some.test MX 1 gone.test",
	    "some.test MX 2 fail.test", "some.test MX 3 a.test" } },
	{ "dead.test", ns_t_mx, 0, 0, { "dead.test MX 1 gone.test" } },
	{ "nomx.test", ns_t_mx, 0, 0, { NULL } },
	{ "nomx.test", ns_t_a, 0, 0, { "nomx.test A 192.0.2.77" } },
	{ "nomx.test", ns_t_aaaa, 0, 0, { NULL } },
	{ "servfail.test", ns_t_mx, ns_r_servfail, 0, { NULL } },
	{ "servfail.test", ns_t_a, 0, 0, { "servfail.test A 192.0.2.1" } },
	{ "refused.test", ns_t_mx, ns_r_refused, 0, { NULL } },
	{ "formerr.test", ns_t_mx, ns_r_formerr, 0, { NULL } },
	{ "notimp.test", ns_t_mx, ns_r_notimpl, 0, { NULL } },
	{ "silent.test", ns_t_mx, 0, SILENT, { NULL } },
	{ "badid.test", ns_t_mx, 0, BAD_ID, { "badid.test MX 1 a.test" } },
	{ "badq.test", ns_t_mx, 0, BAD_QUESTION, { "badq.test MX 1 a.test" } },
	{ "tc.test", ns_t_mx, 0, TC, { "tc.test MX 1 a.test" } },
	{ "cut.test", ns_t_mx, 0, CUT, { "cut.test MX 1 a.test" } },
	{ "short.test", ns_t_mx, 0, 0, { "short.test RAW 15 000a" } },
	{ "empty.test", ns_t_mx, 0, 0, { "empty.test RAW 15 " } },
	{ "compress.test", ns_t_mx, 0, 0, { "compress.test RAW 15 000ac02a" } },
	{ "pointer.test", ns_t_mx, 0, 0, { "pointer.test RAW 15 000acfff" } },
	{ "tail.test", ns_t_mx, 0, 0, { "tail.test RAW 15 000a01610000" } },
	{ "nul.test", ns_t_mx, 0, 0, { "nul.test RAW 15 000a0361006200" } },
	{ "newline.test", ns_t_mx, 0, 0,
	    { "newline.test RAW 15 000a03610a6200" } },
	{ "label.test", ns_t_mx, 0, 0, { "label.test RAW 15 000a4061626300" } },
	{ "nx.test", ns_t_mx, ns_r_nxdomain, 0, { NULL } },
	{ "_submissions._tcp.both.test", ns_t_srv, 0, 0,
	    { "_submissions._tcp.both.test SRV 1 0 465 a.test" } },
	{ "_submission._tcp.both.test", ns_t_srv, 0, 0,
	    { "_submission._tcp.both.test SRV 1 0 587 b.test" } },
	{ "_submission._tcp.one.test", ns_t_srv, 0, 0,
	    { "_submission._tcp.one.test SRV 20 0 2587 b.test",
	    "_submission._tcp.one.test SRV 10 0 1587 a.test" } },
	{ "_submissions._tcp.no.test", ns_t_srv, 0, 0,
	    { "_submissions._tcp.no.test SRV 0 0 0 ." } },
	{ "_submission._tcp.no.test", ns_t_srv, 0, 0,
	    { "_submission._tcp.no.test SRV 0 0 587 a.test" } },
	{ "_submissions._tcp.none.test", ns_t_srv, 0, 0,
	    { "_submissions._tcp.none.test SRV 0 0 0 ." } },
	{ "_submissions._tcp.fail.test", ns_t_srv, ns_r_servfail, 0, { NULL } },
	{ "_submission._tcp.fail.test", ns_t_srv, 0, 0,
	    { "_submission._tcp.fail.test SRV 0 0 587 a.test" } },
	{ "_submissions._tcp.port0.test", ns_t_srv, 0, 0,
	    { "_submissions._tcp.port0.test SRV 0 0 0 a.test" } },
	{ "_submissions._tcp.short.test", ns_t_srv, 0, 0,
	    { "_submissions._tcp.short.test RAW 33 00010002" } },
	{ "a.test", ns_t_a, 0, 0, { "a.test A 192.0.2.1",
	    "a.test A 192.0.2.2", "a.test A 192.0.2.1" } },
	{ "a.test", ns_t_aaaa, 0, 0, { "a.test AAAA 2001:db8::1",
	    "a.test AAAA 2001:db8::2", "a.test AAAA 2001:db8::3" } },
	{ "b.test", ns_t_a, 0, 0, { "b.test A 198.51.100.1" } },
	{ "b.test", ns_t_aaaa, 0, 0, { NULL } },
	{ "fail.test", ns_t_a, ns_r_servfail, 0, { NULL } },
	{ "fail.test", ns_t_aaaa, ns_r_servfail, 0, { NULL } },
	{ "zero.test", ns_t_a, 0, 0, { "zero.test A 0.0.0.0",
	    "zero.test A 224.0.0.1", "zero.test A 255.255.255.255" } },
	{ "zero.test", ns_t_aaaa, 0, 0, { "zero.test AAAA ::",
	    "zero.test AAAA ff02::1", "zero.test AAAA ::ffff:192.0.2.1" } },
	{ "c.test", ns_t_a, 0, 0, { "c.test CNAME d.test",
	    "d.test A 192.0.2.3" } },
	{ "c.test", ns_t_aaaa, 0, 0, { "c.test CNAME d.test" } },
	{ "nodata.test", ns_t_a, 0, 0, { NULL } },
	{ "nodata.test", ns_t_aaaa, 0, 0, { NULL } },
	{ "relay.evil", ns_t_a, 0, 0, { "relay.evil A 192.0.2.66" } },
	{ "relay.evil", ns_t_aaaa, 0, 0, { NULL } },
	{ "_25._tcp.dane.test", 52, 0, AD, { "_25._tcp.dane.test RAW 52 "
	    "030101000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f",
	    "_25._tcp.dane.test RAW 52 0301",
	    "_25._tcp.dane.test RAW 52 02000155" } },
	{ "_25._tcp.bogus.test", 52, ns_r_servfail, 0, { NULL } },
	{ "_25._tcp.insecure.test", 52, 0, 0,
	    { "_25._tcp.insecure.test RAW 52 03010155" } },
	{ .name = "" },
};

static void
test_end(void **state)
{
	(void)state;
	stop_dns();
}

static void
test_mx(void **state)
{
	static const struct {
		const char *name;
		bool trusted;
		const char *want;	/* hosts, or NULL */
		const char *why;
		bool secure;
	} cases[] = {
		{ "mx.test", true, "a.test b.test", NULL, true },
		{ "mx.test", false, "a.test b.test", NULL, false },
		{ "plain.test", true, "a.test", NULL, false },
		{ "alias.test", true, "a.test", NULL, false },
		{ "backwards.test", true, "a.test", NULL, false },
		{ "loop.test", true, NULL, "malformed", false },
		{ "foreign.test", true, "", NULL, false },
		{ "null.test", true, ".", NULL, false },
		{ "nomx.test", true, "", NULL, false },
		{ "tc.test", true, "a.test", NULL, false },
		{ "nx.test", true, NULL, "NXDOMAIN", false },
		{ "servfail.test", true, NULL, "SERVFAIL", false },
		{ "refused.test", true, NULL, "REFUSED", false },
		{ "formerr.test", true, NULL, "FORMERR", false },
		{ "notimp.test", true, NULL, "NOTIMP", false },
		{ "silent.test", true, NULL, "timeout", false },
		{ "badid.test", true, NULL, "", false },
		{ "badq.test", true, NULL, "", false },
		{ "cut.test", true, NULL, "malformed", false },
		{ "short.test", true, NULL, "malformed", false },
		{ "empty.test", true, NULL, "malformed", false },
		{ "compress.test", true, NULL, "malformed", false },
		{ "pointer.test", true, NULL, "malformed", false },
		{ "tail.test", true, NULL, "malformed", false },
		{ "nul.test", true, NULL, "malformed", false },
		{ "newline.test", true, NULL, "malformed", false },
		{ "label.test", true, NULL, "malformed", false },
	};
	struct __res_state st;
	struct dns_targets *t = calloc(1, sizeof(*t));
	struct err err;
	char got[200];
	size_t i, j;
	int ret;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		use_dns(&st, cases[i].trusted);
		err.text[0] = '\0';
		ret = dns_mx(&st, cases[i].name, t, &err);
		check(ret == (cases[i].want != NULL ? 0 : -1), "%s: %s",
		    cases[i].name, err.text);
		if (ret == -1) {
			check(strstr(err.text, cases[i].why) != NULL &&
			    err.kind == ERR_TEMP && strstr(err.text,
			    cases[i].name) != NULL, "%s: %s", cases[i].name,
			    err.text);
		} else {
			dns_sort(t);
			got[0] = '\0';
			for (j = 0; j < t->n; j++)
				(void)snprintf(got + strlen(got), sizeof(got) -
				    strlen(got), "%s%s", j > 0 ? " " : "",
				    t->v[j].host[0] != '\0' ? t->v[j].host :
				    ".");
			check(strcmp(got, cases[i].want) == 0 &&
			    t->secure == cases[i].secure, "%s: '%s'",
			    cases[i].name, got);
		}
		dns_close(&st);
	}
	free(t);
}

static void
test_hosts(void **state)
{
	static const struct {
		const char *name;
		enum conf_lookup lookup;
		const char *want;	/* addresses, or NULL */
		const char *why;
		const char *host;
		int port;
		bool implicit;
	} cases[] = {
		{ "192.0.2.5", CONF_LOOKUP_MX, "192.0.2.5", NULL, "192.0.2.5",
		    25, false },
		{ "::1", CONF_LOOKUP_A, "::1", NULL, "::1", 25, false },
		{ "b.test", CONF_LOOKUP_A, "198.51.100.1", NULL, "b.test", 25,
		    false },
		{ "b.test.", CONF_LOOKUP_A, "198.51.100.1", NULL, "b.test", 25,
		    false },
		{ "c.test", CONF_LOOKUP_A, "192.0.2.3", NULL, "c.test", 25,
		    false },
		{ "gone.test", CONF_LOOKUP_A, NULL, "no address", NULL, 0,
		    false },
		{ "nodata.test", CONF_LOOKUP_A, NULL, "no address", NULL, 0,
		    false },
		{ "fail.test", CONF_LOOKUP_A, NULL, "SERVFAIL", NULL, 0,
		    false },
		{ "zero.test", CONF_LOOKUP_A, NULL, "can have", NULL, 0,
		    false },
		{ "relay", CONF_LOOKUP_A, NULL, "no address", NULL, 0, false },
		{ "plain.test", CONF_LOOKUP_MX, "*", NULL, "a.test", 25,
		    false },
		{ "nomx.test", CONF_LOOKUP_MX, "192.0.2.77", NULL, "nomx.test",
		    25, false },
		{ "literal.test", CONF_LOOKUP_MX, "*", NULL, "a.test", 25,
		    false },
		{ "some.test", CONF_LOOKUP_MX, "*", NULL, "a.test", 25,
		    false },
		{ "null.test", CONF_LOOKUP_MX, NULL, "null MX", NULL, 0,
		    false },
		{ "dead.test", CONF_LOOKUP_MX, NULL, "gone.test", NULL, 0,
		    false },
		{ "servfail.test", CONF_LOOKUP_MX, NULL, "SERVFAIL", NULL, 0,
		    false },
		{ "nx.test", CONF_LOOKUP_MX, NULL, "NXDOMAIN", NULL, 0,
		    false },
		{ "both.test", CONF_LOOKUP_SRV, "*", NULL, "a.test", 465,
		    true },
		{ "one.test", CONF_LOOKUP_SRV, "*", NULL, "a.test", 1587,
		    false },
		{ "no.test", CONF_LOOKUP_SRV, "*", NULL, "a.test", 587,
		    false },
		{ "none.test", CONF_LOOKUP_SRV, NULL, "no submission", NULL, 0,
		    false },
		{ "fail.test", CONF_LOOKUP_SRV, NULL, "SERVFAIL", NULL, 0,
		    false },
		{ "port0.test", CONF_LOOKUP_SRV, NULL, "malformed", NULL, 0,
		    false },
		{ "short.test", CONF_LOOKUP_SRV, NULL, "malformed", NULL, 0,
		    false },
		{ "absent.test", CONF_LOOKUP_SRV, NULL, "no submission", NULL,
		    0, false },
	};
	struct conf_relay relay = { .port = 25, .connect_timeout_sec = 30 };
	struct resolve_list l;
	struct conf_host host;
	struct __res_state st;
	struct err err;
	char name[100];
	size_t i;
	int ret;

	(void)state;
	/* The search list that must not count. */
	setenv("LOCALDOMAIN", "evil", 1);
	for (i = 0; i < NELEM(cases); i++) {
		use_dns(&st, false);
		(void)snprintf(name, sizeof(name), "%s", cases[i].name);
		host = (struct conf_host){ .name = name };
		relay.lookup = cases[i].lookup;
		memset(&l, 0, sizeof(l));
		err.text[0] = '\0';
		ret = resolve_host_with(&st, &relay, &host, &l, &err);
		check(ret == (cases[i].want != NULL ? 0 : -1), "%s: %s",
		    name, err.text);
		if (ret == -1) {
			check(strstr(err.text, cases[i].why) != NULL &&
			    err.kind == ERR_TEMP && l.n == 0, "%s: %s", name,
			    err.text);
		} else {
			check(l.n >= 1 && (strcmp(cases[i].want, "*") == 0 ||
			    strcmp(l.v[0].text, cases[i].want) == 0) &&
			    strcmp(l.v[0].host, cases[i].host) == 0 &&
			    l.v[0].port == cases[i].port &&
			    l.v[0].implicit_tls == cases[i].implicit,
			    "%s: %s %s:%d", name, l.v[0].host, l.v[0].text,
			    l.v[0].port);
		}
		resolve_free(&l);
		resolve_free(&l);
		dns_close(&st);
	}
	unsetenv("LOCALDOMAIN");
}

static void
test_families(void **state)
{
	struct conf_relay relay = { .port = 587 };
	char name[] = "a.test";
	struct conf_host host = { .name = name, .port = 2525 };
	struct resolve_list l;
	struct __res_state st;
	struct err err;
	size_t i;

	(void)state;
	use_dns(&st, false);
	assert_int_equal(resolve_host_with(&st, &relay, &host, &l, &err), 0);
	/* Two of one family (without the duplicate), three of the other. */
	assert_int_equal(l.n, 5);
	for (i = 1; i < 4; i++)
		assert_int_not_equal(l.v[i].sa.ss_family,
		    l.v[i - 1].sa.ss_family);
	for (i = 0; i < 5; i++) {
		assert_int_equal(l.v[i].port, 2525);
		assert_true(l.v[i].secure);
	}
	resolve_free(&l);
	dns_close(&st);
}

static void
test_etc_hosts(void **state)
{
	struct conf_relay relay = { .port = 25 };
	char name[] = "localhost";
	struct conf_host host = { .name = name };
	struct resolve_list l;
	struct err err;
	size_t i;

	(void)state;
	assert_int_equal(resolve_host(&relay, &host, &l, &err), 0);
	assert_true(l.n >= 1);
	for (i = 0; i < l.n; i++)
		check(strcmp(l.v[i].text, "127.0.0.1") == 0 ||
		    strcmp(l.v[i].text, "::1") == 0, "%s", l.v[i].text);
	resolve_free(&l);
}

static void
test_tlsa(void **state)
{
	struct resolve_tlsa v[RESOLVE_TLSA_MAX];
	struct __res_state st;
	struct err err;
	bool secure;
	size_t n, i;

	(void)state;
	use_dns(&st, true);
	assert_int_equal(dns_tlsa(&st, "_25._tcp.dane.test", v, &n, &secure,
	    &err), 0);
	assert_true(secure);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].usage * 100 + v[0].selector * 10 +
	    v[0].matching, 311);
	assert_int_equal(v[0].n, 32);
	for (i = 0; i < 32; i++)
		assert_int_equal(v[0].data[i], i);
	assert_int_equal(v[1].usage, 2);
	assert_int_equal(v[1].n, 1);
	assert_int_equal(dns_tlsa(&st, "_25._tcp.insecure.test", v, &n,
	    &secure, &err), 0);
	assert_int_equal(n, 1);
	assert_false(secure);
	assert_int_equal(dns_tlsa(&st, "_25._tcp.none.test", v, &n, &secure,
	    &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(dns_tlsa(&st, "_25._tcp.bogus.test", v, &n, &secure,
	    &err), -1);
	dns_close(&st);
	/* An AD bit that nobody may believe. */
	use_dns(&st, false);
	assert_int_equal(dns_tlsa(&st, "_25._tcp.dane.test", v, &n, &secure,
	    &err), 0);
	assert_false(secure);
	dns_close(&st);
}

static void
test_trust(void **state)
{
	struct __res_state st;

	(void)state;
	use_dns(&st, false);
	assert_true(dns_is_trusted(&st));
	st.nsaddr_list[0].sin_addr.s_addr = inet_addr("192.0.2.53");
	assert_false(dns_is_trusted(&st));
	st.options |= RES_TRUSTAD;
	assert_true(dns_is_trusted(&st));
	st.options &= ~(unsigned long)RES_TRUSTAD;
	st.nscount = 0;
	assert_false(dns_is_trusted(&st));
	dns_close(&st);
}

/* RFC 2782: the shares follow the weights, the orders are kept. */
static void
test_sort(void **state)
{
	struct dns_targets *t = calloc(1, sizeof(*t));
	size_t heavy = 0, zero[2] = { 0, 0 }, i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		t->n = 5;
		t->v[0] = (struct dns_target){ "late0", 1, 9, 0 };
		t->v[1] = (struct dns_target){ "late1", 1, 9, 0 };
		t->v[2] = (struct dns_target){ "light", 1, 1, 10 };
		t->v[3] = (struct dns_target){ "heavy", 1, 1, 30 };
		t->v[4] = (struct dns_target){ "first", 1, 0, 0 };
		dns_sort(t);
		assert_string_equal(t->v[0].host, "first");
		assert_int_equal(t->v[1].order + t->v[2].order, 2);
		heavy += strcmp(t->v[1].host, "heavy") == 0;
		zero[0] += strcmp(t->v[3].host, "late0") == 0;
		zero[1] += strcmp(t->v[3].host, "late1") == 0;
	}
	assert_in_range(heavy, 1350, 1650);
	assert_in_range(zero[0], 850, 1150);
	assert_int_equal(zero[0] + zero[1], 2000);
	free(t);
}

static struct resolve_addr
loopback(int port)
{
	struct resolve_addr a = { .host = "relay", .text = "127.0.0.1",
	    .port = port, .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	memcpy(&a.sa, &sa, sizeof(sa));
	return a;
}

static int
listen_on(int *port, int backlog)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(listen(fd, backlog), 0);
	*port = ntohs(sa.sin_port);
	return fd;
}

static void
test_connect(void **state)
{
	struct resolve_addr a;
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	struct err err;
	int64_t start;
	int l, port, fd = -1, on = 0, v[64], i;

	(void)state;
	l = listen_on(&port, 5);
	a = loopback(port);
	assert_int_equal(resolve_connect(&a, NULL, 5000, &fd, &err), 0);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	len = sizeof(on);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len),
	    0);
	assert_int_not_equal(on, 0);
	close(fd);
	assert_int_equal(resolve_connect(&a, "127.0.0.5", 5000, &fd, &err), 0);
	len = sizeof(sa);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(ntohl(sa.sin_addr.s_addr), 0x7f000005);
	close(fd);
	assert_int_equal(resolve_connect(&a, "192.0.2.1", 5000, &fd, &err),
	    -1);
	assert_true(strstr(err.text, "source") != NULL);
	assert_int_equal(resolve_connect(&a, "::1", 5000, &fd, &err), -1);
	assert_int_equal(resolve_connect(&a, "name", 5000, &fd, &err), -1);
	close(l);
	assert_int_equal(resolve_connect(&a, NULL, 5000, &fd, &err), -1);
	assert_true(strstr(err.text, "relay[127.0.0.1]") != NULL &&
	    strstr(err.text, "refused") != NULL);
	assert_string_equal(err.dsn, "4.4.1");
	/* A listener whose queue is full answers no more. */
	l = listen_on(&port, 0);
	a = loopback(port);
	memset(v, -1, sizeof(v));
	for (i = 0; i < 64; i++)
		if (resolve_connect(&a, NULL, 50, &v[i], &err) == -1)
			break;
	assert_true(i < 64);
	start = clock_tick_ms();
	assert_int_equal(resolve_connect(&a, NULL, 50, &fd, &err), -1);
	assert_int_equal(err.sys, ETIMEDOUT);
	assert_true(clock_tick_ms() - start < 2000);
	while (i-- > 0)
		close(v[i]);
	close(l);
}

CHECK_MAIN(cmocka_unit_test(test_mx), cmocka_unit_test(test_hosts),
    cmocka_unit_test(test_families), cmocka_unit_test(test_etc_hosts),
    cmocka_unit_test(test_tlsa), cmocka_unit_test(test_trust),
    cmocka_unit_test(test_sort), cmocka_unit_test(test_connect),
    cmocka_unit_test(test_end))

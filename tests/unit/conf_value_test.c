/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

/* The bytes as a file would be read, without a file. */
static void
read_conf(const char *text, struct conf *conf, struct conf_problems *p)
{
	struct conf_lines lines = { 0 };
	size_t i;

	memset(conf, 0, sizeof(*conf));
	memset(p, 0, sizeof(*p));
	conf->path = mem_str("f");
	for (i = 0; conf_sections[i] != NULL; i++)
		if (i != CONF_RELAY)
			conf_defaults((enum conf_section)i, conf);
	conf_read(conf->path, slice_of(text), conf, &lines, p);
	conf_check(conf, &lines, 0600, p);
	mem_free(lines.relay);
}

static void
test_duration(void **state)
{
	static const struct { const char *in; int64_t want; } cases[] = {
		{ "0", 0 }, { "0s", 0 }, { "30s", 30 }, { "5m", 300 },
		{ "4h", 14400 }, { "5d", 432000 }, { "1h30m", 5400 },
		{ "5D", 432000 }, { "", -1 }, { "5", -1 }, { "s", -1 },
		{ "5 m", -1 }, { "-5m", -1 }, { "5w", -1 }, { "1.5h", -1 },
		{ "5m5", -1 }, { "99999999999d", -1 }, { "00", -1 },
		{ "2147483647d", 185542587100800 },
	};
	int64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		v = -1;
		check(conf_duration(cases[i].in, strlen(cases[i].in), &v) ==
		    (cases[i].want != -1) && v == cases[i].want,
		    "'%s': %jd", cases[i].in, (intmax_t)v);
	}
}

static void
test_size(void **state)
{
	static const struct { const char *in; int64_t want; } cases[] = {
		{ "0", 0 }, { "1", 1 }, { "64K", 65536 }, { "50m", 52428800 },
		{ "2G", 2147483648 }, { "8589934591G", 9223372035781033984 },
		{ "8589934592G", -1 }, { "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", -1 }, { "", -1 }, { "K", -1 },
		{ "-1", -1 }, { "1KB", -1 }, { "1 K", -1 }, { "1.5M", -1 },
	};
	int64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		v = -1;
		check(conf_size(cases[i].in, strlen(cases[i].in), &v) ==
		    (cases[i].want != -1) && v == cases[i].want,
		    "'%s': %jd", cases[i].in, (intmax_t)v);
	}
}

static void
test_host(void **state)
{
	static const struct {
		const char *in, *name;		/* NULL: refused */
		int port;
	} cases[] = {
		{ "smtp.example.com", "smtp.example.com", 0 },
		{ "smtp.example.com.", "smtp.example.com.", 0 },
		{ "a:1", "a", 1 }, { "a_b-c.d:65535", "a_b-c.d", 65535 },
		{ "192.0.2.1", "192.0.2.1", 0 },
		{ "192.0.2.1:25", "192.0.2.1", 25 },
		{ "[192.0.2.1]", "192.0.2.1", 0 },
		{ "[192.0.2.1]:25", "192.0.2.1", 25 },
		{ "::1", "::1", 0 }, { "[::1]", "::1", 0 },
		{ "[2001:db8::1]:587", "2001:db8::1", 587 },
		{ "fe80::1%eth0", "fe80::1%eth0", 0 },
		{ "[fe80::1%eth0]:25", "fe80::1%eth0", 25 },
		{ "", NULL, 0 }, { ":25", NULL, 0 }, { "a:", NULL, 0 },
		{ "a:0", NULL, 0 }, { "a:65536", NULL, 0 },
		{ "a:smtp", NULL, 0 }, { "a:25:26", NULL, 0 },
		{ "[::1", NULL, 0 }, { "[::1]25", NULL, 0 },
		{ "[]", NULL, 0 }, { "[smtp.example.com]", NULL, 0 },
		{ "1.2.3", NULL, 0 }, { "300.1.1.1", NULL, 0 },
		{ "25", NULL, 0 }, { "25:25", NULL, 0 },
		{ "a b", NULL, 0 }, { "-a", NULL, 0 }, { "a-.b", NULL, 0 },
		{ "a..b", NULL, 0 }, { ".a", NULL, 0 }, { "%eth0", NULL, 0 },
		{ "fe80::1%", NULL, 0 }, { "a/b", NULL, 0 },
		{ "\xc3\xa4.example", NULL, 0 },
		{ "a23456789012345678901234567890123456789012345678901234567"
		    "890123", "a2345678901234567890123456789012345678901234567"
		    "8901234567890123", 0 },
		{ "a234567890123456789012345678901234567890123456789012345678"
		    "901234", NULL, 0 },
	};
	struct conf_host host;
	bool got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		memset(&host, 0, sizeof(host));
		got = conf_take_host(cases[i].in, strlen(cases[i].in), &host);
		check(got == (cases[i].name != NULL), "host '%s'",
		    cases[i].in);
		if (got)
			check(strcmp(host.name, cases[i].name) == 0 &&
			    host.port == cases[i].port, "host '%s': %s, %d",
			    cases[i].in, host.name, host.port);
		mem_free(host.name);
	}
}

/* One key with a value: taken or not. */
static const struct {
	enum conf_section section;
	const char *key, *value;
	bool want;
} values[] = {
	{ CONF_RELAY, "lookup", "MX", true },
	{ CONF_RELAY, "lookup", "aaaa", false },
	{ CONF_RELAY, "port", "0", false },
	{ CONF_RELAY, "port", "65535", true },
	{ CONF_RELAY, "port", "+25", false },
	{ CONF_RELAY, "tls_min", "1.3", true },
	{ CONF_RELAY, "tls_min", "1.1", false },
	{ CONF_RELAY, "tls_ca_file", "/a", true },
	{ CONF_RELAY, "tls_ca_file", "a", false },
	{ CONF_RELAY, "tls_name", "a.example, *", false },
	{ CONF_RELAY, "tls_name", "a.example,b.example", true },
	{ CONF_RELAY, "tls_fingerprint", "00", false },
	{ CONF_RELAY, "tls_fingerprint", "0123456789abcdef0123456789ABCDEF"
	    "0123456789abcdef0123456789abcdef", true },
	{ CONF_RELAY, "tls_fingerprint", "spki:0123456789abcdef0123456789ABC"
	    "DEF0123456789abcdef0123456789abcdef", true },
	{ CONF_RELAY, "tls_fingerprint", "spki:0123456789abcdef0123456789ABC"
	    "DEF0123456789abcdef0123456789abcdef0", false },
	{ CONF_RELAY, "tls_fingerprint", "01:23:45:67:89:ab:cd:ef:01:23:45:6"
	    "7:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef",
	    true },
	{ CONF_RELAY, "tls_fingerprint", "01:23:45:67:89:ab:cd:ef:01:23:45:6"
	    "7:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:",
	    false },
	{ CONF_RELAY, "tls_fingerprint", "0:123456789abcdef0123456789ABCDEF"
	    "0123456789abcdef0123456789abcdef", false },
	{ CONF_RELAY, "auth", "AUTO", true },
	{ CONF_RELAY, "auth", "plain, scram-sha-256", true },
	{ CONF_RELAY, "auth", "plain auto", false },
	{ CONF_RELAY, "auth", "NTLM", false },
	{ CONF_RELAY, "oauth_token_url", "https://a/b", true },
	{ CONF_RELAY, "oauth_token_url", "http://127.0.0.1:8/b", true },
	{ CONF_RELAY, "oauth_token_url", "http://[::1]:8/b", true },
	{ CONF_RELAY, "oauth_token_url", "http://a/b", false },
	{ CONF_RELAY, "oauth_token_url", "http://127.0.0.1.evil/", false },
	{ CONF_RELAY, "oauth_token_url", "http://localhost@evil/", false },
	{ CONF_RELAY, "oauth_token_url", "http://127.0.0.1:1@evil/", false },
	{ CONF_RELAY, "oauth_token_url", "https://", false },
	{ CONF_RELAY, "allow_plaintext_auth", "TRUE", true },
	{ CONF_RELAY, "allow_plaintext_auth", "maybe", false },
	{ CONF_RELAY, "helo", "[192.0.2.1]", true },
	{ CONF_RELAY, "helo", "[IPv6:2001:db8::1]", true },
	{ CONF_RELAY, "helo", "[x]", false },
	{ CONF_RELAY, "helo", "a\tb", false },
	{ CONF_RELAY, "source", "::1", true },
	{ CONF_RELAY, "source", "localhost", false },
	{ CONF_RELAY, "sender", "<>, a@b, @c .d *", true },
	{ CONF_RELAY, "sender", "a", false },
	{ CONF_RELAY, "sender", "@.d", false },
	{ CONF_RELAY, "sender", "*@b", true },
	{ CONF_RELAY, "sender", ".", false },
	{ CONF_RELAY, "sender", ",", false },
	{ CONF_RELAY, "long_lines", "keep", true },
	{ CONF_RELAY, "long_lines", "yes", false },
	{ CONF_RELAY, "connections", "0", false },
	{ CONF_RELAY, "rate", "100/m", true },
	{ CONF_RELAY, "rate", "5/10s", true },
	{ CONF_RELAY, "rate", "0/s", false },
	{ CONF_RELAY, "rate", "5", false },
	{ CONF_RELAY, "rate", "5/", false },
	{ CONF_RELAY, "rate", "5/0s", false },
	{ CONF_RELAY, "rate", "5/x", false },
	{ CONF_RELAY, "timeout", "0", false },
	{ CONF_IDENTITY, "hostname", "a.b", true },
	{ CONF_IDENTITY, "hostname", "a b", false },
	{ CONF_IDENTITY, "domain", "\xc3\xa4.example", true },
	{ CONF_IDENTITY, "domain", "\xff.example", false },
	{ CONF_IDENTITY, "sender", "a@b", true },
	{ CONF_IDENTITY, "sender", "\"a b\"@b", true },
	{ CONF_IDENTITY, "sender", "a b@b", false },
	{ CONF_IDENTITY, "sender", "a@[192.0.2.1]", true },
	{ CONF_IDENTITY, "sender", "a@[IPv6:::1]", true },
	{ CONF_IDENTITY, "sender", "a@", false },
	{ CONF_IDENTITY, "sender", "@b", false },
	{ CONF_IDENTITY, "sender", "a", false },
	{ CONF_IDENTITY, "sender", "a@b@c", false },
	{ CONF_IDENTITY, "sender", "\"a@b\"@c", true },
	{ CONF_IDENTITY, "sender", "<a@b>", false },
	{ CONF_IDENTITY, "sender", "-a@b", false },
	{ CONF_IDENTITY, "from", "Keep", true },
	{ CONF_IDENTITY, "from", "a@b", true },
	{ CONF_IDENTITY, "from", "a", false },
	{ CONF_ALIASES, "catchall", "root", true },
	{ CONF_ALIASES, "catchall", "a@b", true },
	{ CONF_ALIASES, "catchall", "|x", true },	/* a local name */
	{ CONF_ALIASES, "catchall", "a,b", false },
	{ CONF_ALIASES, "catchall", "a@", false },
	{ CONF_QUEUE, "lifetime", "0", true },
	{ CONF_QUEUE, "lifetime", "3651d", false },
	{ CONF_QUEUE, "retry_min", "0", false },
	{ CONF_QUEUE, "max_header_size", "1K", true },
	{ CONF_QUEUE, "max_header_size", "1023", false },
	{ CONF_QUEUE, "gate", "off", true },
	{ CONF_QUEUE, "gate", "on", false },
	{ CONF_BOUNCE, "postmaster", "none", true },
	{ CONF_BOUNCE, "postmaster", "a@b", true },
	{ CONF_BOUNCE, "postmaster", "<>", false },
	{ CONF_BOUNCE, "sender", "<>", true },
	{ CONF_BOUNCE, "sender", "a", false },
	{ CONF_BOUNCE, "from", "\"A, B\" <a@b>", true },
	{ CONF_BOUNCE, "from", "a@b", true },
	{ CONF_BOUNCE, "from", "a", false },
	{ CONF_BOUNCE, "from", "A <a>", false },
	{ CONF_BOUNCE, "from", "A <a@b> x", false },
	{ CONF_LOG, "target", "stderr", true },
	{ CONF_LOG, "target", "file:/x/y", true },
	{ CONF_LOG, "target", "file:x", false },
	{ CONF_LOG, "target", "file:/x/", false },
	{ CONF_LOG, "target", "file:", false },
};

static void
test_values(void **state)
{
	const struct conf_key *k;
	struct conf_relay relay;
	struct conf conf;
	struct buf b;
	void *base;
	size_t i;

	(void)state;
	buf_init(&b, 10000);
	for (i = 0; i < NELEM(values); i++) {
		memset(&relay, 0, sizeof(relay));
		memset(&conf, 0, sizeof(conf));
		base = values[i].section == CONF_RELAY ? (void *)&relay :
		    (void *)&conf;
		k = conf_key_find(values[i].section, values[i].key);
		assert_non_null(k);
		check(conf_value_set(k, base, values[i].value) ==
		    values[i].want, "%s = %s", k->name, values[i].value);
		/* Set again, over the old one. */
		(void)conf_value_set(k, base, values[i].value);
		conf_value_free(k, base);
	}
	for (i = 0; i < conf_table_n; i++) {
		buf_reset(&b);
		conf_value_accepts(&conf_table[i], &b);
		check(b.n > 0 && !b.over, "%s", conf_table[i].name);
	}
	buf_free(&b);
}

static void
test_defaults(void **state)
{
	struct conf c;
	struct conf_problems p;
	const struct conf_relay *r;

	(void)state;
	read_conf("[identity]\nhostname = h.example\ndomain = d.example\n"
	    "[relay]\n", &c, &p);
	assert_int_equal(p.n, 0);
	assert_int_equal(c.nrelays, 1);
	r = &c.relays[0];
	assert_int_equal(r->nhosts, 0);
	assert_int_equal(r->lookup, CONF_LOOKUP_A);
	assert_int_equal(r->port, 587);
	assert_int_equal(r->tls, CONF_TLS_STARTTLS);
	assert_int_equal(r->tls_verify, CONF_VERIFY_YES);
	assert_int_equal(r->tls_min, 12);
	assert_int_equal(r->auth, CONF_AUTH_AUTO);
	assert_null(r->user);
	assert_int_equal(r->oauth_grant, CONF_GRANT_REFRESH);
	assert_false(r->allow_plaintext_auth);
	assert_string_equal(r->helo, "h.example");
	assert_false(r->long_lines_keep);
	assert_int_equal(r->recipients_per_transaction, 100);
	assert_int_equal(r->messages_per_connection, 0);
	assert_int_equal(r->connections, 4);
	assert_int_equal(r->rate_count, 0);
	assert_int_equal(r->connect_timeout_sec, 30);
	assert_int_equal(r->timeout_sec, 300);
	assert_false(r->timeout_set);
	assert_int_equal(r->command_timeout_sec, 30);
	assert_null(c.sender);
	assert_null(c.from);
	assert_false(c.require_user_from);
	assert_int_equal(c.trusted.n, 1);
	assert_string_equal(c.trusted.v[0], "root");
	assert_string_equal(c.aliases_file, "/etc/aliases");
	assert_null(c.aliases_catchall);
	assert_int_equal(c.aliases_local.n, 3);
	assert_string_equal(c.aliases_local.v[0], "h.example");
	assert_string_equal(c.aliases_local.v[1], "d.example");
	assert_string_equal(c.aliases_local.v[2], "localhost");
	assert_string_equal(c.queue_dir, paths_spool);
	assert_int_equal(c.lifetime_sec, 432000);
	assert_int_equal(c.bounce_lifetime_sec, 86400);
	assert_int_equal(c.warn_after_sec, 14400);
	assert_int_equal(c.retry_min_sec, 60);
	assert_int_equal(c.retry_max_sec, 3600);
	assert_int_equal(c.max_message_size, 50 * 1024 * 1024);
	assert_int_equal(c.max_header_size, 1024 * 1024);
	assert_false(c.on_demand);
	assert_int_equal(c.min_free, 32 * 1024 * 1024);
	assert_int_equal(c.max_recipients, 10000);
	assert_int_equal(c.max_hops, 50);
	assert_int_equal(c.per_user, 0);
	assert_false(c.list_all);
	assert_int_equal(c.trailer, CONF_TRAILER_BOTH);
	assert_int_equal(c.history_sec, 30 * 86400);
	assert_int_equal(c.bounce_return, CONF_RETURN_HEADERS);
	assert_string_equal(c.bounce_postmaster, "postmaster");
	assert_string_equal(c.bounce_sender, "");
	assert_string_equal(c.bounce_from,
	    "Mail Delivery System <MAILER-DAEMON@d.example>");
	assert_int_equal(c.log_target, LOG_TO_SYSLOG);
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	conf_free(&c);
	conf_problems_free(&p);
}

static void
test_relays(void **state)
{
	struct conf c;
	struct conf_problems p;

	(void)state;
	read_conf("[relay b]\nhost = b1 b2:2, [::1]:3 ; c\nsender = @x <>\n"
	    "[relay c]\nhost = c\nrecipient = *\ntls = implicit\n[relay]\n"
	    "host = a\ntls = none\ntimeout = 10s\nrate = 300/10m\n"
	    "auth = plain,EXTERNAL\nuser = a#b;c # d\n[relay b]\nport = 77\n"
	    "tls_fingerprint = spki:0123456789ABCDEF0123456789abcdef0123456"
	    "789abcdef0123456789abcdef\n", &c, &p);
	check(p.n == 0, "%s", p.v[0].text);
	assert_int_equal(c.nrelays, 3);
	assert_string_equal(c.relays[0].name, "");
	assert_string_equal(c.relays[1].name, "b");
	assert_string_equal(c.relays[2].name, "c");
	assert_int_equal(c.relays[0].port, 25);
	assert_int_equal(c.relays[1].port, 77);
	assert_int_equal(c.relays[2].port, 465);
	assert_int_equal(c.relays[0].line, 8);
	assert_int_equal(c.relays[1].line, 1);
	assert_true(c.relays[0].timeout_set);
	assert_false(c.relays[1].timeout_set);
	assert_int_equal(c.relays[0].timeout_sec, 10);
	assert_int_equal(c.relays[0].rate_count, 300);
	assert_int_equal(c.relays[0].rate_sec, 600);
	assert_int_equal(c.relays[0].auth, CONF_AUTH_LIST);
	assert_int_equal(c.relays[0].auth_list.n, 2);
	assert_string_equal(c.relays[0].auth_list.v[0], "PLAIN");
	assert_string_equal(c.relays[0].user, "a#b;c");
	assert_int_equal(c.relays[1].nhosts, 3);
	assert_string_equal(c.relays[1].hosts[1].name, "b2");
	assert_int_equal(c.relays[1].hosts[1].port, 2);
	assert_string_equal(c.relays[1].hosts[2].name, "::1");
	assert_int_equal(c.relays[1].sender.n, 2);
	assert_string_equal(c.relays[1].sender.v[1], "<>");
	assert_string_equal(c.relays[1].tls_fingerprint.v[0],
	    "spki:0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
	    "abcdef");
	conf_free(&c);
	conf_free(&c);
	conf_problems_free(&p);
}

static void
test_rewrites(void **state)
{
	struct conf c;
	struct conf_problems p;

	(void)state;
	read_conf("[rewrite]\nroot = a@b ; c\n@x: @y\nnone =\n"
	    "[relay]\nhost = a\n[rewrite]\npassword = p@q # c\n", &c, &p);
	assert_int_equal(p.n, 0);
	assert_int_equal(c.nrewrites, 3);
	assert_string_equal(c.rewrites[0].from, "root");
	assert_string_equal(c.rewrites[0].to, "a@b");
	assert_string_equal(c.rewrites[1].from, "@x");
	assert_string_equal(c.rewrites[1].to, "@y");
	assert_int_equal(c.rewrites[1].line, 3);
	assert_string_equal(c.rewrites[2].to, "p@q");
	conf_free(&c);
	conf_problems_free(&p);
}

static void
test_gate(void **state)
{
	static const struct {
		const char *text, *dir, *want;
	} cases[] = {
		{ "", NULL, paths_gate },
		{ "[queue]\ndirectory = /q/\n", NULL, NULL },
		{ "[queue]\ndirectory = /q\ngate = /g\n", NULL, "/g" },
		{ "[queue]\ngate = off\n", NULL, NULL },
		{ "[queue]\ngate =\n", NULL, paths_gate },
		{ "[queue]\ngate = /g\n", "/q", NULL },
		{ "[queue]\ndirectory = /q\ngate = /g\n", "/q//", "/g" },
		{ "[queue]\ndirectory = /q\n", paths_spool, paths_gate },
	};
	struct conf c;
	struct conf_problems p;
	struct err err = { 0 };
	char path[] = "/tmp/conf_value_test.XXXXXX";
	int fd = mkstemp(path);
	size_t i;

	(void)state;
	assert_true(fd != -1);
	for (i = 0; i < NELEM(cases); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, cases[i].text,
		    strlen(cases[i].text), 0),
		    (ssize_t)strlen(cases[i].text));
		assert_int_equal(conf_load(path, &c, &p, &err), 0);
		assert_int_equal(p.n, 0);
		if (cases[i].dir != NULL)
			conf_set_queue_dir(&c, cases[i].dir);
		check(cases[i].want == NULL ? c.gate == NULL :
		    c.gate != NULL && strcmp(c.gate, cases[i].want) == 0,
		    "gate row %zu: %s", i, c.gate);
		conf_free(&c);
		conf_problems_free(&p);
	}
	(void)close(fd);
	(void)unlink(path);
}

static void
test_machine(void **state)
{
	static const char hosts[] = "127.0.0.1 localhost localhost.localdomain"
	    " lonely\n127.0.1.1\tfull.example.com  full # x\n"
	    "# 10.0.0.1 dark.example.com dark\n"
	    "10.0.0.2 mail.example.com second second.lan\n"
	    "10.0.0.3 other.example.org third\r\n10.0.0.4 last.example last";
	static const struct { const char *kernel, *want; } cases[] = {
		{ "a.example.com", "a.example.com" },
		{ "full", "full.example.com" }, { "FULL", "full.example.com" },
		{ "second", "second.lan" }, { "third", "other.example.org" },
		{ "last", "last.example" }, { "dark", "dark" },
		{ "lonely", "lonely" }, { "localhost", "localhost" },
		{ "unknown", "unknown" }, { "0123456789", "0123456789" },
		{ "", "localhost" }, { "(none)", "localhost" },
		{ "a b", "localhost" }, { "ful", "ful" },
	};
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		got = conf_machine_name(cases[i].kernel, slice_of(hosts));
		check(strcmp(got, cases[i].want) == 0, "'%s': %s",
		    cases[i].kernel, got);
		mem_free(got);
		got = conf_machine_name(cases[i].kernel, slice_of(""));
		mem_free(got);
	}
	got = conf_machine_hostname();
	assert_true(conf_is_name(got, strlen(got), false));
	mem_free(got);
	mem_free(conf_machine_mailname());
}

CHECK_MAIN(cmocka_unit_test(test_duration), cmocka_unit_test(test_size),
    cmocka_unit_test(test_host), cmocka_unit_test(test_values),
    cmocka_unit_test(test_defaults), cmocka_unit_test(test_relays),
    cmocka_unit_test(test_rewrites), cmocka_unit_test(test_gate),
    cmocka_unit_test(test_machine))

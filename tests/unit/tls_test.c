/* SPDX-License-Identifier: ISC */
/*
 * Which certificates are taken, and what is said about the others.
 */
#include "tests/check.h"

#include <sys/stat.h>

#include "tests/unit/tls_world.h"

/* One handshake with `names` (blank-separated); the verdict's text in err. */
static int
try(const struct conf_relay *r, SSL_CTX *server, const char *names,
    bool unverified, struct tls_peer *peer, struct err *err)
{
	char copy[200], *list[8], *save = NULL, *p;
	struct tls_ctx *ctx = NULL;
	struct stream s;
	size_t n = 0;
	pid_t pid;
	int ret;

	(void)snprintf(copy, sizeof(copy), "%s", names);
	for (p = strtok_r(copy, " ", &save); p != NULL;
	    p = strtok_r(NULL, " ", &save))
		list[n++] = p;
	err->text[0] = '\0';
	if (tls_ctx_open(r, &ctx, err) == -1)
		return -1;
	pid = serve(server, ECHO, &s);
	ret = tls_start(ctx, &s, (const char *const *)list, n, NULL, 0,
	    unverified, peer, err);
	if (ret == -1) {
		assert_true(s.failed);
		assert_string_equal(s.err.text, err->text);
	}
	stream_close(&s);
	tls_ctx_close(ctx);
	gone(pid);
	return ret;
}

static void
test_names(void **state)
{
	static const struct {
		const char *names, *san, *want;	/* want NULL: accepted */
	} cases[] = {
		{ "smtp.example.com", "DNS:smtp.example.com", NULL },
		{ "SMTP.Example.COM", "DNS:smtp.example.com", NULL },
		{ "smtp.example.com.", "DNS:smtp.example.com", NULL },
		{ "a.example.com b.example.com", "DNS:b.example.com", NULL },
		{ "a.x.example.com", "DNS:*.x.example.com", NULL },
		{ "a.b.x.example.com", "DNS:*.x.example.com", "not for that" },
		{ "x.example.com", "DNS:*.x.example.com", "not for that" },
		{ "xy.example.com", "DNS:x*.example.com", "not for that" },
		{ "example", "DNS:*", "not for that" },
		{ "cn.example.com", NULL, "names in it: none" },
		{ "cn.example.com", "DNS:a.example.com", "a.example.com" },
		{ "192.0.2.1", "IP:192.0.2.1", NULL },
		{ "2001:db8::1", "IP:2001:db8:0::1", NULL },
		{ "192.0.2.1", "DNS:192.0.2.1", "not for that" },
		{ "192.0.2.1", "IP:192.0.2.2", "192.0.2.2" },
		{ "a.example.com 192.0.2.1", "IP:192.0.2.1", NULL },
		{ "a.example.com 192.0.2.1", "DNS:a.example.com", NULL },
	};
	struct conf_relay r;
	struct pki_cert leaf;
	struct tls_peer peer;
	struct err err;
	SSL_CTX *server;
	size_t i;
	int ret;

	(void)state;
	world();
	r = relay();
	for (i = 0; i < NELEM(cases); i++) {
		leaf = pki_make((struct pki_spec){ .cn = "cn.example.com",
		    .san = cases[i].san }, &w.ca);
		server = pki_server(&leaf, NULL);
		ret = try(&r, server, cases[i].names, false, &peer, &err);
		check(ret == (cases[i].want == NULL ? 0 : -1),
		    "%s in %s: %s", cases[i].names, cases[i].san, err.text);
		if (ret == -1) {
			check(strstr(err.text, cases[i].want) != NULL,
			    "%s: %s", cases[i].want, err.text);
			assert_string_equal(err.dsn, "4.7.5");
			assert_int_equal(err.kind, ERR_TEMP);
		} else {
			assert_true(peer.verified);
		}
		SSL_CTX_free(server);
		pki_free(&leaf);
	}
}

static void
test_chain(void **state)
{
	static const struct {
		const char *what;
		struct pki_spec spec, inter;
		bool self, other, with_inter, hide_inter;
		const char *want;
	} cases[] = {
		{ .what = "good" },
		{ "expired", { .from_sec = -9000, .to_sec = -60 },
		    .want = "expired 20" },
		{ "future", { .from_sec = 9000 }, .want = "not valid before" },
		{ .what = "self-signed", .self = true,
		    .want = "not trusted here" },
		{ .what = "unknown CA", .other = true,
		    .want = "tls_ca_file" },
		{ "client only", { .eku = "clientAuth" },
		    .want = "purpose" },
		{ "RSA 1024", { .rsa1024 = true }, .want = "too weak" },
		{ "intermediate", { 0 }, { .ca = true }, .with_inter = true },
		{ "intermediate hidden", { 0 }, { .ca = true },
		    .with_inter = true, .hide_inter = true,
		    .want = "not trusted here" },
		{ "issuer is no CA", { 0 }, { .ca = false },
		    .with_inter = true, .want = "refused" },
		{ "issuer expired", { 0 }, { .ca = true, .from_sec = -9000,
		    .to_sec = -60 }, .with_inter = true,
		    .want = "the issuer of the certificate" },
	};
	struct pki_cert leaf, inter = { 0 };
	struct conf_relay r;
	struct tls_peer peer;
	struct pki_spec spec;
	struct err err;
	SSL_CTX *server;
	size_t i;
	int ret;

	(void)state;
	world();
	for (i = 0; i < NELEM(cases); i++) {
		r = relay();
		if (cases[i].with_inter) {
			spec = cases[i].inter;
			spec.cn = "Between";
			inter = pki_make(spec, &w.ca);
		}
		spec = cases[i].spec;
		spec.cn = "leaf";
		spec.san = "DNS:smtp.example.com";
		leaf = pki_make(spec, cases[i].self ? NULL :
		    cases[i].other ? &w.other_ca :
		    cases[i].with_inter ? &inter : &w.ca);
		server = pki_server(&leaf, cases[i].with_inter &&
		    !cases[i].hide_inter ? inter.x : NULL);
		ret = try(&r, server, "smtp.example.com", false, &peer, &err);
		check(ret == (cases[i].want == NULL ? 0 : -1), "%s: %s",
		    cases[i].what, err.text);
		if (ret == -1)
			check(strstr(err.text, cases[i].want) != NULL,
			    "%s: %s", cases[i].what, err.text);
		/* Unverified: through, but told; with tls_verify = no too. */
		assert_int_equal(try(&r, server, "smtp.example.com", true,
		    &peer, &err), 0);
		assert_int_equal(peer.verified, cases[i].want == NULL);
		assert_int_equal(peer.verify_text[0] == '\0',
		    cases[i].want == NULL);
		r.tls_verify = CONF_VERIFY_NO;
		assert_int_equal(try(&r, server, "smtp.example.com", false,
		    &peer, &err), 0);
		assert_int_equal(peer.verified, cases[i].want == NULL);
		SSL_CTX_free(server);
		pki_free(&leaf);
		pki_free(&inter);
	}
}

static void
test_system_store(void **state)
{
	struct conf_relay r = { .tls_min = 12 };
	struct tls_peer peer;
	struct err err;
	SSL_CTX *server;

	(void)state;
	world();
	server = pki_server(&w.good, NULL);
	assert_int_equal(try(&r, server, "smtp.example.com", false, &peer,
	    &err), -1);
	check(strstr(err.text, "not trusted here") != NULL, "%s", err.text);
	SSL_CTX_free(server);
}

static void
test_versions(void **state)
{
	static const struct {
		int min, server_min, server_max;
		bool want;
		const char *version;
	} cases[] = {
		{ 12, TLS1_2_VERSION, TLS1_2_VERSION, true, "TLSv1.2" },
		{ 12, TLS1_2_VERSION, TLS1_3_VERSION, true, "TLSv1.3" },
		{ 13, TLS1_2_VERSION, TLS1_2_VERSION, false, "tls_min" },
		{ 13, TLS1_3_VERSION, TLS1_3_VERSION, true, "TLSv1.3" },
		{ 12, TLS1_VERSION, TLS1_1_VERSION, false, "tls_min" },
	};
	struct conf_relay r;
	struct tls_peer peer;
	struct err err;
	SSL_CTX *server;
	size_t i;
	int ret;

	(void)state;
	world();
	for (i = 0; i < NELEM(cases); i++) {
		r = relay();
		r.tls_min = cases[i].min;
		server = pki_server(&w.good, NULL);
		SSL_CTX_set_min_proto_version(server, cases[i].server_min);
		SSL_CTX_set_max_proto_version(server, cases[i].server_max);
		ret = try(&r, server, "smtp.example.com", false, &peer, &err);
		check(ret == (cases[i].want ? 0 : -1), "row %zu: %s", i,
		    err.text);
		check(strstr(ret == 0 ? peer.version : err.text,
		    cases[i].version) != NULL, "row %zu: %s", i, err.text);
		SSL_CTX_free(server);
	}
}

static char *
hex(char *out, const unsigned char *p, const char *prefix, bool fancy)
{
	size_t i, n = (size_t)snprintf(out, 120, "%s", prefix);

	for (i = 0; i < 32; i++)
		n += (size_t)snprintf(out + n, 120 - n,
		    fancy ? (i < 31 ? "%02X:" : "%02X") : "%02x", p[i]);
	return out;
}

static void
digests(X509 *x, unsigned char cert[32], unsigned char spki[32])
{
	unsigned char *der = NULL;
	unsigned n;
	int len;

	assert_int_equal(X509_digest(x, EVP_sha256(), cert, &n), 1);
	len = i2d_PUBKEY(X509_get0_pubkey(x), &der);
	assert_true(len > 0);
	assert_int_equal(EVP_Digest(der, (size_t)len, spki, &n, EVP_sha256(),
	    NULL), 1);
	OPENSSL_free(der);
}

static void
test_pins(void **state)
{
	unsigned char cert[32], spki[32], wrong[32] = { 1 };
	char text[5][120], *list[2];
	struct pki_cert old;
	struct conf_relay r;
	struct tls_peer peer;
	struct err err;
	SSL_CTX *server;
	size_t i;
	const struct {
		const char *name;
		char *a, *b;
		bool want;
	} cases[] = {
		{ "leaf", text[0], NULL, true },
		{ "leaf with colons", text[1], NULL, true },
		{ "key", text[2], NULL, true },
		{ "wrong", text[3], NULL, false },
		{ "second", text[3], text[1], true },
		{ "key's digest as leaf's", text[4], NULL, false },
	};

	(void)state;
	world();
	/* Expired, another authority, another name: the pin replaces it all. */
	old = pki_make((struct pki_spec){ .cn = "old", .from_sec = -9000,
	    .to_sec = -60 }, &w.other_ca);
	digests(old.x, cert, spki);
	hex(text[0], cert, "", false);
	hex(text[1], cert, "", true);
	hex(text[2], spki, "spki:", true);
	hex(text[3], wrong, "", false);
	hex(text[4], spki, "", false);
	server = pki_server(&old, NULL);
	for (i = 0; i < NELEM(cases); i++) {
		r = relay();
		list[0] = cases[i].a;
		list[1] = cases[i].b;
		r.tls_fingerprint.v = list;
		r.tls_fingerprint.n = cases[i].b != NULL ? 2 : 1;
		check(try(&r, server, "smtp.example.com", false, &peer, &err)
		    == (cases[i].want ? 0 : -1), "%s: %s", cases[i].name,
		    err.text);
		if (!cases[i].want)
			check(strstr(err.text, text[0]) != NULL,
			    "%s: %s", cases[i].name, err.text);
		/* tls_verify = no does not undo a pin. */
		r.tls_verify = CONF_VERIFY_NO;
		check(try(&r, server, "smtp.example.com", false, &peer, &err)
		    == (cases[i].want ? 0 : -1), "%s: no", cases[i].name);
	}
	SSL_CTX_free(server);
	pki_free(&old);
}

static void
test_pin_syntax(void **state)
{
	static const char *const bad[] = { "", "spki:", "00",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0",
	    "0:00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f:",
	    "sha1:02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g",
	};
	struct conf_relay r;
	struct tls_ctx *ctx;
	struct err err;
	char *list[1];
	size_t i;

	(void)state;
	world();
	for (i = 0; i < NELEM(bad); i++) {
		r = relay();
		list[0] = mem_str(bad[i]);
		r.tls_fingerprint.v = list;
		r.tls_fingerprint.n = 1;
		check(tls_ctx_open(&r, &ctx, &err) == -1, "pin '%s'", bad[i]);
		free(list[0]);
	}
}

static void
test_dane(void **state)
{
	unsigned char cert[32], spki[32], ca[32], ca_spki[32];
	unsigned char wrong[32] = { 1 };
	struct pki_cert leaf;
	struct tls_ctx *ctx;
	struct stream s;
	struct tls_peer peer;
	struct conf_relay r;
	struct err err;
	SSL_CTX *server;
	pid_t pid;
	size_t i;
	int ret;
	const struct {
		const char *name, *host;
		struct tls_tlsa t[2];
		size_t n;
		const char *want;
	} cases[] = {
		{ "3 1 1, other name", "mx.example.net",
		    { { 3, 1, 1, spki, 32 } }, 1, NULL },
		{ "3 0 1", "mx.example.net", { { 3, 0, 1, cert, 32 } }, 1,
		    NULL },
		{ "2 0 1", "dane.example.com", { { 2, 0, 1, ca, 32 } }, 1,
		    NULL },
		{ "2 1 1, other name", "mx.example.net",
		    { { 2, 1, 1, ca_spki, 32 } }, 1, "not for that" },
		{ "wrong", "dane.example.com", { { 3, 1, 1, wrong, 32 } }, 1,
		    "TLSA" },
		{ "second matches", "dane.example.com",
		    { { 3, 1, 1, wrong, 32 }, { 3, 1, 1, spki, 32 } }, 2,
		    NULL },
		{ "unusable, so the chain", "dane.example.com",
		    { { 1, 1, 1, spki, 32 }, { 3, 1, 1, spki, 31 } }, 2,
		    "not trusted here" },
		{ "none, so the chain", "dane.example.com",
		    { { 0, 0, 0, NULL, 0 } }, 0, "not trusted here" },
	};

	(void)state;
	world();
	leaf = pki_make((struct pki_spec){ .cn = "d",
	    .san = "DNS:dane.example.com" }, &w.other_ca);
	digests(leaf.x, cert, spki);
	digests(w.other_ca.x, ca, ca_spki);
	server = pki_server(&leaf, w.other_ca.x);
	r = relay();
	r.tls_verify = CONF_VERIFY_DANE;
	for (i = 0; i < NELEM(cases); i++) {
		assert_int_equal(tls_ctx_open(&r, &ctx, &err), 0);
		pid = serve(server, ECHO, &s);
		ret = tls_start(ctx, &s, &cases[i].host, 1, cases[i].t,
		    cases[i].n, false, &peer, &err);
		check(ret == (cases[i].want == NULL ? 0 : -1), "%s: %s",
		    cases[i].name, err.text);
		if (ret == 0)
			assert_true(peer.verified);
		else
			check(strstr(err.text, cases[i].want) != NULL, "%s: %s",
			    cases[i].name, err.text);
		stream_close(&s);
		tls_ctx_close(ctx);
		gone(pid);
	}
	SSL_CTX_free(server);
	pki_free(&leaf);
}

static int
accept_client(int ok, X509_STORE_CTX *sc)
{
	(void)ok;
	(void)sc;
	return 1;
}

static void
test_client_cert(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		bool wrong_key, no_key, no_cert, link;
		const char *want;
	} cases[] = {
		{ .name = "good", .mode = 0600 },
		{ .name = "through a link", .mode = 0600, .link = true },
		{ .name = "group's", .mode = 0640 },
		{ .name = "world's", .mode = 0644, .want = "chmod" },
		{ .name = "group may write", .mode = 0660, .want = "chmod" },
		{ .name = "wrong key", .mode = 0600, .wrong_key = true,
		    .want = "is not that of" },
		{ .name = "missing key", .mode = 0600, .no_key = true,
		    .want = "No such file" },
		{ .name = "not configured", .mode = 0600, .no_cert = true,
		    .want = "tls_cert_file" },
	};
	char none[] = "/nonexistent/key", *cert, *key, *other, *link;
	struct conf_relay r;
	struct tls_ctx *ctx;
	struct stream s;
	const char *name = "smtp.example.com";
	struct tls_peer peer;
	struct err err = { 0 };
	SSL_CTX *server;
	char byte;
	size_t i;
	pid_t pid;
	int ret;

	(void)state;
	world();
	server = pki_server(&w.good, NULL);
	SSL_CTX_set_verify(server, SSL_VERIFY_PEER |
	    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_client);
	cert = pki_write(w.dir, "client.pem", w.good.x, NULL);
	key = pki_write(w.dir, "client.key", NULL, w.good.key);
	other = pki_write(w.dir, "other.key", NULL, w.ca.key);
	assert_int_equal(asprintf(&link, "%s/link.key", w.dir) > 0, 1);
	assert_int_equal(symlink(key, link), 0);
	for (i = 0; i < NELEM(cases); i++) {
		r = relay();
		if (!cases[i].no_cert)
			r.tls_cert_file = cert;
		r.tls_key_file = cases[i].no_key ? none : key;
		if (cases[i].wrong_key)
			r.tls_key_file = other;
		if (cases[i].link)
			r.tls_key_file = link;
		assert_int_equal(chmod(key, cases[i].mode), 0);
		assert_int_equal(chmod(other, 0600), 0);
		ret = tls_ctx_open(&r, &ctx, &err);
		if (ret == 0) {
			pid = serve(server, ECHO, &s);
			ret = tls_start(ctx, &s, &name, 1, NULL, 0, false,
			    &peer, &err);
			/* In TLS 1.3 a server refuses only after that. */
			if (ret == 0)
				ret = stream_write(&s, "x", 1, &err);
			if (ret == 0)
				ret = stream_read(&s, &byte, 1, &err) == 1 ?
				    0 : -1;
			stream_close(&s);
			tls_ctx_close(ctx);
			gone(pid);
		}
		check(ret == (cases[i].want == NULL ? 0 : -1), "%s: %s",
		    cases[i].name, err.text);
		if (ret == -1)
			check(strstr(err.text, cases[i].want) != NULL,
			    "%s: %s", cases[i].name, err.text);
	}
	SSL_CTX_free(server);
	free(cert);
	free(key);
	free(other);
	free(link);
}

static void
test_files(void **state)
{
	struct conf_relay r;
	struct tls_ctx *ctx = NULL;
	char *paths[4];
	struct err err;
	FILE *f;
	size_t i;

	(void)state;
	world();
	paths[0] = mem_str("/nonexistent/ca.pem");
	paths[1] = mem_str(w.dir);
	paths[2] = pki_write(w.dir, "empty.pem", NULL, NULL);
	paths[3] = pki_write(w.dir, "junk.pem", NULL, NULL);
	f = fopen(paths[3], "w");
	assert_non_null(f);
	fputs("-----BEGIN CERTIFICATE-----\nAAAA\n", f);
	fclose(f);
	for (i = 0; i < NELEM(paths); i++) {
		r = relay();
		r.tls_ca_file = paths[i];
		check(tls_ctx_open(&r, &ctx, &err) == -1, "ca %s", paths[i]);
		check(strstr(err.text, paths[i]) != NULL, "%s", err.text);
		assert_string_equal(err.dsn, "4.7.5");
		r.tls_ca_file = NULL;
		r.tls_cert_file = paths[i];
		check(tls_ctx_open(&r, &ctx, &err) == -1, "cert %s", paths[i]);
		check(strstr(err.text, paths[i]) != NULL, "%s", err.text);
		free(paths[i]);
	}
	assert_null(ctx);
}

/* What stands in the environment changes nothing. */
static void
test_environment(void **state)
{
	char *conf, *log;
	struct conf_relay r = { .tls_min = 12 };
	struct tls_peer peer;
	struct err err;
	SSL_CTX *server;

	(void)state;
	world();
	conf = pki_write(w.dir, "openssl.cnf", NULL, NULL);
	log = pki_write(w.dir, "keys.log", NULL, NULL);
	(void)unlink(log);
	setenv("OPENSSL_CONF", conf, 1);
	setenv("SSLKEYLOGFILE", log, 1);
	setenv("SSL_CERT_FILE", w.ca_file, 1);
	server = pki_server(&w.good, NULL);
	assert_int_equal(try(&r, server, "smtp.example.com", false, &peer,
	    &err), -1);
	r.tls_ca_file = w.ca_file;
	assert_int_equal(try(&r, server, "smtp.example.com", false, &peer,
	    &err), 0);
	assert_int_equal(access(log, F_OK), -1);
	unsetenv("OPENSSL_CONF");
	unsetenv("SSL_CERT_FILE");
	SSL_CTX_free(server);
	free(conf);
	free(log);
}

CHECK_MAIN(cmocka_unit_test(test_names), cmocka_unit_test(test_chain),
    cmocka_unit_test(test_system_store), cmocka_unit_test(test_versions),
    cmocka_unit_test(test_pins), cmocka_unit_test(test_pin_syntax),
    cmocka_unit_test(test_dane), cmocka_unit_test(test_client_cert),
    cmocka_unit_test(test_files), cmocka_unit_test(test_environment),
    cmocka_unit_test(test_end))

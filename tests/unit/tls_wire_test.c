/* SPDX-License-Identifier: ISC */
/*
 * What goes over the connection: bytes, sessions, bindings, and hostile moves.
 */
#include "tests/check.h"

#include <errno.h>

#include "tests/unit/tls_world.h"

/* Makes a connection, has a byte echoed, says whether it was resumed. */
static bool
resumed(struct tls_ctx *ctx, SSL_CTX *server, const char *name,
    bool unverified)
{
	struct tls_peer peer;
	struct stream s;
	struct err err;
	char byte;
	pid_t pid;

	pid = serve(server, ECHO, &s);
	check(tls_start(ctx, &s, &name, 1, NULL, 0, unverified, &peer, &err)
	    == 0, "%s", err.text);
	assert_int_equal(stream_write(&s, "x", 1, &err), 0);
	assert_int_equal(stream_read(&s, &byte, 1, &err), 1);
	if (!unverified) {
		assert_true(peer.verified);
		assert_true(strstr(peer.subject, "good") != NULL);
		assert_true(strstr(peer.issuer, "Test CA") != NULL);
	}
	stream_close(&s);
	gone(pid);
	return peer.resumed;
}

static void
test_resumption(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct pki_cert bad;
	struct conf_relay r;
	struct tls_ctx *ctx;
	struct err err;
	SSL_CTX *server;
	size_t i;

	(void)state;
	world();
	r = relay();
	bad = pki_make((struct pki_spec){ .cn = "bad",
	    .san = "DNS:smtp.example.com" }, NULL);
	for (i = 0; i < NELEM(versions); i++) {
		server = pki_server(&w.good, NULL);
		SSL_CTX_set_max_proto_version(server, versions[i]);
		assert_int_equal(tls_ctx_open(&r, &ctx, &err), 0);
		assert_false(resumed(ctx, server, "smtp.example.com", false));
		assert_true(resumed(ctx, server, "smtp.example.com", false));
		assert_true(resumed(ctx, server, "smtp.example.com", false));
		/* Another name of the same server: verified again. */
		assert_false(resumed(ctx, server, "a.wild.example.com",
		    false));
		tls_ctx_close(ctx);
		SSL_CTX_free(server);

		/* What was not verified is not kept. */
		server = pki_server(&bad, NULL);
		SSL_CTX_set_max_proto_version(server, versions[i]);
		assert_int_equal(tls_ctx_open(&r, &ctx, &err), 0);
		assert_false(resumed(ctx, server, "smtp.example.com", true));
		assert_false(resumed(ctx, server, "smtp.example.com", true));
		tls_ctx_close(ctx);
		SSL_CTX_free(server);
	}
	pki_free(&bad);
}

static void
test_hostile(void **state)
{
	static const struct {
		const char *name;
		enum act act;
		int version;
		bool starts;		/* the handshake succeeds */
		int timeout_ms;
		const char *want;	/* NULL: a plain end */
	} cases[] = {
		{ "plain text", PLAIN, 0, false, WAIT_MS, "not TLS" },
		{ "silence", SILENT, 0, false, 50, "timeout" },
		{ "byte by byte", DRIP, 0, false, 100, "" },
		{ "cut", CUT, TLS1_2_VERSION, true, WAIT_MS, "cut" },
		{ "cut 1.3", CUT, TLS1_3_VERSION, true, WAIT_MS, "cut" },
		{ "close_notify", NOTIFY, TLS1_3_VERSION, true, WAIT_MS,
		    NULL },
		{ "bad MAC", GARBLE, TLS1_3_VERSION, true, WAIT_MS, "TLS:" },
		{ "bad MAC 1.2", GARBLE, TLS1_2_VERSION, true, WAIT_MS,
		    "TLS:" },
		{ "key updates", KEYUPDATES, TLS1_3_VERSION, true, WAIT_MS,
		    "does not stop" },
		{ "renegotiation", RENEG, TLS1_2_VERSION, true, 100, "" },
		{ "silence later", ECHO, TLS1_3_VERSION, true, 50,
		    "timeout" },
	};
	const char *name = "smtp.example.com";
	struct conf_relay r;
	struct tls_ctx *ctx;
	struct stream s;
	struct tls_peer peer;
	struct err err = { 0 };
	SSL_CTX *server;
	char block[64];
	ssize_t n;
	size_t i;
	pid_t pid;
	int ret;

	(void)state;
	world();
	r = relay();
	for (i = 0; i < NELEM(cases); i++) {
		server = pki_server(&w.good, NULL);
		if (cases[i].version != 0)
			SSL_CTX_set_max_proto_version(server,
			    cases[i].version);
		assert_int_equal(tls_ctx_open(&r, &ctx, &err), 0);
		pid = serve(server, cases[i].act, &s);
		if (!cases[i].starts)
			stream_set_timeout(&s, cases[i].timeout_ms);
		ret = tls_start(ctx, &s, &name, 1, NULL, 0, false, &peer,
		    &err);
		check(ret == (cases[i].starts ? 0 : -1), "%s: %s",
		    cases[i].name, err.text);
		stream_set_timeout(&s, cases[i].timeout_ms);
		n = ret == 0 ? 1 : -1;
		while (n > 0)
			n = stream_read(&s, block, sizeof(block), &err);
		check(n == (cases[i].want == NULL ? 0 : -1), "%s",
		    cases[i].name);
		if (cases[i].want != NULL)
			check(strstr(err.text, cases[i].want) != NULL,
			    "%s: %s", cases[i].name, err.text);
		if (cases[i].want != NULL && cases[i].starts) {
			assert_int_equal(stream_read(&s, block, 1, &err), -1);
			assert_int_equal(stream_write(&s, "x", 1, &err), -1);
		}
		stream_close(&s);
		stream_close(&s);
		tls_ctx_close(ctx);
		gone(pid);
		SSL_CTX_free(server);
	}
}

static void
test_timeout_is_marked(void **state)
{
	const char *name = "smtp.example.com";
	struct conf_relay r;
	struct tls_ctx *ctx;
	struct stream s;
	struct tls_peer peer;
	struct err err;
	pid_t pid;

	(void)state;
	world();
	r = relay();
	assert_int_equal(tls_ctx_open(&r, &ctx, &err), 0);
	pid = serve(NULL, SILENT, &s);
	stream_set_timeout(&s, 20);
	assert_int_equal(tls_start(ctx, &s, &name, 1, NULL, 0, false, &peer,
	    &err), -1);
	assert_int_equal(err.sys, ETIMEDOUT);
	assert_int_equal(err.kind, ERR_TEMP);
	stream_close(&s);
	tls_ctx_close(ctx);
	gone(pid);
}

static void
test_binding(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	const char *name = "smtp.example.com";
	struct tls_peer peer;
	struct conf_relay r;
	struct tls_ctx *ctx;
	struct stream s;
	struct err err;
	SSL_CTX *server = NULL;
	char theirs[64];
	struct buf ours;
	size_t i, round;
	pid_t pid;

	(void)state;
	world();
	r = relay();
	for (i = 0; i < NELEM(versions) * 2; i++) {
		round = i % 2;
		if (round == 0) {
			server = pki_server(&w.good, NULL);
			SSL_CTX_set_max_proto_version(server, versions[i / 2]);
			assert_int_equal(tls_ctx_open(&r, &ctx, &err), 0);
		}
		pid = serve(server, BINDING, &s);
		assert_int_equal(tls_start(ctx, &s, &name, 1, NULL, 0, false,
		    &peer, &err), 0);
		assert_int_equal(stream_read(&s, theirs, 32, &err), 32);
		assert_int_equal(peer.resumed, round == 1);
		buf_init(&ours, 200);
		assert_true(tls_binding_exporter(&s, &ours));
		assert_int_equal(ours.n, 32);
		assert_memory_equal(ours.p, theirs, 32);
		buf_reset(&ours);
		if (versions[i / 2] == TLS1_2_VERSION) {
			assert_true(tls_binding_unique(&s, &ours));
			assert_int_equal(stream_read(&s, theirs, 64, &err),
			    (ssize_t)ours.n);
			assert_memory_equal(ours.p, theirs, ours.n);
		} else {
			assert_false(tls_binding_unique(&s, &ours));
		}
		stream_close(&s);
		assert_false(tls_binding_exporter(&s, &ours));
		buf_free(&ours);
		gone(pid);
		if (round == 1) {
			tls_ctx_close(ctx);
			SSL_CTX_free(server);
		}
	}
}

static void
test_bytes(void **state)
{
	enum { TOTAL = 3 * 1000 * 1000, PIECE = 50000 };
	const char *name = "smtp.example.com";
	struct conf_relay r;
	struct tls_ctx *ctx;
	struct stream s;
	struct tls_peer peer;
	struct err err;
	SSL_CTX *server;
	char *out, *in;
	size_t sent, got, i;
	ssize_t n;
	pid_t pid;

	(void)state;
	world();
	r = relay();
	out = mem_zero(PIECE);
	in = mem_zero(PIECE);
	for (i = 0; i < PIECE; i++)
		out[i] = (char)(i * 7 + i / 251);
	server = pki_server(&w.good, NULL);
	assert_int_equal(tls_ctx_open(&r, &ctx, &err), 0);
	pid = serve(server, ECHO, &s);
	assert_int_equal(tls_start(ctx, &s, &name, 1, NULL, 0, false, &peer,
	    &err), 0);
	assert_true(stream_pollfd(&s) >= 0);
	assert_false(stream_readable(&s, 0));
	assert_false(stream_readable(&s, 5));
	for (sent = 0; sent < TOTAL; sent += PIECE) {
		assert_int_equal(stream_write(&s, out, PIECE, &err), 0);
		assert_true(stream_readable(&s, WAIT_MS));
		for (got = 0; got < PIECE; got += (size_t)n) {
			n = stream_read(&s, in + got, PIECE - got, &err);
			assert_true(n > 0);
		}
		assert_memory_equal(in, out, PIECE);
	}
	assert_false(stream_readable(&s, 0));
	stream_close(&s);
	tls_ctx_close(ctx);
	gone(pid);
	SSL_CTX_free(server);
	free(in);
	free(out);
}

CHECK_MAIN(cmocka_unit_test(test_resumption), cmocka_unit_test(test_hostile),
    cmocka_unit_test(test_timeout_is_marked), cmocka_unit_test(test_binding),
    cmocka_unit_test(test_bytes), cmocka_unit_test(test_end))

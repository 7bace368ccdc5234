/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/tls_impl.h"

enum {
	EXPORTER_BYTES = 32,		/* RFC 9266 */
	FINISHED_MAX = 64,		/* bytes of a Finished message */
};

static bool
is_address(const char *s)
{
	unsigned char a[16];

	return inet_pton(AF_INET, s, a) == 1 || inet_pton(AF_INET6, s, a) == 1;
}

static struct tls_conn *
open_conn(struct tls_ctx *ctx, struct stream *s, const char *const *names,
    size_t nnames)
{
	struct tls_conn *c = mem_zero(sizeof(*c));
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof(sa);
	int fd = stream_pollfd(s);
	struct buf key;
	size_t i, n;

	c->ctx = ctx;
	c->names = mem_array(NULL, nnames, sizeof(*c->names));
	buf_init(&key, 65536);
	for (i = 0; i < nnames; i++) {
		n = strlen(names[i]);
		/* "smtp.example.net." names the same host but never matches. */
		if (n > 1 && names[i][n - 1] == '.')
			n--;
		c->names[i] = mem_dup(names[i], n);
		c->nnames++;
		buf_addf(&key, "%s\n", c->names[i]);
	}
	if (getpeername(fd, (struct sockaddr *)&sa, &len) == 0)
		buf_addf(&key, "%d", sa.ss_family == AF_INET6 ?
		    ntohs(((struct sockaddr_in6 *)&sa)->sin6_port) :
		    /* getpeername filled it in, which the analyzer does not see
		     * NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
		    ntohs(((struct sockaddr_in *)&sa)->sin_port));
	c->key = buf_take(&key);
	c->ssl = SSL_new(ctx->ssl);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1) {
		tls_conn_free(c);
		return NULL;
	}
	(void)SSL_set_app_data(c->ssl, c);
	return c;
}

/* RFC 7672 3.1: of the four usages DANE-TA and DANE-EE; lengths by RFC 6698. */
static bool
is_usable(const struct tls_tlsa *t)
{
	return (t->usage == 2 || t->usage == 3) && t->selector <= 1 &&
	    ((t->matching == 0 && t->n > 0) ||
	    (t->matching == 1 && t->n == 32) ||
	    (t->matching == 2 && t->n == 64));
}

static int
set_tlsa(struct tls_conn *c, const struct tls_tlsa *v, size_t n,
    struct err *err)
{
	size_t i;

	for (i = 0; i < n; i++)
		c->dane = c->dane || is_usable(&v[i]);
	if (!c->dane)
		return 0;
	SSL_set_hostflags(c->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_dane_enable(c->ssl, c->names[0]) != 1)
		return err_set(err, ERR_TEMP, "4.7.5", "TLSA records of "
		    "%.100s: the TLS library does not take them", c->names[0]);
	(void)SSL_dane_set_flags(c->ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	for (i = 1; i < c->nnames; i++)
		if (!is_address(c->names[i]))
			(void)SSL_add1_host(c->ssl, c->names[i]);
	for (i = 0; i < n; i++)
		if (is_usable(&v[i]) && SSL_dane_tlsa_add(c->ssl, v[i].usage,
		    v[i].selector, v[i].matching, v[i].data, v[i].n) < 0)
			return err_set(err, ERR_TEMP, "4.7.5", "TLSA record "
			    "of %.100s: the TLS library does not take it",
			    c->names[0]);
	return 0;
}

static void
offer_session(struct tls_conn *c)
{
	struct tls_ctx *ctx = c->ctx;
	X509 *leaf;

	if (c->dane || ctx->session == NULL ||
	    strcmp(ctx->session_key, c->key) != 0)
		return;
	/* The certificate is not looked at again, but time goes on. */
	leaf = SSL_SESSION_get0_peer(ctx->session);
	if (ctx->npins == 0 && (leaf == NULL ||
	    X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0))
		return;
	(void)SSL_set_session(c->ssl, ctx->session);
	/* RFC 8446 C.4: a ticket is used once, and the server sends another;
	 * in TLS 1.2 it need not. */
	if (SSL_SESSION_get_protocol_version(ctx->session) == TLS1_3_VERSION) {
		SSL_SESSION_free(ctx->session);
		ctx->session = NULL;
	}
}

static void
describe(const struct tls_conn *c, struct tls_peer *peer)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(c->ssl);
	X509 *leaf = SSL_get0_peer_certificate(c->ssl);

	memset(peer, 0, sizeof(*peer));
	(void)snprintf(peer->version, sizeof(peer->version), "%s",
	    SSL_get_version(c->ssl));
	(void)snprintf(peer->cipher, sizeof(peer->cipher), "%s",
	    SSL_CIPHER_get_name(cipher));
	if (leaf != NULL)
		tls_verify_describe(leaf, peer);
	peer->verified = leaf != NULL && c->verdict == X509_V_OK;
	peer->resumed = SSL_session_reused(c->ssl) == 1;
	(void)text_clean_to(peer->verify_text, sizeof(peer->verify_text),
	    c->why, strlen(c->why));
}

int
tls_start(struct tls_ctx *ctx, struct stream *s, const char *const *names,
    size_t nnames, const struct tls_tlsa *tlsa, size_t ntlsa,
    bool unverified, struct tls_peer *peer, struct err *err)
{
	struct tls_conn *c;

	assert(nnames > 0);
	c = open_conn(ctx, s, names, nnames);
	if (c == NULL) {
		err_set(err, ERR_TEMP, "4.7.0", "no TLS on this connection");
		goto fail;
	}
	c->enforce = !unverified &&
	    (ctx->verify != CONF_VERIFY_NO || ctx->npins > 0);
	if (!is_address(c->names[0]) &&
	    SSL_set_tlsext_host_name(c->ssl, c->names[0]) != 1) {
		err_set(err, ERR_TEMP, "4.7.0", "TLS: %.100s is no name that "
		    "a server can be asked for", c->names[0]);
		goto fail;
	}
	if (ctx->verify == CONF_VERIFY_DANE && ctx->npins == 0 &&
	    set_tlsa(c, tlsa, ntlsa, err) == -1)
		goto fail;
	offer_session(c);
	if (tls_handshake(c, s, err) == -1)
		goto fail;
	if (c->enforce && SSL_get0_peer_certificate(c->ssl) == NULL) {
		err_set(err, ERR_TEMP, "4.7.5", "%.100s has no certificate",
		    c->names[0]);
		goto fail;
	}
	describe(c, peer);
	c->under = *s;
	s->ops = &tls_stream_ops;
	s->impl = c;
	return 0;
fail:
	tls_conn_free(c);
	s->failed = true;
	s->err = *err;
	return -1;
}

static const struct tls_conn *
conn_of(const struct stream *s)
{
	return s != NULL && s->ops == &tls_stream_ops ? s->impl : NULL;
}

/* Only where no other connection can have the same secrets (RFC 7627). */
static bool
is_unique(const struct tls_conn *c)
{
	return SSL_version(c->ssl) == TLS1_3_VERSION ||
	    SSL_get_extms_support(c->ssl) == 1;
}

bool
tls_binding_exporter(const struct stream *s, struct buf *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	const struct tls_conn *c = conn_of(s);
	unsigned char key[EXPORTER_BYTES];

	/* TLS 1.2 tells an empty context from none; RFC 9266 has it empty. */
	if (c == NULL || !is_unique(c) || SSL_export_keying_material(c->ssl,
	    key, sizeof(key), label, sizeof(label) - 1,
	    (const unsigned char *)"", 0, 1) != 1)
		return false;
	buf_add(out, (const char *)key, sizeof(key));
	return true;
}

bool
tls_binding_unique(const struct stream *s, struct buf *out)
{
	const struct tls_conn *c = conn_of(s);
	char m[FINISHED_MAX];
	size_t n;

	if (c == NULL || !is_unique(c) ||
	    SSL_version(c->ssl) != TLS1_2_VERSION)
		return false;
	/* The first Finished: the server's when a session was resumed. */
	n = SSL_session_reused(c->ssl) ?
	    SSL_get_peer_finished(c->ssl, m, sizeof(m)) :
	    SSL_get_finished(c->ssl, m, sizeof(m));
	if (n == 0 || n > sizeof(m))
		return false;
	buf_add(out, m, n);
	return true;
}

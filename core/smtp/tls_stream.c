/* SPDX-License-Identifier: ISC */
/*
 * The stream kind "TLS": OpenSSL on a non-blocking socket, each wait bounded
 * by the stream's deadline.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <openssl/err.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/smtp/tls_impl.h"

static const struct {
	int		 reason;
	const char	*hint;
} hints[] = {
	{ SSL_R_WRONG_VERSION_NUMBER, "what the server sends is not TLS (does "
	    "this port want another value of tls?)" },
	{ SSL_R_HTTP_REQUEST, "the server speaks HTTP" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, "the server has no version of TLS that "
	    "tls_min allows" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the server has no version of "
	    "TLS that tls_min allows" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the server finds no common "
	    "cipher, or wants a client certificate (tls_cert_file)" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "the server wants a client "
	    "certificate: set tls_cert_file" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the server does not trust the "
	    "certificate of tls_cert_file" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the server refuses the "
	    "certificate of tls_cert_file" },
	{ SSL_R_DH_KEY_TOO_SMALL, "the server's Diffie-Hellman group is too "
	    "small to be safe: its operator must mend that" },
	{ SSL_R_UNEXPECTED_EOF_WHILE_READING, "the server cut the "
	    "connection off" },
};

/* Waits for the socket, at most until the deadline; asks for the time even
 * when the peer never lets us wait. */
static int
wait_fd(const struct tls_conn *c, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = SSL_get_fd(c->ssl), .events = events };
	int64_t left = -1;
	int r;

	do {
		if (deadline_ms != 0) {
			left = deadline_ms - clock_tick_ms();
			if (left <= 0) {
				errno = ETIMEDOUT;
				return -1;
			}
		}
		r = poll(&p, 1, left > 60000 ? 60000 : (int)left);
	} while (r == 0 || (r == -1 && errno == EINTR));
	return r == 1 ? 0 : -1;
}

/* What the library's last call ran into, in words; errno is that call's. */
static const char *
reason_of(int sys, int ssl_error)
{
	unsigned long code = ERR_peek_last_error();
	const char *s;
	size_t i;

	if (ssl_error == SSL_ERROR_SYSCALL)
		return sys != 0 ? strerror(sys) :
		    "the server cut the connection off";
	for (i = 0; i < NELEM(hints); i++)
		if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
		    ERR_GET_REASON(code) == hints[i].reason)
			return hints[i].hint;
	s = ERR_reason_error_string(code);
	return s != NULL ? s : "unknown error";
}

/*
 * After a call that did not succeed: 0 when it shall be made again, -1 with
 * *err filled.
 */
static int
settle(struct tls_conn *c, int ret, int64_t deadline_ms, struct err *err)
{
	int sys = errno, e = SSL_get_error(c->ssl, ret);

	if (c->late > TLS_LATE_MAX)
		return err_set(err, ERR_PROTO, "4.7.0", "TLS: the server "
		    "does not stop handshaking");
	if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) {
		if (wait_fd(c, e == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
		    deadline_ms) == 0)
			return 0;
		sys = errno;
		(void)err_set(err, ERR_TEMP, "4.4.2", "%s",
		    sys == ETIMEDOUT ? "timeout" : strerror(sys));
		err->sys = sys;
		return -1;
	}
	if (e == SSL_ERROR_ZERO_RETURN)
		return err_set(err, ERR_PROTO, "4.4.2",
		    "the server closed the connection");
	return err_set(err, ERR_PROTO, "4.4.2", "TLS: %s",
	    reason_of(sys, e));
}

static int
fail(struct stream *s, const struct err *err)
{
	s->failed = true;
	s->err = *err;
	return -1;
}

static ssize_t
tls_read(struct stream *s, char *p, size_t n)
{
	struct tls_conn *c = s->impl;
	struct err err;
	size_t got;
	int r;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		r = SSL_read_ex(c->ssl, p, n, &got);
		if (r == 1)
			return (ssize_t)got;
		if (SSL_get_error(c->ssl, r) == SSL_ERROR_ZERO_RETURN)
			return 0;
		if (settle(c, r, s->deadline_ms, &err) == -1)
			return fail(s, &err);
	}
}

/* A server that refuses us (TLS 1.3: our certificate) says why before it
 * closes; the alert may still wait to be read when a write fails. */
static void
read_alert(struct tls_conn *c, struct err *err)
{
	size_t got;
	char byte;

	ERR_clear_error();
	if (SSL_read_ex(c->ssl, &byte, 1, &got) == 0 &&
	    SSL_get_error(c->ssl, 0) == SSL_ERROR_SSL)
		(void)err_set(err, ERR_PROTO, "4.4.2", "TLS: %s",
		    reason_of(0, SSL_ERROR_SSL));
}

static int
tls_write(struct stream *s, const char *p, size_t n)
{
	struct tls_conn *c = s->impl;
	struct err err;
	size_t done;
	int r;

	while (n > 0) {
		ERR_clear_error();
		errno = 0;
		r = SSL_write_ex(c->ssl, p, n, &done);
		if (r == 1) {
			p += done;
			n -= done;
		} else if (settle(c, r, s->deadline_ms, &err) == -1) {
			if (err.kind == ERR_PROTO)
				read_alert(c, &err);
			return fail(s, &err);
		}
	}
	return 0;
}

static bool
tls_readable(struct stream *s, int wait_ms)
{
	struct tls_conn *c = s->impl;
	int64_t until = clock_tick_ms() + wait_ms;
	size_t got;
	char byte;
	int e;

	for (;;) {
		ERR_clear_error();
		if (SSL_peek_ex(c->ssl, &byte, 1, &got) == 1)
			return true;
		e = SSL_get_error(c->ssl, 0);
		if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
			return true;	/* the read will say what it is */
		if (c->late > TLS_LATE_MAX)
			return true;
		/* Not even a look when wait_ms is 0: peek has just looked. */
		if (wait_fd(c, e == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT,
		    until) == -1)
			return false;
	}
}

static int
tls_fd(struct stream *s)
{
	struct tls_conn *c = s->impl;

	return SSL_get_fd(c->ssl);
}

static void
tls_close(struct stream *s)
{
	struct tls_conn *c = s->impl;
	struct stream under;

	if (c == NULL)
		return;
	ERR_clear_error();
	if (c->ready && !s->failed)
		(void)SSL_shutdown(c->ssl);	/* what fits; no waiting */
	under = c->under;
	tls_conn_free(c);
	s->impl = NULL;
	stream_close(&under);
}

const struct stream_ops tls_stream_ops = {
	.read = tls_read,
	.write = tls_write,
	.readable = tls_readable,
	.fd = tls_fd,
	.close = tls_close,
};

int
tls_handshake(struct tls_conn *c, struct stream *s, struct err *err)
{
	int r, sys, e;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		r = SSL_connect(c->ssl);
		if (r == 1)
			break;
		sys = errno;
		e = SSL_get_error(c->ssl, r);
		if (c->verdict != X509_V_OK && c->enforce)
			return err_set(err, ERR_TEMP, "4.7.5", "%s", c->why);
		if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) {
			if (settle(c, r, s->deadline_ms, err) == 0)
				continue;
			return err_ctx(err, "TLS handshake with %.100s",
			    c->names[0]);
		}
		return err_set(err, ERR_TEMP, "4.7.0",
		    "TLS handshake with %.100s: %s", c->names[0],
		    reason_of(sys, e));
	}
	c->ready = true;
	return 0;
}

void
tls_conn_free(struct tls_conn *c)
{
	size_t i;

	if (c == NULL)
		return;
	SSL_free(c->ssl);
	for (i = 0; i < c->nnames; i++)
		mem_free(c->names[i]);
	mem_free(c->names);
	mem_free(c->key);
	mem_free(c);
}

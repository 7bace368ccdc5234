/* SPDX-License-Identifier: ISC */
/*
 * tls_world - an authority, certificates and server processes for the tests of
 * TLS; header only.
 */
#ifndef TESTS_UNIT_TLS_WORLD_H
#define TESTS_UNIT_TLS_WORLD_H

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/base/mem.h"
#include "core/smtp/tls.h"
#include "tests/unit/tls_pki.h"

enum act { ECHO, PLAIN, SILENT, CUT, NOTIFY, KEYUPDATES, RENEG, BINDING,
	GARBLE, DRIP };

enum { WAIT_MS = 10000 };

static struct {
	char		 dir[64];
	struct pki_cert	 ca, other_ca, good;
	char		*ca_file;
} w;

static inline void
world(void)
{
	if (w.ca_file != NULL)
		return;
	signal(SIGPIPE, SIG_IGN);
	(void)snprintf(w.dir, sizeof(w.dir), "/tmp/tls_test.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	w.ca = pki_make((struct pki_spec){ .cn = "Test CA", .ca = true }, NULL);
	w.other_ca = pki_make((struct pki_spec){ .cn = "Other CA",
	    .ca = true }, NULL);
	w.good = pki_make((struct pki_spec){ .cn = "good",
	    .san = "DNS:smtp.example.com,DNS:*.wild.example.com,"
	    "IP:192.0.2.1,IP:2001:db8::1" }, &w.ca);
	w.ca_file = pki_write(w.dir, "ca.pem", w.ca.x, NULL);
}

static void
test_end(void **state)
{
	char cmd[100];

	(void)state;
	world();
	pki_free(&w.ca);
	pki_free(&w.other_ca);
	pki_free(&w.good);
	free(w.ca_file);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", w.dir);
	assert_int_equal(system(cmd), 0);
}

static void
server_binding(SSL *ssl)
{
	unsigned char key[32];
	char fin[64];
	size_t n;

	(void)SSL_export_keying_material(ssl, key, 32,
	    "EXPORTER-Channel-Binding", 24, (const unsigned char *)"", 0, 1);
	(void)SSL_write(ssl, key, 32);
	n = SSL_session_reused(ssl) ? SSL_get_finished(ssl, fin, 64) :
	    SSL_get_peer_finished(ssl, fin, 64);
	(void)SSL_write(ssl, fin, (int)n);
}

static void
server_echo(SSL *ssl)
{
	char block[4096];
	int n;

	while ((n = SSL_read(ssl, block, sizeof(block))) > 0)
		(void)SSL_write(ssl, block, n);
}

static void
server_secure(SSL *ssl, int fd, enum act act)
{
	int i;

	if (SSL_accept(ssl) != 1)
		return;
	if (act == CUT || act == NOTIFY)
		(void)SSL_write(ssl, "220 hi\r\n", 8);
	if (act == NOTIFY)
		(void)SSL_shutdown(ssl);
	if (act == KEYUPDATES)
		for (i = 0; i < 1000 && SSL_key_update(ssl,
		    SSL_KEY_UPDATE_NOT_REQUESTED) == 1; i++)
			if (SSL_do_handshake(ssl) != 1)
				break;
	if (act == RENEG) {
		(void)SSL_renegotiate(ssl);
		(void)SSL_do_handshake(ssl);
	}
	if (act == BINDING)
		server_binding(ssl);
	if (act == GARBLE)
		(void)!write(fd, "\x17\x03\x03\x00\x20"
		    "0123456789abcdef0123456789abcdef", 37);
	if (act != CUT && act != NOTIFY)
		server_echo(ssl);
}

/* A server process at the other end of *s. */
static pid_t
serve(SSL_CTX *ctx, enum act act, struct stream *s)
{
	char block[512];
	int fd[2];
	pid_t pid;
	SSL *ssl;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(fd[0]);
		(void)alarm(30);
		if (act == PLAIN)
			(void)!write(fd[1], "250 ok\r\n250 ok\r\n", 16);
		while (act == DRIP && write(fd[1], "\x16", 1) == 1)
			(void)usleep(1000);
		if (act == PLAIN || act == SILENT) {
			while (read(fd[1], block, sizeof(block)) > 0)
				;
			_exit(0);
		}
		ssl = SSL_new(ctx);
		(void)SSL_set_fd(ssl, fd[1]);
		server_secure(ssl, fd[1], act);
		_exit(0);
	}
	(void)close(fd[1]);
	memset(s, 0, sizeof(*s));
	stream_open_fd(s, fd[0]);
	stream_set_timeout(s, WAIT_MS);
	return pid;
}

static void
gone(pid_t pid)
{
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct conf_relay
relay(void)
{
	struct conf_relay r = { .tls_min = 12, .tls_ca_file = w.ca_file };

	return r;
}

#endif

/* SPDX-License-Identifier: ISC */
/*
 * dns_fake - a DNS server on 127.0.0.1 that says what a table has, for the
 * tests that need one; header only. Define `rules` before use_dns.
 */
#ifndef TESTS_UNIT_DNS_FAKE_H
#define TESTS_UNIT_DNS_FAKE_H

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/smtp/resolve_dns.h"

enum { AD = 1, TC = 2, BAD_ID = 4, BAD_QUESTION = 8, SILENT = 16, CUT = 32 };

struct rule {
	const char	*name;		/* "" ends the table */
	int		 type;
	int		 rcode, flags;
	const char	*rr[8];		/* "owner TYPE ..." */
};

static const struct rule rules[];

static unsigned char *
put_name(unsigned char *p, const char *name)
{
	size_t n;

	while (*name != '\0' && strcmp(name, ".") != 0) {
		n = strcspn(name, ".");
		*p++ = (unsigned char)n;
		memcpy(p, name, n);
		p += n;
		name += n + (name[n] == '.');
	}
	*p++ = 0;
	return p;
}

static unsigned char *
put16(unsigned char *p, unsigned v)
{
	*p++ = (unsigned char)(v >> 8);
	*p++ = (unsigned char)v;
	return p;
}

static unsigned char *
put_rr(unsigned char *p, const char *text)
{
	char owner[200], type[20], rest[400] = "", host[200];
	unsigned char *len;
	unsigned a, b, c;

	if (sscanf(text, "%199s %19s %399[^\n]", owner, type, rest) < 2)
		_exit(1);
	p = put_name(p, owner);
	if (strcmp(type, "RAW") == 0) {
		a = 0;
		(void)sscanf(rest, "%u", &a);
		p = put16(p, a);
	} else {
		p = put16(p, strcmp(type, "A") == 0 ? ns_t_a :
		    strcmp(type, "AAAA") == 0 ? ns_t_aaaa :
		    strcmp(type, "MX") == 0 ? ns_t_mx :
		    strcmp(type, "SRV") == 0 ? ns_t_srv : ns_t_cname);
	}
	p = put16(p, ns_c_in);
	p = put16(put16(p, 0), 60);
	len = p;
	p += 2;
	if (strcmp(type, "A") == 0) {
		p += inet_pton(AF_INET, rest, p) == 1 ? 4 : 0;
	} else if (strcmp(type, "AAAA") == 0) {
		p += inet_pton(AF_INET6, rest, p) == 1 ? 16 : 0;
	} else if (strcmp(type, "MX") == 0) {
		(void)sscanf(rest, "%u %199s", &a, host);
		p = put_name(put16(p, a), host);
	} else if (strcmp(type, "SRV") == 0) {
		(void)sscanf(rest, "%u %u %u %199s", &a, &b, &c, host);
		p = put_name(put16(put16(put16(p, a), b), c), host);
	} else if (strcmp(type, "CNAME") == 0) {
		p = put_name(p, rest);
	} else {
		const char *hex = strchr(rest, ' ');

		for (hex = hex != NULL ? hex + 1 : ""; hex[0] != '\0' &&
		    hex[1] != '\0'; hex += 2)
			*p++ = (unsigned char)(text_hex_value(hex[0]) << 4 |
			    text_hex_value(hex[1]));
	}
	(void)put16(len, (unsigned)(p - len - 2));
	return p;
}

/* The answer to q[0..n) in out; 0: none. */
static size_t
respond(const unsigned char *q, size_t n, bool tcp, unsigned char *out)
{
	char name[256] = "";
	const unsigned char *p = q + 12;
	const struct rule *r;
	unsigned char *w;
	unsigned type, count = 0;

	while (p < q + n && *p != 0) {
		(void)snprintf(name + strlen(name), sizeof(name) -
		    strlen(name), "%s%.*s", name[0] != '\0' ? "." : "",
		    (int)*p, (const char *)p + 1);
		p += *p + 1;
	}
	type = (unsigned)p[1] << 8 | p[2];
	p += 5;
	for (r = rules; r->name[0] != '\0'; r++)
		if (strcasecmp(r->name, name) == 0 && r->type == (int)type)
			break;
	if ((r->flags & SILENT) != 0)
		return 0;
	memcpy(out, q, (size_t)(p - q));
	w = out + (p - q);
	out[2] = 0x81;
	out[3] = (unsigned char)(0x80 | (r->name[0] == '\0' ? ns_r_nxdomain :
	    r->rcode));
	/* As a resolver that validates: AD for those who ask. */
	if ((r->flags & AD) != 0 && (q[3] & 0x20) != 0)
		out[3] |= 0x20;
	memset(out + 4, 0, 8);
	out[5] = 1;
	if ((r->flags & BAD_ID) != 0)
		out[0] ^= 0xff;
	if ((r->flags & BAD_QUESTION) != 0)
		out[13] ^= 1;
	if ((r->flags & TC) != 0 && !tcp) {
		out[2] |= 2;
		return (size_t)(w - out);
	}
	for (; count < NELEM(r->rr) && r->rr[count] != NULL; count++)
		w = put_rr(w, r->rr[count]);
	out[7] = (unsigned char)count;
	return (size_t)(w - out) - ((r->flags & CUT) != 0 ? 3 : 0);
}

static void
serve_tcp(int fd)
{
	unsigned char q[700], out[4100];
	int c = accept(fd, NULL, NULL);
	size_t n;

	if (c != -1 && recv(c, q, 2, MSG_WAITALL) == 2 &&
	    recv(c, q, (size_t)(q[0] << 8 | q[1]), MSG_WAITALL) > 12) {
		n = respond(q, sizeof(q), true, out + 2);
		(void)put16(out, (unsigned)n);
		(void)!write(c, out, n + 2);
	}
	(void)close(c);
}

static struct {
	pid_t		pid;
	int		port;
} dns;

static void
start_dns(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, from;
	socklen_t len = sizeof(sa);
	unsigned char q[700], out[4096];
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	ssize_t n;

	if (dns.pid != 0)
		return;
	signal(SIGPIPE, SIG_IGN);
	p[1].fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(p[1].fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(p[1].fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(listen(p[1].fd, 5), 0);
	p[0].fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(p[0].fd, (struct sockaddr *)&sa, len), 0);
	dns.port = ntohs(sa.sin_port);
	dns.pid = fork();
	while (dns.pid == 0) {
		(void)alarm(60);
		(void)poll(p, 2, -1);
		if (p[1].revents != 0)
			serve_tcp(p[1].fd);
		len = sizeof(from);
		n = p[0].revents == 0 ? 0 : recvfrom(p[0].fd, q, sizeof(q), 0,
		    (struct sockaddr *)&from, &len);
		if (n > 12) {
			n = (ssize_t)respond(q, (size_t)n, false, out);
			if (n > 0)
				(void)sendto(p[0].fd, out, (size_t)n, 0,
				    (struct sockaddr *)&from, len);
		}
	}
	(void)close(p[0].fd);
	(void)close(p[1].fd);
}

static inline void
use_dns(struct __res_state *st, bool trusted)
{
	struct err err;

	start_dns();
	assert_int_equal(dns_open(st, 30, &err), 0);
	st->nscount = 1;
	memset(&st->nsaddr_list[0], 0, sizeof(st->nsaddr_list[0]));
	st->nsaddr_list[0].sin_family = AF_INET;
	st->nsaddr_list[0].sin_port = htons((uint16_t)dns.port);
	st->nsaddr_list[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	st->retrans = 1;
	st->retry = 1;
	st->options &= ~(unsigned long)RES_TRUSTAD;
	if (trusted)
		st->options |= RES_TRUSTAD;
}

static inline void
stop_dns(void)
{
	if (dns.pid > 0) {
		(void)kill(dns.pid, SIGKILL);
		(void)waitpid(dns.pid, NULL, 0);
	}
	dns.pid = 0;
}

#endif

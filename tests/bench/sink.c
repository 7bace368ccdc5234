/* SPDX-License-Identifier: ISC */
/*
 * sink - takes mail on loopback as fast as it comes, and throws it away.
 *
 *	sink PORT DELAY_MS COUNT [chunking]
 *
 * Every reply leaves DELAY_MS after the bytes that caused it came, which is
 * what a round trip of that length looks like to the client (the greeting
 * takes two: the handshake is one more). Prints the port, and after COUNT
 * messages one line: messages, connections, seconds from the first
 * connection to the last reply.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNS = 128,
	IN_MAX = 1 << 16,
	OUT_MAX = 1 << 14,
	DUE_MAX = 4096,		/* batches of replies under way */
};

struct batch {
	double	due;
	size_t	n;		/* bytes of out that may leave then */
};

struct conn {
	int		fd;
	char		in[IN_MAX];
	size_t		nin;
	char		out[OUT_MAX];
	size_t		nout;
	struct batch	batches[DUE_MAX];
	size_t		nbatches;
	bool		data, quit;
	bool		start;	/* of the data: no byte was taken yet */
	size_t		skip;	/* bytes of a BDAT chunk still to come */
	bool		last;
};

static struct conn *conns[CONNS];
static long messages, connections, wanted;
static double delay_sec, first, last;
static const char *ehlo;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
say(struct conn *c, const char *s)
{
	size_t n = strlen(s);

	if (c->nout + n > OUT_MAX)
		exit(3);
	memcpy(c->out + c->nout, s, n);
	c->nout += n;
}

static void
got_message(struct conn *c)
{
	messages++;
	say(c, "250 2.0.0 ok\r\n");
}

static void
command(struct conn *c, const char *line, size_t n)
{
	if (n >= 4 && strncasecmp(line, "EHLO", 4) == 0)
		say(c, ehlo);
	else if (n >= 4 && strncasecmp(line, "DATA", 4) == 0) {
		c->data = c->start = true;
		say(c, "354 go\r\n");
	} else if (n >= 4 && strncasecmp(line, "BDAT", 4) == 0) {
		c->skip = (size_t)strtoull(line + 5, NULL, 10);
		c->last = memmem(line, n, "LAST", 4) != NULL;
		if (c->skip == 0 && c->last)
			got_message(c);
	} else if (n >= 4 && strncasecmp(line, "QUIT", 4) == 0) {
		c->quit = true;
		say(c, "221 2.0.0 bye\r\n");
	} else
		say(c, "250 2.0.0 ok\r\n");
}

/* Takes what is complete from the front of the input; how many bytes. */
static size_t
take(struct conn *c, const char *p, size_t n)
{
	const char *end;
	size_t k;

	if (c->skip > 0) {
		k = n < c->skip ? n : c->skip;
		c->skip -= k;
		if (c->skip == 0) {
			if (c->last)
				got_message(c);
			else
				say(c, "250 2.0.0 chunk\r\n");
		}
		return k;
	}
	if (c->data) {
		if (c->start && n >= 3 && memcmp(p, ".\r\n", 3) == 0) {
			c->data = false;
			got_message(c);
			return 3;
		}
		if (n < 5)
			return 0;
		c->start = false;
		end = memmem(p, n, "\r\n.\r\n", 5);
		if (end == NULL)
			return n - 4;
		c->data = false;
		got_message(c);
		return (size_t)(end - p) + 5;
	}
	end = memchr(p, '\n', n);
	if (end == NULL)
		return 0;
	command(c, p, (size_t)(end - p));
	return (size_t)(end - p) + 1;
}

static void
readable(struct conn *c, double t)
{
	size_t used = 0, k, before = c->nout;
	ssize_t n = read(c->fd, c->in + c->nin, IN_MAX - c->nin);

	if (n <= 0) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	c->nin += (size_t)n;
	while (used < c->nin &&
	    (k = take(c, c->in + used, c->nin - used)) > 0)
		used += k;
	memmove(c->in, c->in + used, c->nin - used);
	c->nin -= used;
	if (c->nout > before) {
		if (c->nbatches == DUE_MAX)
			exit(4);
		c->batches[c->nbatches++] = (struct batch){
		    t + delay_sec, c->nout - before };
	}
}

static void
flush(struct conn *c, double t)
{
	size_t i = 0, n = 0;

	while (i < c->nbatches && c->batches[i].due <= t)
		n += c->batches[i++].n;
	if (n == 0)
		return;
	if (write(c->fd, c->out, n) != (ssize_t)n) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	memmove(c->out, c->out + n, c->nout - n);
	c->nout -= n;
	memmove(c->batches, c->batches + i,
	    (c->nbatches - i) * sizeof(c->batches[0]));
	c->nbatches -= i;
	last = t;
	if (c->quit && c->nout == 0) {
		close(c->fd);
		c->fd = -1;
	}
}

static void
accept_one(int listener, double t)
{
	int one = 1, fd = accept(listener, NULL, NULL);
	size_t i;

	if (fd == -1)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (i = 0; i < CONNS; i++)
		if (conns[i] == NULL || conns[i]->fd == -1)
			break;
	if (i == CONNS) {
		close(fd);
		return;
	}
	if (conns[i] == NULL)
		conns[i] = malloc(sizeof(*conns[i]));
	if (conns[i] == NULL)
		exit(5);
	memset(conns[i], 0, sizeof(*conns[i]));
	conns[i]->fd = fd;
	say(conns[i], "220 sink ESMTP\r\n");
	conns[i]->batches[0] = (struct batch){ t + 2 * delay_sec,
	    conns[i]->nout };
	conns[i]->nbatches = 1;
	if (connections++ == 0)
		first = t;
}

/* Milliseconds until the next reply is due, or a second. */
static int
next_due(double t)
{
	double least = t + 1;
	size_t i;

	for (i = 0; i < CONNS; i++)
		if (conns[i] != NULL && conns[i]->fd != -1 &&
		    conns[i]->nbatches > 0 && conns[i]->batches[0].due < least)
			least = conns[i]->batches[0].due;
	return least <= t ? 0 : (int)((least - t) * 1000) + 1;
}

static int
listen_on(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)port);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, len) == -1 ||
	    listen(fd, 128) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1) {
		perror("sink");
		exit(1);
	}
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

static void
turn(int listener)
{
	struct pollfd p[CONNS + 1];
	struct conn *who[CONNS + 1];
	size_t i, n = 1;
	double t;

	p[0] = (struct pollfd){ listener, POLLIN, 0 };
	for (i = 0; i < CONNS; i++) {
		if (conns[i] == NULL || conns[i]->fd == -1)
			continue;
		who[n] = conns[i];
		p[n++] = (struct pollfd){ conns[i]->fd, POLLIN, 0 };
	}
	(void)poll(p, (nfds_t)n, next_due(now()));
	t = now();
	for (i = 1; i < n; i++)
		if (p[i].revents != 0)
			readable(who[i], t);
	t = now();
	for (i = 0; i < CONNS; i++)
		if (conns[i] != NULL && conns[i]->fd != -1)
			flush(conns[i], t);
	if (p[0].revents != 0)
		accept_one(listener, t);
}

static bool
all_closed(void)
{
	size_t i;

	for (i = 0; i < CONNS; i++)
		if (conns[i] != NULL && conns[i]->fd != -1)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	int listener;
	double done = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: sink port delay_ms count [chunking]\n");
		return 64;
	}
	delay_sec = strtod(argv[2], NULL) / 1000;
	wanted = strtol(argv[3], NULL, 10);
	ehlo = argc > 4 ?
	    "250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n"
	    "250-DSN\r\n250 SIZE 0\r\n" :
	    "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
	    "250-DSN\r\n250 SIZE 0\r\n";
	listener = listen_on((int)strtol(argv[1], NULL, 10));
	/* The clients say QUIT after the last message; they have 2 s. */
	while (messages < wanted || (!all_closed() && now() < done + 2)) {
		turn(listener);
		if (messages >= wanted && done == 0)
			done = now();
	}
	printf("%ld %ld %.3f\n", messages, connections, last - first);
	return 0;
}

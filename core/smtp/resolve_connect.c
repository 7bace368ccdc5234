/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/smtp/resolve.h"

static int
fail(const struct resolve_addr *a, int sys, struct err *err)
{
	(void)err_set(err, ERR_TEMP, "4.4.1", "connect to %.200s[%s]:%d: %s",
	    a->host, a->text, a->port,
	    sys == ETIMEDOUT ? "timeout" : strerror(sys));
	err->sys = sys;
	return -1;
}

static int
bind_source(int fd, const struct resolve_addr *a, const char *source,
    struct err *err)
{
	struct addrinfo hints = { .ai_family = a->sa.ss_family,
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *ai;
	int on = 1, r, sys;

	if (getaddrinfo(source, NULL, &hints, &ai) != 0)
		return err_set(err, ERR_TEMP, "4.4.1", "connect to %s: source "
		    "%.100s is no address of its family", a->text, source);
	/* The port is chosen by connect, which knows more are free. */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	r = bind(fd, ai->ai_addr, ai->ai_addrlen);
	sys = errno;
	freeaddrinfo(ai);
	if (r == -1) {
		errno = sys;
		err_sys(err, "bind to source %.100s", source);
		(void)snprintf(err->dsn, sizeof(err->dsn), "4.4.1");
	}
	return r;
}

static int
wait_connected(int fd, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int64_t left;
	int r, sys = 0;

	do {
		left = deadline_ms - clock_tick_ms();
		if (left <= 0)
			return ETIMEDOUT;
		r = poll(&p, 1, left > 60000 ? 60000 : (int)left);
	} while (r == 0 || (r == -1 && errno == EINTR));
	if (r == -1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) == -1)
		return errno;
	return sys;
}

/* Where nobody listens on a loopback port of the ephemeral range, the kernel
 * may give that port to us, and TCP connects us to ourselves. */
static bool
is_self(int fd)
{
	struct sockaddr_storage a = { 0 }, b = { 0 };
	socklen_t na = sizeof(a), nb = sizeof(b);

	return getsockname(fd, (struct sockaddr *)&a, &na) == 0 &&
	    getpeername(fd, (struct sockaddr *)&b, &nb) == 0 &&
	    na == nb && memcmp(&a, &b, na) == 0;
}

int
resolve_connect(const struct resolve_addr *a, const char *source,
    int64_t timeout_ms, int *out, struct err *err)
{
	int64_t deadline_ms = clock_tick_ms() + timeout_ms;
	int fd, sys, on = 1;

	fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (fd == -1)
		return fail(a, errno, err);
	if (source != NULL && bind_source(fd, a, source, err) == -1)
		goto fail;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	sys = connect(fd, (const struct sockaddr *)&a->sa, a->len) == 0 ? 0 :
	    errno;
	if (sys == EINPROGRESS || sys == EINTR)
		sys = wait_connected(fd, deadline_ms);
	if (sys == 0 && is_self(fd))
		sys = ECONNREFUSED;
	if (sys != 0) {
		(void)fail(a, sys, err);
		goto fail;
	}
	*out = fd;
	return 0;
fail:
	(void)close(fd);
	return -1;
}

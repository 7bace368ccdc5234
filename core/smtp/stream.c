/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/smtp/stream.h"

/* The first error is the one that every later call reports. */
static int
remember(struct stream *s, struct err *err)
{
	s->failed = true;
	*err = s->err;
	return -1;
}

ssize_t
stream_read(struct stream *s, char *p, size_t n, struct err *err)
{
	ssize_t got;

	if (s->failed)
		return remember(s, err);
	got = s->ops->read(s, p, n);
	if (got == -1)
		return remember(s, err);
	return got;
}

int
stream_write(struct stream *s, const char *p, size_t n, struct err *err)
{
	if (s->failed || s->ops->write(s, p, n) == -1)
		return remember(s, err);
	return 0;
}

bool
stream_readable(struct stream *s, int wait_ms)
{
	/* A read of a failed stream does not block: it fails. */
	return s->failed || s->ops->readable(s, wait_ms);
}

int
stream_pollfd(struct stream *s)
{
	return s->ops != NULL ? s->ops->fd(s) : -1;
}

void
stream_set_timeout(struct stream *s, int64_t timeout_ms)
{
	s->deadline_ms = timeout_ms > 0 ? clock_tick_ms() + timeout_ms : 0;
}

void
stream_close(struct stream *s)
{
	if (s->ops != NULL)
		s->ops->close(s);
	memset(s, 0, sizeof(*s));
}

/* The descriptor stands in the pointer itself, so that a kind laid over this
 * one (TLS) has nothing to release. */
static int
fd_of(struct stream *s)
{
	return (int)(intptr_t)s->impl;
}

static int
fail_sys(struct stream *s)
{
	int sys = errno;
	enum err_kind kind = sys == ECONNRESET || sys == EPIPE ||
	    sys == ETIMEDOUT || sys == EHOSTUNREACH || sys == ENETUNREACH ?
	    ERR_PROTO : ERR_TEMP;

	(void)err_set(&s->err, kind, "4.4.2", "connection lost: %s",
	    strerror(sys));
	/* ETIMEDOUT in err.sys means our own deadline, not the kernel's. */
	s->err.sys = sys == ETIMEDOUT ? ECONNRESET : sys;
	return -1;
}

/* Waits for the events until the deadline. 0 they are there, -1 s->err. */
static int
wait_for(struct stream *s, short events)
{
	struct pollfd p = { .fd = fd_of(s), .events = events };
	int64_t left;
	int r;

	for (;;) {
		left = -1;
		if (s->deadline_ms != 0) {
			left = s->deadline_ms - clock_tick_ms();
			if (left < 0)
				left = 0;
			if (left > INT32_MAX)
				left = INT32_MAX;
		}
		r = poll(&p, 1, (int)left);
		if (r > 0)
			return 0;
		if (r == -1 && errno != EINTR)
			return fail_sys(s);
		if (r == 0 && s->deadline_ms <= clock_tick_ms()) {
			(void)err_set(&s->err, ERR_TEMP, "4.4.2", "timeout");
			s->err.sys = ETIMEDOUT;
			return -1;
		}
	}
}

static ssize_t
fd_read(struct stream *s, char *p, size_t n)
{
	ssize_t got;

	for (;;) {
		got = recv(fd_of(s), p, n, 0);
		if (got >= 0)
			return got;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return fail_sys(s);
		if (wait_for(s, POLLIN) == -1)
			return -1;
	}
}

static int
fd_write(struct stream *s, const char *p, size_t n)
{
	ssize_t put;

	while (n > 0) {
		put = send(fd_of(s), p, n, MSG_NOSIGNAL);
		if (put >= 0) {
			p += put;
			n -= (size_t)put;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return fail_sys(s);
		if (wait_for(s, POLLOUT) == -1)
			return -1;
	}
	return 0;
}

static bool
fd_readable(struct stream *s, int wait_ms)
{
	struct pollfd p = { .fd = fd_of(s), .events = POLLIN };

	return poll(&p, 1, wait_ms) > 0;
}

static void
fd_close(struct stream *s)
{
	(void)close(fd_of(s));
}

static const struct stream_ops fd_ops = {
	.read = fd_read, .write = fd_write, .readable = fd_readable,
	.fd = fd_of, .close = fd_close,
};

void
stream_open_fd(struct stream *s, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	assert(flags != -1);
	(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	memset(s, 0, sizeof(*s));
	s->ops = &fd_ops;
	s->impl = (void *)(intptr_t)fd;
}

/* SPDX-License-Identifier: ISC */
/*
 * Packets with descriptors, and the runner's end of the socket. The caller's
 * is in gate_client.c.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "queue/gate.h"

enum {
	BACKLOG = 256,			/* callers that wait to be let in */
};

static int
set_address(struct sockaddr_un *sa, const char *path, struct err *err)
{
	size_t n = strlen(path);

	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (n == 0 || n >= sizeof(sa->sun_path))
		return err_set(err, ERR_CONF, "4.3.5",
		    "gate %s: the path is too long for a socket", path);
	memcpy(sa->sun_path, path, n);
	return 0;
}

int
gate_send(int fd, const char *p, size_t n, const int *fds, size_t nfds,
    struct err *err)
{
	union {
		struct cmsghdr	head;
		char		room[CMSG_SPACE(GATE_FDS_MAX * sizeof(int))];
	} ctl;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t r;

	if (n > GATE_PACKET_MAX || nfds > GATE_FDS_MAX)
		return err_set(err, ERR_SYSTEM, "4.3.0",
		    "gate: a packet of %zu bytes", n);
	if (nfds > 0) {
		memset(&ctl, 0, sizeof(ctl));
		msg.msg_control = &ctl;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	do
		r = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return err_sys(err, "gate: send");
	return 0;
}

static void
close_all(int *fds, size_t *nfds)
{
	while (*nfds > 0)
		(void)close(fds[--*nfds]);
}

/* Every descriptor that came is taken, so that none stays open unseen. */
static void
take_fds(struct msghdr *msg, int fds[GATE_FDS_MAX], size_t *nfds)
{
	struct cmsghdr *c;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(int));
			if (*nfds < GATE_FDS_MAX)
				fds[(*nfds)++] = fd;
			else
				(void)close(fd);
		}
	}
}

int
gate_receive(int fd, struct buf *out, int fds[GATE_FDS_MAX], size_t *nfds,
    struct err *err)
{
	union {
		struct cmsghdr	head;
		char		room[CMSG_SPACE(GATE_FDS_MAX * sizeof(int))];
	} ctl;
	char p[GATE_PACKET_MAX];
	struct iovec iov = { .iov_base = p, .iov_len = sizeof(p) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &ctl, .msg_controllen = sizeof(ctl),
	};
	ssize_t r;

	*nfds = 0;
	buf_reset(out);
	do
		r = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return err_sys(err, "gate: receive");
	take_fds(&msg, fds, nfds);
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		close_all(fds, nfds);
		return err_set(err, ERR_PROTO, "4.3.0",
		    "gate: a packet that is too large");
	}
	buf_add(out, p, (size_t)r);
	if (out->over) {
		close_all(fds, nfds);
		return err_set(err, ERR_PROTO, "4.3.0",
		    "gate: a packet that is too large");
	}
	return (int)r;
}

int
gate_peer_uid(int fd, uint32_t *uid, struct err *err)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == -1)
		return err_sys(err, "gate: who calls");
	*uid = cred.uid;
	return 0;
}

/* Is somebody behind the socket? Then it is not ours to replace. */
static int
clear_path(const char *path, const struct sockaddr_un *sa, struct err *err)
{
	struct stat st;
	int fd, r, sys;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : err_sys(err, "gate %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_CONF, "4.3.5",
		    "gate %s: something else has that name", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(err, "gate: socket");
	r = connect(fd, (const struct sockaddr *)sa, sizeof(*sa));
	sys = errno;
	(void)close(fd);
	if (r == 0 || sys == EAGAIN)
		return err_set(err, ERR_TEMP, "4.3.0",
		    "gate %s: another runner listens there", path);
	if (unlink(path) == -1 && errno != ENOENT)
		return err_sys(err, "gate %s: unlink", path);
	return 0;
}

int
gate_listen(const char *path, int *out, struct err *err)
{
	struct sockaddr_un sa;
	int fd;

	if (set_address(&sa, path, err) == -1 ||
	    clear_path(path, &sa, err) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(err, "gate: socket");
	/* who may call is said by the mode of the socket alone */
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1 ||
	    chmod(path, 0666) == -1 || listen(fd, BACKLOG) == -1) {
		err_sys(err, "gate %s: listen", path);
		(void)close(fd);
		return -1;
	}
	*out = fd;
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/buf.h"

#include "cmd/sendoffd/spawn.h"
#include "cmd/sendoffd/worker.h"

enum {
	EXEC_FAILED = 126,		/* status, as a shell has it */
	CREDENTIALS_MAX = 4096,		/* bytes of a path */
};

/* In the child; only what may be called after fork. */
_Noreturn static void
become(const char *program, char *const argv[], char *const envp[], int fd,
    pid_t parent)
{
	sigset_t none;
	int null;

	/* A parent that is gone already sends no signal any more. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(EXEC_FAILED);
	(void)setpgid(0, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null == -1 || dup2(fd, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1)
		_exit(EXEC_FAILED);
	(void)execve(program, argv, envp);
	_exit(EXEC_FAILED);
}

int
spawn_worker(const struct worker_how *how, pid_t *pid, int *fd,
    struct err *err)
{
	char credentials[CREDENTIALS_MAX], path[] = "PATH=/usr/bin:/bin",
	    lang[] = "LANG=C.UTF-8";
	char *envp[4] = { path, lang };
	const char *argv[6] = { "sendoff-deliver" };
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	size_t n = 1;
	int pair[2];
	pid_t parent = getpid(), child;

	if (how->conf_path != NULL) {
		argv[n++] = "-C";
		argv[n++] = how->conf_path;
	}
	if (how->verbose)
		argv[n++] = "-v";
	if (how->relay_name[0] != '\0')
		argv[n++] = how->relay_name;
	if (dir != NULL && strlen(dir) < sizeof(credentials) - 32) {
		(void)snprintf(credentials, sizeof(credentials),
		    "CREDENTIALS_DIRECTORY=%s", dir);
		envp[2] = credentials;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return err_sys(err, "socket for a delivery process");
	child = fork();
	if (child == 0) {
		union { const char **in; char **out; } args = { argv };

		become(how->program, args.out, envp, pair[1], parent);
	}
	if (child == -1)
		(void)err_sys(err, "start a delivery process");
	(void)close(pair[1]);
	if (child == -1 ||
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) == -1) {
		if (child != -1) {
			(void)err_sys(err, "socket of a delivery process");
			(void)kill(child, SIGKILL);
		}
		(void)close(pair[0]);
		return -1;
	}
	*pid = child;
	*fd = pair[0];
	return 0;
}

/* All of b, so that the offset stays 0 for its reader. */
static int
write_all(int fd, const struct buf *b, struct err *err)
{
	size_t off = 0;
	ssize_t n;

	while (off < b->n) {
		n = pwrite(fd, b->p + off, b->n - off, (off_t)off);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, "memory for a job");
		off += (size_t)n;
	}
	return 0;
}

int
spawn_job_fd(const struct job *job, int *fd, struct err *err)
{
	struct buf text;
	int ret;

	*fd = memfd_create("job", MFD_CLOEXEC);
	if (*fd == -1)
		return err_sys(err, "memory for a job");
	buf_init(&text, ENVELOPE_TEXT_MAX * 2);
	job_write(job, &text);
	ret = write_all(*fd, &text, err);
	buf_free(&text);
	if (ret == -1) {
		(void)close(*fd);
		*fd = -1;
	}
	return ret;
}

static int
send_packet(int fd, const char *text, const int fds[2], struct err *err)
{
	union {
		struct cmsghdr	align;
		char		bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .bytes = { 0 } };
	union { const char *in; char *out; } base = { text };
	struct iovec iov = { base.out, strlen(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
	do {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	if (n != (ssize_t)iov.iov_len)
		return err_sys(err, "hand a job to a delivery process");
	return 0;
}

int
spawn_send_job(int fd, const struct job *job, int msg_fd, int job_fd,
    struct err *err)
{
	char packet[32];
	int fds[2] = { msg_fd, job_fd };

	(void)snprintf(packet, sizeof(packet), "job %" PRIu32, job->number);
	return send_packet(fd, packet, fds, err);
}

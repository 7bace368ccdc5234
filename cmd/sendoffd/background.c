/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/log.h"

#include "cmd/sendoffd/background.h"

/* Where the parent waits; -1: there is none. */
static int ready_fd = -1;

/* In the parent: until the child is ready, or has ended. */
_Noreturn static void
wait_for_child(int fd, pid_t child)
{
	char byte;
	ssize_t n;
	int status;

	do {
		n = read(fd, &byte, 1);
	} while (n == -1 && errno == EINTR);
	if (n == 1)
		_exit(EX_OK);
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			_exit(EX_OSERR);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE);
}

int
background_start(struct err *err)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return err_sys(err, "pipe");
	pid = fork();
	if (pid == -1) {
		(void)err_sys(err, "go to the background");
		(void)close(fds[0]);
		(void)close(fds[1]);
		return -1;
	}
	if (pid != 0) {
		(void)close(fds[1]);
		wait_for_child(fds[0], pid);
	}
	(void)close(fds[0]);
	ready_fd = fds[1];
	(void)setsid();
	return 0;
}

void
background_ready(void)
{
	int null;
	ssize_t n;

	if (ready_fd == -1)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null != -1 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	if (null != -1)
		(void)close(null);
	/* A parent that is gone waits for nothing. */
	if (chdir("/") == -1)
		log_error("chdir /: %s", strerror(errno));
	n = write(ready_fd, "r", 1);
	(void)n;
	(void)close(ready_fd);
	ready_fd = -1;
}

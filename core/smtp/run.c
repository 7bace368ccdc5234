/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/smtp/run.h"

enum {
	LOOK_MS = 20,			/* between looks whether it has ended */
	ENV_MAX = 8,
};

/* Nothing of ours but who we are; freed by free_env. */
static void
make_env(char *env[ENV_MAX])
{
	const struct passwd *pw = getpwuid(geteuid());
	struct buf b;
	int n = 0;

	buf_init(&b, 4096);
	env[n++] = mem_str("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
	    "/usr/bin:/sbin:/bin");
	env[n++] = mem_str("LANG=C");
	buf_addf(&b, "HOME=%s", pw != NULL ? pw->pw_dir : "/");
	env[n++] = buf_take(&b);
	buf_init(&b, 4096);
	buf_addf(&b, "USER=%s", pw != NULL ? pw->pw_name : "");
	env[n++] = buf_take(&b);
	env[n] = NULL;
}

static void
free_env(char *env[ENV_MAX])
{
	int i;

	for (i = 0; env[i] != NULL; i++)
		mem_free(env[i]);
}

/* In the child: only what may be called after fork. */
static _Noreturn void
become(const char *const *argv, char **env, int out)
{
	sigset_t none;
	int in, i;

	(void)setpgid(0, 0);
	for (i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	in = open("/dev/null", O_RDONLY);
	if (in == -1 || dup2(in, STDIN_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1)
		_exit(126);
	closefrom(STDERR_FILENO + 1);
	(void)execve(argv[0], (char *const *)(uintptr_t)argv, env);
	_exit(127);
}

/* What there is to read now. False at the end of the output. */
static bool
drain(int fd, struct buf *out)
{
	char block[4096];
	ssize_t n;

	do {
		n = read(fd, block, sizeof(block));
		if (n > 0)
			buf_add(out, block, (size_t)n);
	} while ((n > 0 && !out->over) || (n == -1 && errno == EINTR));
	explicit_bzero(block, sizeof(block));
	return n == -1 && errno == EAGAIN;
}

static int
judge(const char *name, int status, const struct buf *out, bool any,
    struct err *err)
{
	if (out->over)
		return err_set(err, ERR_TEMP, "4.7.0", "%s printed over %zu "
		    "bytes", name, out->max);
	if (WIFSIGNALED(status))
		return err_set(err, ERR_TEMP, "4.7.0", "%s was ended by "
		    "signal %d", name, WTERMSIG(status));
	if (any)
		return 0;
	if (WEXITSTATUS(status) == 127)
		return err_set(err, ERR_TEMP, "4.7.0", "%s: not found "
		    "(status 127)", name);
	if (WEXITSTATUS(status) != 0)
		return err_set(err, ERR_TEMP, "4.7.0", "%s ended with status "
		    "%d", name, WEXITSTATUS(status));
	return 0;
}

/* Until it has ended, whoever still holds its output open. It is not reaped
 * yet, so that its number cannot become another's. */
static int
watch(const char *name, pid_t pid, int fd, int64_t deadline_ms,
    struct buf *out, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	siginfo_t info;

	for (;;) {
		(void)poll(&p, 1, LOOK_MS);
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info,
		    WEXITED | WNOHANG | WNOWAIT) == -1 && errno != EINTR)
			return err_sys(err, "wait for %s", name);
		if (p.fd != -1 && !drain(fd, out))
			p.fd = -1;	/* poll then only waits */
		if (info.si_pid == pid || out->over)
			return 0;
		if (clock_tick_ms() >= deadline_ms)
			return err_set(err, ERR_TEMP, "4.7.0", "%s did not "
			    "end in time (command_timeout)", name);
	}
}

int
run_output(const char *const *argv, int64_t timeout_ms, struct buf *out,
    int *exit_status, struct err *err)
{
	const char *name = strcmp(argv[0], "/bin/sh") == 0 ? "the command" :
	    argv[0];
	char *env[ENV_MAX];
	int fd[2], status = 0, ret;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) == -1)
		return err_sys(err, "pipe");
	(void)fcntl(fd[0], F_SETFL, O_NONBLOCK);
	make_env(env);
	pid = fork();
	if (pid == 0)
		become(argv, env, fd[1]);
	if (pid == -1) {
		ret = err_sys(err, "start %s", name);
	} else {
		(void)close(fd[1]);
		fd[1] = -1;
		(void)setpgid(pid, pid);	/* whichever is first */
		ret = watch(name, pid, fd[0], clock_tick_ms() + timeout_ms,
		    out, err);
		(void)kill(-pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		if (ret == 0)
			ret = judge(name, status, out, exit_status != NULL,
			    err);
		if (ret == 0 && exit_status != NULL)
			*exit_status = WEXITSTATUS(status);
	}
	if (fd[1] != -1)
		(void)close(fd[1]);
	(void)close(fd[0]);
	free_env(env);
	return ret;
}

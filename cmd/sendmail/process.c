/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendmail/process.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"

enum {
	LAST_PLAIN_SIGNAL = 31,
	QUEUE_UMASK = 0007,
};

static char clean_path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
static char *clean_environ[] = { clean_path, NULL };

/* With static storage: when this is said there may be no memory either. */
static _Noreturn void
give_up(const char *why)
{
	ssize_t r = write(STDERR_FILENO, why, strlen(why));

	(void)r;
	_exit(EX_TEMPFAIL);
}

/* A file that is opened later must never become a standard descriptor. */
static void
fill_descriptors(struct process *p)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		if (fd == STDIN_FILENO)
			p->stdin_closed = true;
		if (open("/dev/null", O_RDWR) != fd)
			give_up("sendmail: /dev/null cannot be opened\n");
	}
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
}

/* Of a name that is listed twice the first counts, as with getenv. */
static void
replace_environment(struct process *p)
{
	static const char key[] = "NAME=";
	const char *value = NULL;
	size_t n;

	for (char **e = environ; e != NULL && *e != NULL && value == NULL; e++)
		if (strncmp(*e, key, sizeof(key) - 1) == 0)
			value = *e + sizeof(key) - 1;
	environ = clean_environ;
	if (value == NULL)
		return;
	n = strnlen(value, PROCESS_NAME_MAX + 1);
	if (n != 0 && n <= PROCESS_NAME_MAX && text_is_line(value, n) &&
	    text_is_utf8(value, n))
		p->name = mem_dup(value, n);
}

/*
 * Actions that were ignored stay so across exec. A hang-up that the caller
 * has shut out (nohup) stays shut out; a write past a limit is an error that
 * we want to see, not the end.
 */
static void
reset_signals(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction was;
	sigset_t none;

	for (int s = 1; s <= LAST_PLAIN_SIGNAL; s++) {
		if (s == SIGPIPE || s == SIGXFSZ)
			(void)sigaction(s, &ignore, NULL);
		else if (s == SIGHUP || s == SIGINT || s == SIGQUIT)
			(void)sigaction(s, NULL, &was);
		else if (s != SIGKILL && s != SIGSTOP)
			(void)sigaction(s, &usual, NULL);
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
stop_timers(void)
{
	static const struct itimerval off;

	(void)setitimer(ITIMER_REAL, &off, NULL);
	(void)setitimer(ITIMER_VIRTUAL, &off, NULL);
	(void)setitimer(ITIMER_PROF, &off, NULL);
}

/* What the caller may have, we take: a soft limit is no statement. What is
 * still too little shows as an error where it is needed. */
static void
raise_limits(void)
{
	static const int which[] = { RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CPU,
	    RLIMIT_AS, RLIMIT_DATA };
	static const struct rlimit none;
	struct rlimit r;

	for (size_t i = 0; i < NELEM(which); i++) {
		if (getrlimit(which[i], &r) == 0 &&
		    r.rlim_cur != r.rlim_max) {
			r.rlim_cur = r.rlim_max;
			(void)setrlimit(which[i], &r);
		}
	}
	(void)setrlimit(RLIMIT_CORE, &none);
}

void
process_init(struct process *p)
{
	*p = (struct process){ 0 };
	fill_descriptors(p);
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (geteuid() != getuid() && setresuid(getuid(), getuid(), getuid()))
		give_up("sendmail: the user cannot be set\n");
	reset_signals();
	stop_timers();
	raise_limits();
	(void)umask(QUEUE_UMASK);
	replace_environment(p);
}

bool
process_privileged(void)
{
	return getegid() != getgid();
}

int
process_drop(struct err *err)
{
	gid_t had = getegid(), mine = getgid(), r, e, s;

	/* where there was nothing to give up, it may fail: in a user namespace
	 * our own group may have no number that we could ask for */
	if (setresgid(mine, mine, mine) == -1 && (had != mine ||
	    getresgid(&r, &e, &s) == -1 || r != e || r != s))
		return err_set(err, ERR_SYSTEM, NULL, "give up group %u: %s",
		    had, strerror(errno));
	if (getresgid(&r, &e, &s) == -1 || r != mine || e != mine || s != mine)
		return err_set(err, ERR_SYSTEM, NULL, "group %u stays", had);
	/* CAP_SETGID (root) gives it back at any time, and nobody else. */
	if (had != mine && getuid() != 0 &&
	    setresgid((gid_t)-1, had, (gid_t)-1) == 0)
		return err_set(err, ERR_SYSTEM, NULL, "group %u comes back",
		    had);
	/* a change of credentials may have made us traceable again */
	(void)prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

int
process_absolute(const char *path, char **out, struct err *err)
{
	char cwd[PATH_MAX];
	struct buf b;

	if (path[0] == '/') {
		*out = mem_str(path);
		return 0;
	}
	if (getcwd(cwd, sizeof(cwd)) == NULL || cwd[0] != '/')
		return err_set(err, ERR_CONF, NULL, "the working directory "
		    "has no name: %s", strerror(errno));
	buf_init(&b, strlen(cwd) + 1 + strlen(path));
	buf_adds(&b, cwd);
	if (cwd[1] != '\0')
		buf_addc(&b, '/');
	buf_adds(&b, path);
	*out = buf_take(&b);
	return 0;
}

static void
usual_pipe(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };

	(void)sigaction(SIGPIPE, &usual, NULL);
	(void)sigaction(SIGXFSZ, &usual, NULL);
}

int
process_become(char *const argv[], struct err *err)
{
	usual_pipe();
	execv(argv[0], argv);
	return err_sys(err, "start %s", argv[0]);
}

int
process_start(char *const argv[], int out_fd, pid_t *pid, struct err *err)
{
	*pid = fork();
	if (*pid == -1)
		return err_sys(err, "fork");
	if (*pid != 0)
		return 0;
	if (out_fd != -1 && dup2(out_fd, STDOUT_FILENO) == -1)
		_exit(EX_TEMPFAIL);
	usual_pipe();
	execv(argv[0], argv);
	_exit(EX_UNAVAILABLE);
}

int
process_detach(char *const argv[], struct err *err)
{
	pid_t pid = fork();
	int fd;

	if (pid == -1)
		return err_sys(err, "fork");
	if (pid != 0)
		return 0;
	(void)setsid();
	fd = open("/dev/null", O_RDWR);
	for (int i = STDIN_FILENO; fd != -1 && i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
	usual_pipe();
	execv(argv[0], argv);
	_exit(EX_UNAVAILABLE);
}

int
process_wait(pid_t pid, int *status, struct err *err)
{
	int raw;
	pid_t r;

	do
		r = waitpid(pid, &raw, 0);
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return err_sys(err, "wait for a child");
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : EX_TEMPFAIL;
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"
#include "core/smtp/run.h"
#include "core/smtp/sasl_fetch.h"
#include "core/smtp/secret.h"

enum {
	GRACE_SEC = 5,			/* beyond the command's own time */
	PACKET_MAX = SECRET_MAX + 1,
	ARGS_MAX = 12,
	FETCH_CACHED = 'c',
	FETCH_FRESH = 'f',
	SAID_TOKEN = '+',
	SAID_ERROR = '-',
};

struct sasl_fetcher {
	int	fd;			/* owned */
	pid_t	pid;
	int64_t	timeout_sec;		/* of one fetch */
};

struct task {
	const struct conf_relay	*relay;
	const char		*conf_path, *credentials_dir;
};

int
sasl_read_command(const char *key, const char *command, int64_t timeout_sec,
    struct buf *out, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };

	if (run_output(argv, timeout_sec * 1000, out, NULL, err) == -1)
		return err_ctx(err, "%s", key);
	if (!secret_first_line(out))
		return err_set(err, ERR_TEMP, "4.7.0", "%s: it printed an "
		    "empty first line, or a NUL", key);
	return 0;
}

/* sendoff-token says "token ..." or "error ...". */
static int
take_answer(struct buf *out, struct err *err)
{
	char shown[300];

	if (!secret_first_line(out))
		return err_set(err, ERR_TEMP, "4.7.0",
		    "sendoff-token said nothing");
	if (out->n > 6 && memcmp(out->p, "token ", 6) == 0) {
		buf_drop(out, 6);
		return 0;
	}
	if (out->n > 6 && memcmp(out->p, "error ", 6) == 0)
		buf_drop(out, 6);
	return err_set(err, ERR_TEMP, "4.7.0", "no OAuth token: %s",
	    text_clean_to(shown, sizeof(shown), out->p, out->n));
}

static int
run_oauth(const struct task *t, bool fresh, struct buf *out, struct err *err)
{
	const char *argv[ARGS_MAX];
	char *program = paths_program("sendoff-token");
	int n = 0, status = 0, ret;

	argv[n++] = program;
	if (t->conf_path != NULL) {
		argv[n++] = "-C";
		argv[n++] = t->conf_path;
	}
	if (t->credentials_dir != NULL) {
		argv[n++] = "--credentials";
		argv[n++] = t->credentials_dir;
	}
	if (fresh)
		argv[n++] = "--fresh";
	argv[n++] = "--";
	argv[n++] = t->relay->name;
	argv[n] = NULL;
	ret = run_output(argv, t->relay->command_timeout_sec * 1000, out,
	    &status, err);
	if (ret == 0 && status != 0 && out->n == 0)
		ret = err_set(err, ERR_TEMP, "4.7.0", "%s ended with status "
		    "%d", program, status);
	mem_free(program);
	return ret == -1 ? -1 : take_answer(out, err);
}

static int
fetch(const struct task *t, bool fresh, struct buf *out, struct err *err)
{
	if (t->relay->token_command != NULL)
		return sasl_read_command("token_command",
		    t->relay->token_command, t->relay->command_timeout_sec,
		    out, err);
	return run_oauth(t, fresh, out, err);
}

/* The process: one fetch for each byte, until nobody asks any more. */
static _Noreturn void
serve(const struct task *t, int fd)
{
	struct buf token, packet;
	struct err err;
	char want;
	int in;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(SIGCHLD, SIG_DFL);
	in = open("/dev/null", O_RDWR);
	if (in == -1 || dup2(fd, STDERR_FILENO + 1) == -1 ||
	    dup2(in, STDIN_FILENO) == -1 || dup2(in, STDOUT_FILENO) == -1)
		_exit(1);
	fd = STDERR_FILENO + 1;
	closefrom(fd + 1);
	/* dup2 to itself would have kept it. */
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	while (recv(fd, &want, 1, 0) == 1) {
		secret_init(&token);
		buf_init(&packet, PACKET_MAX);
		buf_reserve(&packet, PACKET_MAX);
		if (fetch(t, want == FETCH_FRESH, &token, &err) == 0) {
			buf_addc(&packet, SAID_TOKEN);
			buf_add(&packet, token.p, token.n);
		} else {
			buf_addc(&packet, SAID_ERROR);
			buf_adds(&packet, err.text);
		}
		if (send(fd, packet.p, packet.n, MSG_NOSIGNAL) == -1)
			_exit(1);
		buf_wipe(&token);
		buf_wipe(&packet);
	}
	_exit(0);
}

int
sasl_fetcher_open(const struct conf_relay *relay, const char *conf_path,
    const char *credentials_dir, struct sasl_fetcher **out, struct err *err)
{
	const struct task task = { relay, conf_path, credentials_dir };
	struct sasl_fetcher *f;
	int fd[2];
	pid_t pid;

	*out = NULL;
	if (relay->token_command == NULL && relay->oauth_token_url == NULL)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1)
		return err_sys(err, "socket for tokens");
	pid = fork();
	if (pid == 0)
		serve(&task, fd[1]);
	(void)close(fd[1]);
	if (pid == -1) {
		err_sys(err, "start what fetches tokens");
		(void)close(fd[0]);
		return -1;
	}
	f = mem_zero(sizeof(*f));
	f->fd = fd[0];
	f->pid = pid;
	f->timeout_sec = relay->command_timeout_sec + GRACE_SEC;
	*out = f;
	return 0;
}

void
sasl_fetcher_close(struct sasl_fetcher *f)
{
	if (f == NULL)
		return;
	(void)close(f->fd);
	/* It ends with the socket. Locked down, we may not even wait. */
	(void)waitpid(f->pid, NULL, 0);
	mem_free(f);
}

int
sasl_fetcher_ask(struct sasl_fetcher *f, bool fresh, struct buf *token,
    struct err *err)
{
	const char want = fresh ? FETCH_FRESH : FETCH_CACHED;
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	struct buf packet;
	ssize_t n = -1;
	char shown[300];
	int ret = -1;

	buf_init(&packet, PACKET_MAX);
	buf_reserve(&packet, PACKET_MAX);
	if (send(f->fd, &want, 1, MSG_NOSIGNAL) == 1 &&
	    poll(&p, 1, (int)(f->timeout_sec * 1000)) == 1)
		n = recv(f->fd, packet.p, PACKET_MAX, 0);
	if (n < 1) {
		/* What comes later is not taken for the next answer. */
		(void)shutdown(f->fd, SHUT_RDWR);
		err_set(err, ERR_TEMP, "4.7.0",
		    "what fetches tokens does not answer");
	} else if (packet.p[0] == SAID_TOKEN) {
		buf_add(token, packet.p + 1, (size_t)n - 1);
		ret = 0;
	} else {
		err_set(err, ERR_TEMP, "4.7.0", "%s", text_clean_to(shown,
		    sizeof(shown), packet.p + 1, (size_t)n - 1));
	}
	explicit_bzero(packet.p, packet.cap);
	buf_free(&packet);
	return ret;
}

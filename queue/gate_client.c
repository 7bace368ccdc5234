/* SPDX-License-Identifier: ISC */
/*
 * The caller's side of the gate. Nothing here waits past the deadline, which
 * covers the whole talk: the runner may be stopped, or have no time.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/mail/line.h"
#include "queue/gate.h"

enum {
	NEVER = -1,			/* a deadline that does not come */
	AGAIN_MS = 10,			/* between tries at a full backlog */
};

struct answer {
	struct buf	text;		/* owned */
	int		fds[GATE_FDS_MAX];	/* owned; nfds of them */
	size_t		nfds;
};

static int64_t
deadline_from_now(void)
{
	return clock_tick_ms() + GATE_WAIT_MS;
}

static int
left_ms(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == NEVER)
		return -1;
	left = deadline_ms - clock_tick_ms();
	return left > 0 ? (int)left : 0;
}

static int
wait_for(int fd, short events, int64_t deadline_ms, struct err *err)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int r;

	do
		r = poll(&pfd, 1, left_ms(deadline_ms));
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return err_sys(err, "wait");
	if (r == 0)
		return err_set(err, ERR_TEMP, "4.3.0", "no answer in time");
	return 0;
}

static int
connect_until(const char *path, int64_t deadline_ms, int *out,
    struct err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd;

	if (n == 0 || n >= sizeof(sa.sun_path))
		return err_set(err, ERR_CONF, "4.3.5",
		    "the path is too long for a socket");
	memcpy(sa.sun_path, path, n);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(err, "socket");
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1) {
		/* a full backlog cannot be waited for with poll */
		if ((errno == EAGAIN || errno == EINTR) &&
		    left_ms(deadline_ms) > AGAIN_MS) {
			(void)poll(NULL, 0, AGAIN_MS);
			continue;
		}
		err_sys(err, "connect");
		(void)close(fd);
		return -1;
	}
	*out = fd;
	return 0;
}

static void
answer_init(struct answer *a)
{
	buf_init(&a->text, GATE_PACKET_MAX);
	a->nfds = 0;
}

static void
answer_free(struct answer *a)
{
	while (a->nfds > 0)
		(void)close(a->fds[--a->nfds]);
	buf_free(&a->text);
}

static int
next_answer(int fd, struct answer *a, int64_t deadline_ms, struct err *err)
{
	int n;

	while (a->nfds > 0)
		(void)close(a->fds[--a->nfds]);
	if (wait_for(fd, POLLIN, deadline_ms, err) == -1)
		return -1;
	n = gate_receive(fd, &a->text, a->fds, &a->nfds, err);
	if (n == -1)
		return -1;
	if (n == 0)
		return err_set(err, ERR_TEMP, "4.3.0", "it was closed early");
	return 0;
}

static int
ask(int fd, const char *request, struct err *err)
{
	return gate_send(fd, request, strlen(request), NULL, 0, err);
}

static int
no_answer(struct err *err)
{
	return err_set(err, ERR_PROTO, "4.3.0", "an answer that is none");
}

/* "no DSN TEXT", or something that is no answer to what was asked. */
static int
refused(const struct answer *a, struct err *err)
{
	struct line l;
	char dsn[sizeof(err->dsn)], text[300], shown[300];

	line_of(&l, buf_str(&a->text), a->text.n);
	line_want(&l, "no");
	line_string_to(&l, dsn, sizeof(dsn));
	line_string_to(&l, text, sizeof(text));
	if (!line_end(&l))
		return no_answer(err);
	return err_set(err, ERR_TEMP, dsn, "%s",
	    text_clean_to(shown, sizeof(shown), text, strlen(text)));
}

/* A draft, in a file: that is all that we are to write to. The uid in its id
 * is the runner's word, and in a user namespace not the one that we see. */
static bool
is_draft(const char *id, int fd)
{
	struct stat st;
	uint32_t uid;

	return id_check(id, strlen(id)) && id_uid(id, &uid) &&
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static int
take_draft(struct answer *a, struct draft *d, struct err *err)
{
	struct line l;
	char id[ID_SIZE];

	line_of(&l, buf_str(&a->text), a->text.n);
	if (!line_is(&l, "draft"))
		return refused(a, err);
	line_want(&l, "draft");
	line_string_to(&l, id, sizeof(id));
	if (!line_end(&l) || a->nfds != 1 || !is_draft(id, a->fds[0]))
		return no_answer(err);
	draft_adopt(d, a->fds[0], -1, id);
	a->nfds = 0;
	return 0;
}

int
gate_draft(const char *path, struct draft *d, struct err *err)
{
	int64_t deadline_ms = deadline_from_now();
	struct answer a;
	int fd = -1, ret = -1;

	answer_init(&a);
	if (connect_until(path, deadline_ms, &fd, err) == 0 &&
	    ask(fd, "draft", err) == 0 &&
	    next_answer(fd, &a, deadline_ms, err) == 0 &&
	    take_draft(&a, d, err) == 0)
		ret = 0;
	else
		err_ctx(err, "gate %s", path);
	answer_free(&a);
	if (fd != -1)
		(void)close(fd);
	return ret;
}

/* A request with many answers: take() says with which it is over. */
struct talk {
	const char	*request;
	bool		 endless;	/* an answer may take any time */
	int		(*take)(struct answer *, void *arg, bool *over,
			    struct err *);
	void		*arg;
};

static int
have_talk(const char *path, const struct talk *t, struct err *err)
{
	struct answer a;
	bool over = false;
	int fd = -1, ret = -1;

	answer_init(&a);
	if (connect_until(path, deadline_from_now(), &fd, err) == -1 ||
	    ask(fd, t->request, err) == -1)
		goto out;
	while (!over)
		if (next_answer(fd, &a, t->endless ? NEVER :
		    deadline_from_now(), err) == -1 ||
		    t->take(&a, t->arg, &over, err) == -1)
			goto out;
	ret = 0;
out:
	if (ret == -1)
		err_ctx(err, "gate %s", path);
	answer_free(&a);
	if (fd != -1)
		(void)close(fd);
	return ret;
}

struct flush {
	void	(*progress)(int64_t done, int64_t total, void *arg);
	void	*arg;
};

static int
take_progress(struct answer *a, void *arg, bool *over, struct err *err)
{
	const struct flush *f = arg;
	struct line l;
	int64_t done, total;

	line_of(&l, buf_str(&a->text), a->text.n);
	*over = line_is(&l, "flushed");
	if (*over)
		return 0;
	if (!line_is(&l, "progress"))
		return refused(a, err);
	line_want(&l, "progress");
	done = line_int(&l, 0, INT64_MAX);
	total = line_int(&l, 0, INT64_MAX);
	if (!line_end(&l))
		return no_answer(err);
	if (f->progress != NULL)
		f->progress(done, total, f->arg);
	return 0;
}

int
gate_flush(const char *path, void (*progress)(int64_t done, int64_t total,
    void *arg), void *arg, struct err *err)
{
	struct flush f = { progress, arg };
	/* a pass takes as long as the relay does; a dead runner is noticed */
	const struct talk t = { "flush", true, take_progress, &f };

	return have_talk(path, &t, err);
}

struct list {
	void	(*cb)(const char *id, bool active, int fd, void *arg);
	void	*arg;
};

static int
take_msg(struct answer *a, void *arg, bool *over, struct err *err)
{
	const struct list *list = arg;
	struct line l;
	char id[ID_SIZE];
	bool active;

	line_of(&l, buf_str(&a->text), a->text.n);
	*over = line_is(&l, "end");
	if (*over)
		return 0;
	if (!line_is(&l, "msg"))
		return refused(a, err);
	line_want(&l, "msg");
	line_string_to(&l, id, sizeof(id));
	active = line_int(&l, 0, 1) == 1;
	if (!line_end(&l) || a->nfds != 1 || !id_check(id, strlen(id)))
		return no_answer(err);
	a->nfds = 0;
	list->cb(id, active, a->fds[0], list->arg);
	return 0;
}

int
gate_list(const char *path, void (*cb)(const char *id, bool active, int fd,
    void *arg), void *arg, struct err *err)
{
	struct list list = { cb, arg };
	const struct talk t = { "list", false, take_msg, &list };

	return have_talk(path, &t, err);
}

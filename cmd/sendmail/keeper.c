/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/sendmail/drafts.h"
#include "cmd/sendmail/keeper.h"
#include "cmd/sendmail/process.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/mail/line.h"
#include "queue/gate.h"
#include "queue/list.h"
#include "queue/runner.h"

/* What the child of mailq works with. */
struct lister {
	struct queue	*queue;
	uint32_t	 uid;
	bool		 all;
	int		 fd;
};

static bool
wait_for(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int r;

	do
		r = poll(&pfd, 1, -1);
	while (r == -1 && errno == EINTR);
	return r == 1;
}

static int
send_packet(int fd, const struct buf *b, const int *fds, size_t nfds)
{
	struct err err;

	if (!wait_for(fd, POLLOUT))
		return -1;
	return gate_send(fd, buf_str(b), b->n, fds, nfds, &err);
}

/* 1, or 0 at the end, or -1. */
static int
receive_packet(int fd, struct buf *b, int fds[GATE_FDS_MAX], size_t *nfds,
    struct err *err)
{
	int n;

	*nfds = 0;
	if (!wait_for(fd, POLLIN))
		return err_sys(err, "wait for a child");
	n = gate_receive(fd, b, fds, nfds, err);
	return n > 0 ? 1 : n;
}

static void
close_fds(const int *fds, size_t n)
{
	while (n != 0)
		(void)close(fds[--n]);
}

static int
send_refusal(int fd, const struct err *why)
{
	struct buf b;
	int ret;

	buf_init(&b, GATE_PACKET_MAX);
	buf_adds(&b, "no ");
	envelope_encode(&b, why->dsn, strlen(why->dsn));
	buf_addc(&b, ' ');
	envelope_encode(&b, why->text, strlen(why->text));
	ret = send_packet(fd, &b, NULL, 0);
	buf_free(&b);
	return ret;
}

static int
receive_refusal(const struct buf *b, struct err *err)
{
	struct line l;
	char dsn[sizeof(err->dsn)], text[sizeof(err->text)];

	line_of(&l, buf_str(b), b->n);
	line_want(&l, "no");
	line_string_to(&l, dsn, sizeof(dsn));
	line_string_to(&l, text, sizeof(text));
	if (!line_end(&l))
		return err_set(err, ERR_TEMP, "4.3.0",
		    "the child that keeps the queue gave no answer");
	return err_set(err, ERR_TEMP, dsn, "%s", text);
}

/* The child reads nothing of the session: not even its descriptors stay. */
static void
let_go(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd == -1)
		_exit(EX_TEMPFAIL);
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (dup2(fd, i) == -1)
			_exit(EX_TEMPFAIL);
	(void)close(fd);
}

/* 0 in the child with its end, 1 in the parent with the other. */
static int
split(struct keeper *k, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return err_sys(err, "socket pair");
	k->pid = fork();
	if (k->pid == -1) {
		err_sys(err, "fork");
		(void)close(pair[0]);
		(void)close(pair[1]);
		return -1;
	}
	k->fd = pair[k->pid == 0];
	(void)close(pair[k->pid != 0]);
	if (k->pid == 0)
		let_go();
	return k->pid == 0 ? 0 : 1;
}

static int
hand_out(struct drafts *drafts, int fd)
{
	struct draft d;
	struct err err = { 0 };
	struct buf b;
	int ret, fds[GATE_FDS_MAX];

	if (drafts_get(drafts, &d, &err) == -1)
		return send_refusal(fd, &err);
	buf_init(&b, GATE_PACKET_MAX);
	buf_addf(&b, "draft %s", d.id);
	fds[0] = d.fd;
	fds[1] = d.dir_fd;
	ret = send_packet(fd, &b, fds, GATE_FDS_MAX);
	/* the lock rides on the open file, which the parent has now */
	(void)close(d.fd);
	buf_free(&b);
	return ret;
}

static _Noreturn void
keep(struct drafts *drafts, int fd)
{
	struct buf request;
	struct err err;
	int fds[GATE_FDS_MAX];
	size_t nfds;

	buf_init(&request, GATE_PACKET_MAX);
	while (receive_packet(fd, &request, fds, &nfds, &err) == 1) {
		close_fds(fds, nfds);
		if (!slice_eq(buf_slice(&request), "draft") ||
		    hand_out(drafts, fd) == -1)
			break;
	}
	_exit(EX_OK);
}

int
keeper_start(struct drafts *drafts, struct keeper *k, struct err *err)
{
	struct keeper new = { .fd = -1 };
	int side = split(&new, err);

	if (side == -1)
		return -1;
	/* drafts->keeper stays as it is in the child, whose drafts come from
	 * the queue */
	if (side == 0)
		keep(drafts, new.fd);
	*k = new;
	return 0;
}

void
keeper_stop(struct keeper *k)
{
	struct err err;
	int status;

	if (k->fd == -1)
		return;
	(void)close(k->fd);
	k->fd = -1;
	(void)process_wait(k->pid, &status, &err);
}

int
keeper_draft(const struct keeper *k, struct draft *draft, struct err *err)
{
	struct buf b;
	struct line l;
	char id[ID_SIZE];
	int fds[GATE_FDS_MAX], ret = -1;
	size_t nfds = 0;

	buf_init(&b, GATE_PACKET_MAX);
	if (gate_send(k->fd, "draft", 5, NULL, 0, err) == -1)
		goto out;
	switch (receive_packet(k->fd, &b, fds, &nfds, err)) {
	case -1:
		goto out;
	case 0:
		err_set(err, ERR_TEMP, "4.3.0",
		    "the child that keeps the queue is gone");
		goto out;
	}
	line_of(&l, buf_str(&b), b.n);
	line_want(&l, "draft");
	line_string_to(&l, id, sizeof(id));
	if (line_end(&l) && nfds == GATE_FDS_MAX && id_check(id, strlen(id))) {
		draft_adopt(draft, fds[0], fds[1], id);
		ret = 0;
	} else {
		receive_refusal(&b, err);
		close_fds(fds, nfds);
	}
out:
	buf_free(&b);
	return ret;
}

static int
lend(const struct lister *l, const char *id)
{
	struct err err;
	struct buf b;
	bool active;
	int fd, ret;

	if (queue_lend(l->queue, id, l->all ? QUEUE_ANYBODY : l->uid, &fd,
	    &active, &err) != QUEUE_OK)
		return 0;
	buf_init(&b, GATE_PACKET_MAX);
	buf_addf(&b, "msg %s %d", id, active);
	ret = send_packet(l->fd, &b, &fd, 1);
	buf_free(&b);
	(void)close(fd);
	return ret;
}

static _Noreturn void
list(const struct lister *l)
{
	struct list_ids ids;
	struct err err = { 0 };
	struct buf end;

	if (list_ids(l->queue, &ids, &err) == -1) {
		(void)send_refusal(l->fd, &err);
		_exit(EX_OK);
	}
	for (size_t i = 0; i < ids.n; i++)
		if (lend(l, ids.v[i]) == -1)
			_exit(EX_OK);
	buf_init(&end, GATE_PACKET_MAX);
	buf_adds(&end, "end");
	(void)send_packet(l->fd, &end, NULL, 0);
	_exit(EX_OK);
}

int
lister_start(const struct conf *conf, uint32_t uid, struct keeper *k,
    bool *alive, struct err *err)
{
	struct lister l = { .uid = uid, .all = conf->list_all || uid == 0 };
	struct keeper new = { .fd = -1 };
	int side;

	if (drafts_open_queue(conf, QUEUE_READ, &l.queue, err) == -1)
		return -1;
	*alive = queue_runner_alive(l.queue, NULL);
	side = split(&new, err);
	l.fd = new.fd;
	if (side == 0)
		list(&l);
	queue_close(l.queue);
	if (side == -1)
		return -1;
	*k = new;
	return 0;
}

int
lister_list(const struct keeper *k, void (*cb)(const char *id, bool active,
    int fd, void *arg), void *arg, struct err *err)
{
	struct buf b;
	struct line l;
	char id[ID_SIZE];
	int fds[GATE_FDS_MAX], ret;
	size_t nfds;
	bool active;

	buf_init(&b, GATE_PACKET_MAX);
	for (;;) {
		ret = receive_packet(k->fd, &b, fds, &nfds, err);
		if (ret == 0)
			err_set(err, ERR_TEMP, "4.3.0",
			    "the child that reads the queue is gone");
		if (ret != 1 || slice_eq(buf_slice(&b), "end"))
			break;
		line_of(&l, buf_str(&b), b.n);
		line_want(&l, "msg");
		line_string_to(&l, id, sizeof(id));
		active = line_int(&l, 0, 1) == 1;
		if (!line_end(&l) || nfds != 1) {
			close_fds(fds, nfds);
			ret = receive_refusal(&b, err);
			break;
		}
		cb(id, active, fds[0], arg);
	}
	buf_free(&b);
	return ret == 1 ? 0 : -1;
}

/* SPDX-License-Identifier: ISC */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/sendoff-deliver/hands.h"
#include "core/base/log.h"
#include "core/base/mem.h"

enum {
	JOB_FDS = 2,			/* the message's file, the job */
};

void
hands_init(struct hands *h, int socket)
{
	memset(h, 0, sizeof(*h));
	h->socket = socket;
}

static void
free_hand(struct hand *hand)
{
	smtp_message_free(&hand->msg);
	job_free(&hand->job);
	if (hand->fd != -1)
		(void)close(hand->fd);
	mem_free(hand);
}

void
hands_free(struct hands *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		free_hand(h->v[i]);
	mem_free(h->v);
	memset(h, 0, sizeof(*h));
}

void
hands_restart(struct hands *h)
{
	h->next = 0;
}

void
hands_say(struct hands *h, const struct job_say *say)
{
	struct buf b;
	ssize_t n;

	buf_init(&b, JOB_PACKET_MAX);
	job_say_write(say, &b);
	assert(!b.over);
	do {
		n = send(h->socket, buf_str(&b), b.n, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && !h->gone) {
		log_error("the runner is gone: %s", strerror(errno));
		h->gone = true;
	}
	buf_free(&b);
}

/* The text of a job out of its memfd. */
static int
read_job(int fd, struct job *job, struct err *err)
{
	struct stat st;
	struct buf b;
	ssize_t n;
	int ret = -1;

	buf_init(&b, ENVELOPE_TEXT_MAX * 2);
	if (fstat(fd, &st) == -1) {
		(void)err_sys(err, "fstat");
		goto out;
	}
	if (st.st_size <= 0 || st.st_size > ENVELOPE_TEXT_MAX * 2) {
		(void)err_set(err, ERR_PROTO, NULL, "job of %lld bytes",
		    (long long)st.st_size);
		goto out;
	}
	buf_reserve(&b, (size_t)st.st_size);
	while (b.n < (size_t)st.st_size) {
		n = pread(fd, b.p + b.n, (size_t)st.st_size - b.n,
		    (off_t)b.n);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)err_sys(err, "read");
			goto out;
		}
		b.n += (size_t)n;
	}
	b.p[b.n] = '\0';
	ret = job_parse(b.p, b.n, job, err);
out:
	buf_free(&b);
	return ret;
}

static void
add_hand(struct hands *h, const struct job *job, int fd)
{
	struct hand *hand = mem_zero(sizeof(*hand));

	hand->job = *job;
	hand->fd = fd;
	smtp_message_init(&hand->msg, &hand->job, fd);
	h->v = mem_array(h->v, h->n + 1, sizeof(struct hand *));
	h->v[h->n++] = hand;
}

/* One packet with its descriptors: 1, 0 at the end, -1 none there or bad. */
static ssize_t
receive(int socket, char *p, size_t size, int fds[JOB_FDS], size_t *nfds)
{
	union {
		char		 space[CMSG_SPACE(sizeof(int) * JOB_FDS)];
		struct cmsghdr	 align;
	} u;
	struct iovec iov = { p, size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = u.space, .msg_controllen = sizeof(u.space) };
	struct cmsghdr *c;
	ssize_t n;

	*nfds = 0;
	do {
		n = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		return n;
	for (c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		*nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), *nfds * sizeof(int));
	}
	return n;
}

bool
hands_receive(struct hands *h)
{
	char p[64];
	int fds[JOB_FDS] = { -1, -1 };
	struct err err = { 0 };
	struct job job = { 0 };
	size_t nfds;
	ssize_t n;

	if (h->ended || h->gone)
		return false;
	n = receive(h->socket, p, sizeof(p), fds, &nfds);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n > 0 && nfds == JOB_FDS && read_job(fds[1], &job, &err) == 0) {
		(void)close(fds[1]);
		add_hand(h, &job, fds[0]);
		return true;
	}
	if (n > 0)
		log_error("the runner sent no job: %s", err.text);
	for (size_t i = 0; i < nfds; i++)
		(void)close(fds[i]);
	h->ended = true;
	return false;
}

bool
hands_alive(struct hands *h)
{
	struct pollfd p = { .fd = h->socket };

	/* A peer that only shut its sending side does not hang up. */
	if (!h->gone && poll(&p, 1, 0) == 1 &&
	    (p.revents & (POLLHUP | POLLERR | POLLNVAL)))
		h->gone = true;
	return !h->gone;
}

static struct smtp_message *
next_message(void *arg)
{
	struct hands *h = arg;

	if (!hands_alive(h))
		return NULL;
	if (h->next == h->n && !hands_receive(h))
		return NULL;
	return &h->v[h->next++]->msg;
}

struct hand *
hands_find(struct hands *h, const struct smtp_message *m)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (&h->v[i]->msg == m)
			return h->v[i];
	return NULL;
}

static void
tell_outcome(void *arg, struct smtp_message *m, size_t i,
    const struct outcome *o)
{
	struct hands *h = arg;
	struct job_say say = { .kind = JOB_SAY_RCPT };

	say.number = m->job->number;
	say.index = m->job->index[i];
	say.outcome = *o;
	hands_say(h, &say);
}

static void
tell_done(void *arg, struct smtp_message *m)
{
	struct hands *h = arg;
	struct job_say say = { .kind = JOB_SAY_DONE };
	size_t i;

	say.number = m->job->number;
	for (i = 0; i < h->n && &h->v[i]->msg != m; i++)
		continue;
	assert(i < h->n);
	free_hand(h->v[i]);
	if (h->next > i)
		h->next--;
	for (h->n--; i < h->n; i++)
		h->v[i] = h->v[i + 1];
	hands_say(h, &say);
}

static bool
is_alive(void *arg)
{
	return hands_alive(arg);
}

/* The runner that has lost its patience ends us with SIGALRM: not now. */
static void
tell_between(void *arg, bool now)
{
	sigset_t set;

	(void)arg;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)sigprocmask(now ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

struct smtp_feed
hands_feed(struct hands *h)
{
	return (struct smtp_feed){ .next = next_message,
	    .outcome = tell_outcome, .done = tell_done, .alive = is_alive,
	    .fd = h->ended ? -1 : h->socket, .arg = h,
	    .between = tell_between };
}

void
hands_defer(struct hands *h, struct hand *hand, const char *relay,
    const struct err *err)
{
	const struct smtp_feed feed = hands_feed(h);
	struct smtp_message *m = &hand->msg;
	struct outcome o;
	size_t i;

	for (i = 0; i < m->job->env.nrcpts; i++) {
		if (m->rcpts[i] == SMTP_RCPT_SETTLED)
			continue;
		smtp_outcome_err(&o, OUTCOME_DEFERRED, err);
		(void)snprintf(o.relay, sizeof(o.relay), "%s", relay);
		smtp_settle(NULL, NULL, m, &feed, i, &o);
	}
	feed.done(feed.arg, m);
}

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "queue/gate.h"

#include "cmd/sendoffd/gate_part.h"

enum {
	AGAIN_MS = 30000,		/* until the gate is opened again */
	ACCEPTS = 16,			/* at one go */
};

static void
listen_at(struct gate_server *g)
{
	struct err err = { 0 };

	if (gate_listen(g->path, &g->fd, &err) == 0)
		return;
	g->fd = -1;
	g->again_tick = clock_tick_ms() + AGAIN_MS;
	log_error("%s", err.text);
}

struct gate_server *
gate_server_open(struct runner *r, const char *path)
{
	struct gate_server *g;

	if (path == NULL)
		return NULL;
	g = mem_zero(sizeof(*g));
	g->runner = r;
	g->path = mem_str(path);
	allowance_init(&g->drafts, GATE_SERVER_BURST,
	    GATE_SERVER_PER_SEC * INT64_C(3600));
	listen_at(g);
	return g;
}

void
gate_server_close(struct gate_server *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->n; i++)
		gate_end(&g->clients[i]);
	if (g->fd != -1) {
		(void)unlink(g->path);
		(void)close(g->fd);
	}
	mem_free(g->path);
	mem_free(g);
}

size_t
gate_server_fds(const struct gate_server *g, struct pollfd *fds)
{
	size_t i;

	if (g == NULL)
		return 0;
	fds[0] = (struct pollfd){ g->fd, POLLIN, 0 };
	/* A full house lets the next ones wait outside. */
	if (g->n == GATE_SERVER_CLIENTS)
		fds[0].fd = -1;
	for (i = 0; i < g->n; i++) {
		const struct gate_client *c = &g->clients[i];

		fds[i + 1] = (struct pollfd){ c->fd, POLLIN, 0 };
		/* Who has asked and talks on is not heard; hangup is. */
		if (c->state == GATE_LIST)
			fds[i + 1].events = POLLOUT;
		else if (c->state != GATE_ASKS)
			fds[i + 1].events = 0;
	}
	return g->n + 1;
}

/* The request; what comes with it is closed unseen. */
static void
hear(struct gate_server *g, struct gate_client *c, int64_t tick)
{
	struct err err = { 0 };
	struct buf b;
	int fds[GATE_FDS_MAX], n;
	size_t nfds = 0;

	buf_init(&b, GATE_PACKET_MAX);
	n = gate_receive(c->fd, &b, fds, &nfds, &err);
	while (nfds > 0)
		(void)close(fds[--nfds]);
	if (n == -1 && err.sys == EAGAIN)
		;	/* nothing yet */
	else if (n > 0 && slice_eq(buf_slice(&b), "draft"))
		gate_want_draft(g, c, tick);
	else if (n > 0 && slice_eq(buf_slice(&b), "flush"))
		gate_want_pass(g, c, tick);
	else if (n > 0 && slice_eq(buf_slice(&b), "list"))
		gate_want_list(g, c, tick);
	else
		gate_end(c);
	buf_free(&b);
}

static size_t
count_uid(const struct gate_server *g, uint32_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->clients[i].uid == uid;
	return n;
}

static void
let_in(struct gate_server *g, int64_t tick)
{
	struct err err = { 0 };
	uint32_t uid;
	int fd;

	for (int i = 0; i < ACCEPTS && g->n < GATE_SERVER_CLIENTS; i++) {
		fd = accept4(g->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1)
			return;
		if (gate_peer_uid(fd, &uid, &err) == -1 || (uid != 0 &&
		    count_uid(g, uid) >= GATE_SERVER_PER_UID)) {
			(void)close(fd);
			continue;
		}
		g->clients[g->n++] = (struct gate_client){ .fd = fd, .uid = uid,
		    .state = GATE_ASKS, .tick = tick + GATE_SERVER_ASK_MS };
	}
}

static void
forget_ended(struct gate_server *g)
{
	size_t i, n = 0;

	for (i = 0; i < g->n; i++)
		if (g->clients[i].state != GATE_OVER)
			g->clients[n++] = g->clients[i];
	g->n = n;
}

void
gate_server_take(struct gate_server *g, const struct pollfd *fds, size_t n,
    int64_t tick)
{
	size_t i;

	if (g == NULL || n == 0)
		return;
	for (i = 0; i + 1 < n; i++) {
		struct gate_client *c = &g->clients[i];

		if (fds[i + 1].revents == 0)
			continue;
		if (c->state == GATE_ASKS)
			hear(g, c, tick);
		else if ((fds[i + 1].revents & POLLOUT) != 0)
			gate_list_some(g, c, tick);
		else
			gate_end(c);
	}
	if (fds[0].fd != -1 && fds[0].revents != 0)
		let_in(g, tick);
	forget_ended(g);
}

void
gate_server_time(struct gate_server *g, int64_t tick)
{
	size_t i;

	if (g == NULL)
		return;
	if (g->fd == -1 && tick >= g->again_tick)
		listen_at(g);
	for (i = 0; i < g->n; i++) {
		struct gate_client *c = &g->clients[i];

		if (c->state == GATE_PASS &&
		    g->runner->pass_done == g->runner->pass_total)
			c->tick = tick;
		if (tick < c->tick)
			continue;
		if (c->state == GATE_DRAFT)
			gate_want_draft(g, c, tick);
		else if (c->state == GATE_PASS)
			gate_tell_progress(g, c, tick);
		else
			gate_end(c);
	}
	forget_ended(g);
}

int64_t
gate_server_tick(const struct gate_server *g)
{
	int64_t tick = INT64_MAX;

	if (g == NULL)
		return tick;
	if (g->fd == -1)
		tick = g->again_tick;
	for (size_t i = 0; i < g->n; i++) {
		const struct gate_client *c = &g->clients[i];

		if (c->state != GATE_PASS) {
			if (c->tick < tick)
				tick = c->tick;
		} else if (g->runner->pass_done == g->runner->pass_total) {
			return 0;
		}
	}
	return tick;
}

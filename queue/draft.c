/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/base/crc32c.h"
#include "core/base/mem.h"
#include "queue/fs.h"
#include "queue/internal.h"
#include "queue/io.h"

enum {
	DRAFT_BUF = 64 * 1024,		/* bytes written at once */
	DRAFT_TRIES = 16,		/* names, before something is wrong */
	DRAFT_MODE = 0660,
};

static void
forget(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	d->fd = d->dir_fd = -1;
}

/*
 * Takes the lock that keeps the sweep away. The sweep may have come between
 * the name and the lock: it holds the lock now, or the name is gone. Then
 * the file is left to it, and it is not ours.
 */
static int
settle(int fd, bool *ours, struct err *err)
{
	struct stat st;

	*ours = false;
	if (fs_chmod(fd, DRAFT_MODE) == -1)
		return err_sys(err, "chmod");
	if (fs_lock(fd) == -1) {
		if (errno == EWOULDBLOCK)
			return 0;
		return err_sys(err, "lock");
	}
	if (fs_stat(fd, &st) == -1)
		return err_sys(err, "stat");
	*ours = st.st_nlink == 1;
	return 0;
}

/* One name; 0 with fd -1: taken already, or swept. */
static int
try_name(const struct queue *q, const char *id, int *fd, struct err *err)
{
	bool ours;
	int ret;

	*fd = fs_open(q->queue_fd, id, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
	    DRAFT_MODE);
	if (*fd == -1) {
		if (errno == EEXIST)
			return 0;
		return err_sys(err, "create %s", id);
	}
	ret = settle(*fd, &ours, err);
	if (ret == 0 && ours)
		return 0;
	if (ret == -1)
		err_ctx(err, "%s", id);
	/* an empty file that nobody holds: litter for the sweep */
	(void)fs_close(*fd);
	*fd = -1;
	return ret;
}

static int
create(const struct queue *q, const uint32_t *uid, struct draft *d,
    struct err *err)
{
	int i;

	forget(d);
	for (i = 0; i < DRAFT_TRIES && d->fd == -1; i++) {
		if (uid != NULL)
			id_make_gate(d->id, *uid);
		else
			id_make(d->id);
		if (try_name(q, d->id, &d->fd, err) == -1)
			return err_ctx(err, "queue %s", q->dir);
	}
	if (d->fd == -1)
		return err_set(err, ERR_TEMP, "4.3.0",
		    "queue %s: no name is free", q->dir);
	return 0;
}

int
draft_create(struct queue *q, struct draft *d, struct err *err)
{
	if (create(q, NULL, d, err) == -1)
		return -1;
	d->dir_fd = q->queue_fd;
	return 0;
}

int
draft_create_gate(struct queue *q, uint32_t uid, struct draft *d,
    struct err *err)
{
	if (create(q, &uid, d, err) == -1)
		return -1;
	/* here, since whoever gets the file must not get the directory */
	if (fs_fsync(q->queue_fd) == -1) {
		err_sys(err, "queue %s: sync directory", q->dir);
		draft_abort(d);
		return -1;
	}
	return 0;
}

void
draft_adopt(struct draft *d, int fd, int dir_fd, const char *id)
{
	forget(d);
	d->fd = fd;
	d->dir_fd = dir_fd;
	d->own_dir = dir_fd != -1;
	(void)snprintf(d->id, sizeof(d->id), "%s", id);
}

/* Where the first byte of the buffer belongs. */
static int64_t
buffer_offset(const struct draft *d)
{
	return queue_message_offset(d->env_size) + d->size -
	    (int64_t)d->nbuf;
}

static int
flush(struct draft *d, struct err *err)
{
	if (io_write(d->fd, d->buf, d->nbuf, buffer_offset(d), err) == -1)
		return err_ctx(err, "message %s", d->id);
	d->nbuf = 0;
	return 0;
}

/* What could not be read back would be lost once it was accepted. */
static int
check_envelope(const char *p, size_t n, struct err *err)
{
	struct envelope env;
	int ret = -1;

	if (envelope_parse(p, n, &env, err) == -1)
		err_ctx(err, "not accepted");
	else if (env.nrcpts == 0)
		err_set(err, ERR_DATA, "5.1.3", "no recipient");
	else
		ret = 0;
	envelope_free(&env);
	return ret;
}

/*
 * The first write holds the blank place, the envelope and the empty line; no
 * message byte is counted yet, so it starts where buffer_offset says it does:
 * at 0.
 */
int
draft_begin(struct draft *d, struct envelope *env, struct err *err)
{
	char blank[FORMAT_HEAD_SIZE];
	struct buf text;
	int ret = -1;

	(void)snprintf(env->id, sizeof(env->id), "%s", d->id);
	format_head_blank(blank);
	buf_init(&text, FORMAT_HEAD_SIZE + ENVELOPE_TEXT_MAX + 1);
	buf_add(&text, blank, FORMAT_HEAD_SIZE);
	envelope_write(env, &text);
	if (text.over) {
		err_set(err, ERR_DATA, "5.3.4", "the envelope is over %d bytes",
		    ENVELOPE_TEXT_MAX);
		goto out;
	}
	if (check_envelope(text.p + FORMAT_HEAD_SIZE,
	    text.n - FORMAT_HEAD_SIZE, err) == -1)
		goto out;
	d->env_size = (int64_t)text.n - FORMAT_HEAD_SIZE;
	d->env_crc = crc32c(0, text.p + FORMAT_HEAD_SIZE, (size_t)d->env_size);
	buf_addc(&text, '\n');
	d->size = 0;
	d->crc = 0;
	d->buf = mem_resize(d->buf, DRAFT_BUF);
	d->nbuf = 0;
	ret = io_write(d->fd, text.p, text.n, 0, err);
	if (ret == -1)
		err_ctx(err, "message %s", d->id);
out:
	buf_free(&text);
	return ret;
}

int
draft_write(struct draft *d, const char *p, size_t n, struct err *err)
{
	size_t part;

	d->crc = crc32c(d->crc, p, n);
	while (n > 0) {
		if (d->nbuf == DRAFT_BUF && flush(d, err) == -1)
			return -1;
		part = DRAFT_BUF - d->nbuf;
		if (part > n)
			part = n;
		memcpy(d->buf + d->nbuf, p, part);
		d->nbuf += part;
		d->size += (int64_t)part;
		p += part;
		n -= part;
	}
	return 0;
}

/* The lines stand where the runner's will: behind the message. */
int
draft_fail(struct draft *d, uint32_t rcpt, const struct outcome *o,
    int64_t now_sec, struct err *err)
{
	struct format_entry e = {
		.kind = FORMAT_OUTCOME, .rcpt = rcpt, .sec = now_sec,
		.outcome = *o,
	};
	struct buf line;
	int ret;

	if (flush(d, err) == -1)
		return -1;
	buf_init(&line, FORMAT_ENTRY_MAX);
	format_entry_write(&e, &line);
	ret = io_write(d->fd, line.p, line.n, buffer_offset(d) + d->journal,
	    err);
	if (ret == -1)
		err_ctx(err, "message %s: journal", d->id);
	else
		d->journal += (int64_t)line.n;
	buf_free(&line);
	return ret;
}

/* From the last write here to the mark, a crash leaves a draft. */
static int
mark(struct draft *d, unsigned flags, struct err *err)
{
	struct format_head h = {
		.flags = flags, .env_size = d->env_size, .size = d->size,
		.env_crc = d->env_crc, .crc = d->crc,
	};
	char line[FORMAT_HEAD_SIZE];

	format_head_write(&h, line);
	if (io_write(d->fd, line, FORMAT_HEAD_SIZE, 0, err) == -1)
		return err_ctx(err, "message %s", d->id);
	return 0;
}

/*
 * A close may report what a write could not (NFS). The last one cannot be
 * taken back, so one before it, of a duplicate, is asked.
 */
static int
check_close(const struct draft *d, struct err *err)
{
	int fd = fs_dup(d->fd);

	if (fd == -1)
		return err_sys(err, "message %s: duplicate", d->id);
	if (fs_close(fd) == -1)
		return err_sys(err, "message %s: close", d->id);
	return 0;
}

static int
make_durable(const struct draft *d, struct err *err)
{
	if (fs_fsync(d->fd) == -1)
		return err_sys(err, "message %s: sync", d->id);
	if (d->dir_fd != -1 && fs_fsync(d->dir_fd) == -1)
		return err_sys(err, "message %s: sync directory", d->id);
	return check_close(d, err);
}

void
draft_give(struct draft *d)
{
	if (d->fd != -1)
		(void)fs_close(d->fd);
	if (d->own_dir)
		(void)fs_close(d->dir_fd);
	mem_free(d->buf);
	forget(d);
}

static void
release(struct draft *d)
{
	/* explicit, since another process may hold the same open file */
	(void)fs_unlock(d->fd);
	draft_give(d);
}

int
draft_commit(struct draft *d, unsigned flags, struct err *err)
{
	if (flush(d, err) == -1 || mark(d, flags, err) == -1 ||
	    make_durable(d, err) == -1) {
		draft_abort(d);
		return -1;
	}
	/* from here the message is ours */
	release(d);
	return 0;
}

/* Either of the two makes it no message, even if the other one fails. */
void
draft_abort(struct draft *d)
{
	char blank[FORMAT_HEAD_SIZE];
	struct err ignored;

	if (d->fd == -1)
		return;
	if (fs_truncate(d->fd, 0) == -1) {
		format_head_blank(blank);
		(void)io_write(d->fd, blank, FORMAT_HEAD_SIZE, 0, &ignored);
	}
	/* who may (the queue's owner) leaves no litter; else it is swept */
	if (d->dir_fd != -1)
		(void)fs_unlink(d->dir_fd, d->id);
	release(d);
}

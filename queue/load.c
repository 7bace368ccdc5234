/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/crc32c.h"
#include "core/base/mem.h"
#include "queue/fs.h"
#include "queue/internal.h"
#include "queue/io.h"

enum {
	COPY_SIZE = 64 * 1024,		/* bytes read at once */
};

int64_t
queue_message_offset(int64_t env_size)
{
	return FORMAT_HEAD_SIZE + env_size + 1;
}

static enum queue_found
damaged(struct err *err, const char *what)
{
	err_set(err, ERR_DATA, "5.3.0", "%s", what);
	return QUEUE_CORRUPT;
}

/* Do the lengths fit? Who looks without the lock may have measured the file
 * before it was written, and read its first line after. */
static enum queue_found
check_size(int fd, int64_t want, int64_t *file_size, struct err *err)
{
	struct stat st;

	if (want <= *file_size)
		return QUEUE_OK;
	if (fs_stat(fd, &st) == -1) {
		err_sys(err, "stat");
		return QUEUE_FAILED;
	}
	*file_size = st.st_size;
	if (want > *file_size)
		return damaged(err, "the file is shorter than it says");
	return QUEUE_OK;
}

enum queue_found
queue_read_head(int fd, int64_t *file_size, struct format_head *h,
    struct err *err)
{
	char line[FORMAT_HEAD_SIZE];
	size_t n;

	if (io_read(fd, line, sizeof(line), 0, &n, err) == -1)
		return QUEUE_FAILED;
	switch (format_head_parse(line, n, h)) {
	case FORMAT_DRAFT:
		return QUEUE_BUSY;
	case FORMAT_NEWER:
		err_set(err, ERR_CONF, "4.3.5", "a format that is newer than "
		    "this program");
		return QUEUE_FOREIGN;
	case FORMAT_DAMAGED:
		return damaged(err, "the first line is damaged");
	case FORMAT_QUEUED:
		break;
	}
	/* the two lengths are far from overflowing: format_head_parse */
	return check_size(fd, queue_message_offset(h->env_size) + h->size,
	    file_size, err);
}

/* The envelope and the empty line behind it. */
static enum queue_found
read_envelope(int fd, const struct format_head *h, const char *id,
    struct envelope *env, struct err *err)
{
	enum queue_found found = QUEUE_FAILED;
	size_t size = (size_t)h->env_size, n;
	char *text = mem_zero(size + 1);

	if (io_read(fd, text, size + 1, FORMAT_HEAD_SIZE, &n, err) == -1)
		goto out;
	if (n != size + 1) {
		err_set(err, ERR_TEMP, "4.3.0", "it shrank while it was read");
		goto out;
	}
	found = QUEUE_CORRUPT;
	if (crc32c(0, text, size) != h->env_crc || text[size] != '\n') {
		damaged(err, "the envelope is damaged");
		goto out;
	}
	if (envelope_parse(text, size, env, err) == -1)
		goto out;
	if (strcmp(env->id, id) != 0)
		damaged(err, "it says that it has another id");
	else if (env->nrcpts == 0)
		damaged(err, "it has no recipient");
	else
		found = QUEUE_OK;
out:
	mem_free(text);
	return found;
}

/* Takes env. */
static struct queue_msg *
new_msg(struct envelope *env, const struct format_head *h, const char *id)
{
	struct queue_msg *m = mem_zero(sizeof(*m));

	m->env = *env;
	m->env.flags |= h->flags;
	/* what the kernel said, when the name was given, goes first */
	(void)id_uid(id, &m->env.uid);
	/* mostly never touched, so never there: a recipient is a kilobyte */
	m->rcpts = mem_zero(m->env.nrcpts * sizeof(*m->rcpts));
	m->offset = queue_message_offset(h->env_size);
	m->size = h->size;
	m->crc = h->crc;
	m->fd = m->journal_fd = -1;
	return m;
}

enum queue_found
queue_read(int fd, const char *id, struct queue_msg **out, struct err *err)
{
	struct queue_msg *m;
	struct format_head h;
	struct envelope env = { 0 };
	struct stat st;
	enum queue_found found;
	int64_t size;

	if (fs_stat(fd, &st) == -1) {
		err_sys(err, "stat");
		return QUEUE_FAILED;
	}
	if (!S_ISREG(st.st_mode))
		return damaged(err, "not a regular file");
	size = st.st_size;
	found = queue_read_head(fd, &size, &h, err);
	if (found != QUEUE_OK)
		return found;
	found = read_envelope(fd, &h, id, &env, err);
	if (found != QUEUE_OK) {
		envelope_free(&env);
		return found;
	}
	m = new_msg(&env, &h, id);
	m->fd = fd;
	found = queue_replay(m, size, err);
	if (found != QUEUE_OK) {
		m->fd = -1;
		queue_release(m);
		return found;
	}
	*out = m;
	return QUEUE_OK;
}

enum queue_found
queue_load_fd(int fd, const char *id, struct queue_msg **out, struct err *err)
{
	struct queue_msg *m;
	enum queue_found found;

	found = queue_read(fd, id, &m, err);
	if (found == QUEUE_OK && m->finished) {
		queue_release(m);
		return QUEUE_GONE;
	}
	if (found == QUEUE_OK)
		*out = m;
	else
		(void)fs_close(fd);
	if (found == QUEUE_CORRUPT || found == QUEUE_FOREIGN ||
	    found == QUEUE_FAILED)
		err_ctx(err, "message %s", id);
	return found;
}

enum queue_found
queue_load(struct queue *q, const char *id, struct queue_msg **out,
    struct err *err)
{
	enum queue_found found;
	int fd;

	found = queue_open_file(q->queue_fd, id, &fd, err);
	if (found != QUEUE_OK)
		return found;
	found = queue_load_fd(fd, id, out, err);
	if (found == QUEUE_OK &&
	    fs_claim_shown((*out)->fd, &(*out)->active) == -1) {
		err_sys(err, "message %s: look at its lock", id);
		queue_release(*out);
		return QUEUE_FAILED;
	}
	return found;
}

int
queue_msg_read(const struct queue_msg *m, int64_t off, char *p, size_t n,
    struct err *err)
{
	size_t got;

	assert(off >= 0 && (int64_t)n <= m->size &&
	    off <= m->size - (int64_t)n);
	if (io_read(m->fd, p, n, m->offset + off, &got, err) == -1)
		return err_ctx(err, "message %s", m->env.id);
	if (got != n)
		return err_set(err, ERR_TEMP, "4.3.0",
		    "message %s: it shrank while it was read", m->env.id);
	return 0;
}

int
queue_msg_verify(const struct queue_msg *m, struct err *err)
{
	char *p = mem_zero(COPY_SIZE);
	int64_t off;
	uint32_t crc = 0;
	size_t n;
	int ret = -1;

	for (off = 0; off < m->size; off += (int64_t)n) {
		n = COPY_SIZE;
		if ((int64_t)n > m->size - off)
			n = (size_t)(m->size - off);
		if (queue_msg_read(m, off, p, n, err) == -1)
			goto out;
		crc = crc32c(crc, p, n);
	}
	if (crc != m->crc)
		err_set(err, ERR_DATA, "5.3.0",
		    "message %s: its text is damaged", m->env.id);
	else
		ret = 0;
out:
	mem_free(p);
	return ret;
}

void
queue_release(struct queue_msg *m)
{
	if (m == NULL)
		return;
	if (m->journal_fd != -1)
		(void)fs_close(m->journal_fd);
	if (m->fd != -1) {
		/* a worker may still hold the same open file */
		if (m->queue != NULL)
			(void)fs_unlock(m->fd);
		(void)fs_close(m->fd);
	}
	envelope_free(&m->env);
	mem_free(m->rcpts);
	mem_free(m);
}

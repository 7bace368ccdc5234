/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include "core/base/mem.h"
#include "queue/fs.h"
#include "queue/internal.h"
#include "queue/io.h"

enum {
	COPY_SIZE = 64 * 1024,		/* bytes at once */
};

/* Copies bytes to where they stood. */
static int
copy_range(int from, int to, int64_t off, int64_t end, char *p,
    struct err *err)
{
	size_t n, got;

	for (; off < end; off += (int64_t)got) {
		n = COPY_SIZE;
		if ((int64_t)n > end - off)
			n = (size_t)(end - off);
		if (io_read(from, p, n, off, &got, err) == -1)
			return -1;
		if (got == 0)
			return err_set(err, ERR_TEMP, "4.3.0",
			    "it shrank while it was read");
		if (io_write(to, p, got, off, err) == -1)
			return -1;
	}
	return 0;
}

/* What stands in front of begin and from end on, at its old place. */
static int
copy_around(int from, int64_t begin, int64_t end, int64_t size, int to,
    struct err *err)
{
	char *p = mem_zero(COPY_SIZE);
	int ret = -1;

	if (fs_truncate(to, size) == -1)
		err_sys(err, "size");
	else if (copy_range(from, to, 0, begin, p, err) == 0 &&
	    copy_range(from, to, end, size, p, err) == 0)
		ret = 0;
	mem_free(p);
	return ret;
}

static int
abridge(int from, int64_t begin, int64_t end, int64_t size, int *out,
    struct err *err)
{
	int fd = fs_memory("sendoff message");

	if (fd == -1)
		return err_sys(err, "file in memory");
	if (copy_around(from, begin, end, size, fd, err) == 0) {
		if (fs_seal(fd) == 0) {
			*out = fd;
			return 0;
		}
		err_sys(err, "seal");
	}
	(void)fs_close(fd);
	return -1;
}

int
queue_abridge(const struct queue_msg *m, int *fd, struct err *err)
{
	if (abridge(m->fd, m->offset, m->offset + m->size, m->journal_end, fd,
	    err) == -1)
		return err_ctx(err, "message %s: copy", m->env.id);
	return 0;
}

/* Only the lengths in the first line are looked at, nothing that the one who
 * queued it has written. */
static enum queue_found
lend(int from, const char *id, uint32_t uid, int *fd, struct err *err)
{
	struct format_head h;
	struct stat st;
	enum queue_found found;
	int64_t begin, size;
	uint32_t owner;

	if (fs_stat(from, &st) == -1) {
		err_sys(err, "stat");
		return QUEUE_FAILED;
	}
	/* a draft from the gate is the runner's file */
	owner = st.st_uid;
	(void)id_uid(id, &owner);
	if (owner != uid && uid != QUEUE_ANYBODY)
		return QUEUE_GONE;
	if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_DATA, "5.3.0", "not a regular file");
		return QUEUE_CORRUPT;
	}
	size = st.st_size;
	found = queue_read_head(from, &size, &h, err);
	if (found != QUEUE_OK)
		return found;
	begin = queue_message_offset(h.env_size);
	if (abridge(from, begin, begin + h.size, size, fd, err) == -1)
		return QUEUE_FAILED;
	return QUEUE_OK;
}

enum queue_found
queue_lend(struct queue *q, const char *id, uint32_t uid, int *fd,
    bool *active, struct err *err)
{
	enum queue_found found;
	int from;

	*fd = -1;
	found = queue_open_file(q->queue_fd, id, &from, err);
	if (found != QUEUE_OK)
		return found;
	if (fs_claim_shown(from, active) == -1) {
		err_sys(err, "look at its lock");
		found = QUEUE_FAILED;
	} else {
		found = lend(from, id, uid, fd, err);
	}
	if (found == QUEUE_CORRUPT || found == QUEUE_FOREIGN ||
	    found == QUEUE_FAILED)
		err_ctx(err, "message %s", id);
	(void)fs_close(from);
	return found;
}

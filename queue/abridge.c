/* SPDX-License-Identifier: ISC */
#include <string.h>

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

static int
copy_message(const struct queue_msg *m, int fd, struct err *err)
{
	char *p = mem_zero(COPY_SIZE);
	int ret = -1;

	if (fs_truncate(fd, m->journal_end) == -1)
		err_sys(err, "size");
	else if (copy_range(m->fd, fd, 0, m->offset, p, err) == 0 &&
	    copy_range(m->fd, fd, m->offset + m->size, m->journal_end, p,
	    err) == 0)
		ret = 0;
	mem_free(p);
	return ret;
}

int
queue_abridge(const struct queue_msg *m, int *out, struct err *err)
{
	int fd = fs_memory("sendoff message");
	int ret = -1;

	if (fd == -1)
		return err_sys(err, "message %s: file in memory", m->env.id);
	if (copy_message(m, fd, err) == -1) {
		err_ctx(err, "message %s: copy", m->env.id);
	} else if (fs_seal(fd) == -1) {
		err_sys(err, "message %s: seal", m->env.id);
	} else {
		*out = fd;
		ret = 0;
	}
	if (ret == -1)
		(void)fs_close(fd);
	return ret;
}

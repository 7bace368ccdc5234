/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"

static int
read_whole(int fd, const char *path, struct buf *b, struct err *err)
{
	char block[16384];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return err_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_TEMP, "4.3.5", "%s: not a file", path);
	for (;;) {
		n = read(fd, block, sizeof(block));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, "%s", path);
		if (n == 0)
			return 0;
		buf_add(b, block, (size_t)n);
		if (b->over)
			return err_set(err, ERR_TEMP, "4.3.5",
			    "%s: over %zu bytes", path, b->max);
	}
}

int
file_read(const char *path, struct buf *b, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int ret;

	if (fd == -1)
		return err_sys(err, "%s", path);
	ret = read_whole(fd, path, b, err);
	(void)close(fd);
	return ret;
}

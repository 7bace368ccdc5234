/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "queue/fs.h"
#include "queue/io.h"

int
io_write(int fd, const char *p, size_t n, int64_t off, struct err *err)
{
	ssize_t r;

	while (n > 0) {
		r = fs_pwrite(fd, p, n, off);
		if (r == 0) {
			errno = EIO;
			r = -1;
		}
		if (r == -1)
			return err_sys(err, "write");
		p += r;
		n -= (size_t)r;
		off += r;
	}
	return 0;
}

int
io_read(int fd, char *p, size_t n, int64_t off, size_t *got, struct err *err)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = fs_pread(fd, p + done, n - done, off + (int64_t)done);
		if (r == -1)
			return err_sys(err, "read");
		if (r == 0)
			break;
		done += (size_t)r;
	}
	*got = done;
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "queue/fs.h"

#define RETRY(ret, call) do {						\
	(ret) = (call);							\
} while ((ret) == -1 && errno == EINTR)

int
fs_open(int dir_fd, const char *name, int flags, unsigned mode)
{
	int r;

	RETRY(r, openat(dir_fd, name, flags | O_CLOEXEC, mode));
	return r;
}

int
fs_dup(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* Not retried: after EINTR the descriptor is gone on Linux. */
int
fs_close(int fd)
{
	return close(fd);
}

ssize_t
fs_pread(int fd, void *p, size_t n, int64_t off)
{
	ssize_t r;

	RETRY(r, pread(fd, p, n, off));
	return r;
}

ssize_t
fs_pwrite(int fd, const void *p, size_t n, int64_t off)
{
	ssize_t r;

	RETRY(r, pwrite(fd, p, n, off));
	return r;
}

ssize_t
fs_read(int fd, void *p, size_t n)
{
	ssize_t r;

	RETRY(r, read(fd, p, n));
	return r;
}

ssize_t
fs_append(int fd, const void *p, size_t n)
{
	ssize_t r;

	RETRY(r, write(fd, p, n));
	return r;
}

int
fs_truncate(int fd, int64_t size)
{
	int r;

	RETRY(r, ftruncate(fd, size));
	return r;
}

int
fs_reserve(int fd, int64_t off, int64_t n)
{
	int r;

	RETRY(r, fallocate(fd, FALLOC_FL_KEEP_SIZE, off, n));
	return r;
}

int
fs_fsync(int fd)
{
	int r;

	RETRY(r, fsync(fd));
	return r;
}

int
fs_fdatasync(int fd)
{
	int r;

	RETRY(r, fdatasync(fd));
	return r;
}

int
fs_stat(int fd, struct stat *st)
{
	return fstat(fd, st);
}

int
fs_stat_at(int dir_fd, const char *name, struct stat *st)
{
	return fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW);
}

int
fs_chmod(int fd, unsigned mode)
{
	return fchmod(fd, mode);
}

int
fs_chown(int fd, uint32_t uid, uint32_t gid)
{
	return fchown(fd, uid, gid);
}

int
fs_space(int fd, struct statvfs *sv)
{
	int r;

	RETRY(r, fstatvfs(fd, sv));
	return r;
}

int
fs_lock(int fd)
{
	int r;

	RETRY(r, flock(fd, LOCK_EX | LOCK_NB));
	return r;
}

/*
 * flock has no way to ask, so the holder also takes a shared record lock of
 * the open file (not of the process: it has to ride on the descriptor), and
 * who asks whether an exclusive one would be refused gets none.
 */
int
fs_show_claim(int fd)
{
	struct flock fl = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &fl);
}

int
fs_hold(int fd)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &fl);
}

int
fs_unlock(int fd)
{
	struct flock fl = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(fd, F_OFD_SETLK, &fl);
	return flock(fd, LOCK_UN);
}

int
fs_claim_shown(int fd, bool *shown)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_GETLK, &fl) == -1)
		return -1;
	*shown = fl.l_type != F_UNLCK;
	return 0;
}

int
fs_unlink(int dir_fd, const char *name)
{
	return unlinkat(dir_fd, name, 0);
}

int
fs_mkdir(int dir_fd, const char *name, unsigned mode)
{
	return mkdirat(dir_fd, name, mode);
}

int
fs_rename(int from_fd, const char *from, int to_fd, const char *to)
{
	struct stat st;

	if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* a file system without the flag: ids are unique, so look and go */
	if (fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(from_fd, from, to_fd, to);
}

int
fs_replace(int dir_fd, const char *from, const char *to)
{
	return renameat(dir_fd, from, dir_fd, to);
}

DIR *
fs_dir_open(int dir_fd)
{
	DIR *d;
	int fd;

	fd = fs_open(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1)
		return NULL;
	d = fdopendir(fd);
	if (d == NULL)
		(void)close(fd);
	return d;
}

int
fs_dir_read(DIR *d, const char **name)
{
	struct dirent *e;

	errno = 0;
	e = readdir(d);
	if (e == NULL)
		return errno == 0 ? 0 : -1;
	*name = e->d_name;
	return 1;
}

void
fs_dir_close(DIR *d)
{
	(void)closedir(d);
}

int
fs_watch(const char *path, uint32_t mask)
{
	int fd, sys;

	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd == -1)
		return -1;
	if (inotify_add_watch(fd, path, mask) == -1) {
		sys = errno;
		(void)close(fd);
		errno = sys;
		return -1;
	}
	return fd;
}

int
fs_memory(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int
fs_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK |
	    F_SEAL_GROW | F_SEAL_WRITE);
}

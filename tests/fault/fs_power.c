/* SPDX-License-Identifier: ISC */
/*
 * Every function of queue/fs.h once more: the real one, and a note of it.
 */
#include "tests/fault/fs_real.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/fault/power.h"

enum { FILES_MAX = 64, OPS_MAX = 1024 };

static struct power_op ops[OPS_MAX];
static size_t nops, nfiles;
static ino_t files[FILES_MAX], dirs[POWER_DIRS];
static bool recording;
static enum power_deaf deaf;

static struct power_op *
note(enum power_op_kind kind)
{
	static struct power_op nowhere;

	if (!recording)
		return &nowhere;
	if (nops == OPS_MAX)
		abort();
	ops[nops].kind = kind;
	return &ops[nops++];
}

static ino_t
inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static bool
find_dir(int fd, enum power_dir *dir)
{
	ino_t ino = inode_of(fd);
	size_t i;

	for (i = 0; i < POWER_DIRS; i++)
		if (dirs[i] == ino) {
			*dir = (enum power_dir)i;
			return true;
		}
	return false;
}

static bool
find_file(int fd, size_t *file)
{
	ino_t ino = inode_of(fd);

	for (*file = 0; *file < nfiles; ++*file)
		if (files[*file] == ino)
			return true;
	return false;
}

void
power_record(const char *dir, enum power_deaf to)
{
	static const char *const names[] = { "queue", "corrupt" };
	char path[160];
	struct stat st;
	size_t i;

	for (i = 0; i < nops; i++)
		mem_free(ops[i].p);
	memset(ops, 0, sizeof(ops));
	nops = nfiles = 0;
	for (i = 0; i < POWER_DIRS; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		dirs[i] = stat(path, &st) == 0 ? st.st_ino : 0;
	}
	deaf = to;
	recording = true;
}

void
power_stop(void)
{
	recording = false;
}

void
power_mark(int64_t what)
{
	note(POWER_MARK)->off = what;
}

size_t
power_count(void)
{
	return nops;
}

const struct power_op *
power_op(size_t i)
{
	return &ops[i];
}

int
fs_open(int dir_fd, const char *name, int flags, unsigned mode)
{
	int fd = real_open(dir_fd, name, flags, mode);
	struct power_op *op;
	enum power_dir dir;

	if (fd == -1 || (flags & O_EXCL) == 0 || !find_dir(dir_fd, &dir))
		return fd;
	if (recording) {
		if (nfiles == FILES_MAX)
			abort();
		/* an inode may be used again; the newest has it */
		for (size_t i = 0; i < nfiles; i++)
			if (files[i] == inode_of(fd))
				files[i] = 0;
		files[nfiles++] = inode_of(fd);
	}
	op = note(POWER_CREATE);
	op->file = nfiles - 1;
	op->dir = dir;
	(void)snprintf(op->name, sizeof(op->name), "%s", name);
	return fd;
}

int
fs_dup(int fd)
{
	return real_dup(fd);
}

int
fs_close(int fd)
{
	return real_close(fd);
}

ssize_t
fs_pread(int fd, void *p, size_t n, int64_t off)
{
	return real_pread(fd, p, n, off);
}

ssize_t
fs_pwrite(int fd, const void *p, size_t n, int64_t off)
{
	ssize_t r = real_pwrite(fd, p, n, off);
	struct power_op *op;
	size_t file;

	if (r <= 0 || !recording || !find_file(fd, &file))
		return r;
	op = note(POWER_WRITE);
	op->file = file;
	op->p = mem_dup(p, (size_t)r);
	op->n = (size_t)r;
	op->off = off;
	return r;
}

ssize_t
fs_read(int fd, void *p, size_t n)
{
	return real_read(fd, p, n);
}

ssize_t
fs_append(int fd, const void *p, size_t n)
{
	return real_append(fd, p, n);
}

int
fs_truncate(int fd, int64_t size)
{
	int r = real_truncate(fd, size);
	struct power_op *op;
	size_t file;

	if (r == 0 && find_file(fd, &file)) {
		op = note(POWER_TRUNCATE);
		op->file = file;
		op->off = size;
	}
	return r;
}

int
fs_reserve(int fd, int64_t off, int64_t n)
{
	return real_reserve(fd, off, n);
}

static void
note_sync(int fd, bool data_only)
{
	enum power_dir dir;
	size_t file;

	if (find_dir(fd, &dir)) {
		if (deaf != POWER_NO_DIRSYNC)
			note(POWER_SYNC_DIR)->dir = dir;
	} else if (find_file(fd, &file)) {
		if (deaf != (data_only ? POWER_NO_FDATASYNC :
		    POWER_NO_FSYNC))
			note(POWER_SYNC)->file = file;
	}
}

int
fs_fsync(int fd)
{
	note_sync(fd, false);
	return 0;
}

int
fs_fdatasync(int fd)
{
	note_sync(fd, true);
	return 0;
}

int
fs_stat(int fd, struct stat *st)
{
	return real_stat(fd, st);
}

int
fs_stat_at(int dir_fd, const char *name, struct stat *st)
{
	return real_stat_at(dir_fd, name, st);
}

int
fs_chmod(int fd, unsigned mode)
{
	return real_chmod(fd, mode);
}

int
fs_chown(int fd, uint32_t uid, uint32_t gid)
{
	return real_chown(fd, uid, gid);
}

int
fs_space(int fd, struct statvfs *sv)
{
	return real_space(fd, sv);
}

int
fs_lock(int fd)
{
	return real_lock(fd);
}

int
fs_unlock(int fd)
{
	return real_unlock(fd);
}

int
fs_show_claim(int fd)
{
	return real_show_claim(fd);
}

int
fs_claim_shown(int fd, bool *shown)
{
	return real_claim_shown(fd, shown);
}

int
fs_hold(int fd)
{
	return real_hold(fd);
}

int
fs_unlink(int dir_fd, const char *name)
{
	int r = real_unlink(dir_fd, name);
	struct power_op *op;
	enum power_dir dir;

	if (r == 0 && find_dir(dir_fd, &dir)) {
		op = note(POWER_UNLINK);
		op->dir = dir;
		(void)snprintf(op->name, sizeof(op->name), "%s", name);
	}
	return r;
}

int
fs_mkdir(int dir_fd, const char *name, unsigned mode)
{
	return real_mkdir(dir_fd, name, mode);
}

int
fs_rename(int from_fd, const char *from, int to_fd, const char *to)
{
	int r = real_rename(from_fd, from, to_fd, to);
	struct power_op *op;
	enum power_dir dir, other;

	if (r == 0 && find_dir(from_fd, &dir) && find_dir(to_fd, &other)) {
		op = note(POWER_RENAME);
		op->dir = dir;
		op->other = other;
		(void)snprintf(op->name, sizeof(op->name), "%s", from);
	}
	return r;
}

int
fs_replace(int dir_fd, const char *from, const char *to)
{
	return real_replace(dir_fd, from, to);
}

DIR *
fs_dir_open(int dir_fd)
{
	return real_dir_open(dir_fd);
}

int
fs_dir_read(DIR *d, const char **name)
{
	return real_dir_read(d, name);
}

void
fs_dir_close(DIR *d)
{
	real_dir_close(d);
}

int
fs_watch(const char *path, uint32_t mask)
{
	return real_watch(path, mask);
}

int
fs_memory(const char *name)
{
	return real_memory(name);
}

int
fs_seal(int fd)
{
	return real_seal(fd);
}

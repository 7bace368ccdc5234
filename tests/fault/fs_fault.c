/* SPDX-License-Identifier: ISC */
/*
 * Every function of queue/fs.h once more: the real one, behind a check
 * whether it is its turn to trip.
 */
#include "tests/fault/fs_real.h"

#include <string.h>

#include "tests/fault/fault.h"

static enum fault_kind kind;
static int sys, at, second, calls, trips;
static char names[4096];
static const char *refused = "";

void
fault_arm(enum fault_kind k, int error, int first, int other)
{
	kind = k;
	sys = error;
	at = first;
	second = other;
	calls = trips = 0;
	names[0] = '\0';
}

void
fault_disarm(void)
{
	kind = FAULT_NONE;
	at = second = 0;
	refused = "";
}

void
fault_refuse(const char *name, int error)
{
	refused = name;
	sys = error;
}

int
fault_calls(void)
{
	return calls;
}

int
fault_trips(void)
{
	return trips;
}

const char *
fault_names(void)
{
	return names;
}

/* Counts a call; what is to happen to it. */
static enum fault_kind
turn(const char *name)
{
	size_t n = strlen(names);

	(void)snprintf(names + n, sizeof(names) - n, "%s ", name);
	calls++;
	if (strcmp(name, refused) == 0)
		return FAULT_FAIL;
	if (calls != at && (second == 0 || calls != second))
		return FAULT_NONE;
	if (kind == FAULT_NONE)
		return FAULT_NONE;
	trips++;
	if (kind == FAULT_KILL)
		_exit(FAULT_KILLED);
	return kind;
}

/* Everything but pread and pwrite either happens or does not. */
static bool
fails(const char *name)
{
	enum fault_kind k = turn(name);

	if (k == FAULT_KILL_HALF)
		_exit(FAULT_KILLED);
	if (k == FAULT_NONE || k == FAULT_SHORT)
		return false;
	errno = sys;
	/* that a name is not there is no fault of a disk, but a lie */
	if (sys == ENOENT && (strcmp(name, "unlink") == 0 ||
	    strcmp(name, "open") == 0 || strcmp(name, "stat_at") == 0))
		errno = EIO;
	return true;
}

int
fs_open(int dir_fd, const char *name, int flags, unsigned mode)
{
	return fails("open") ? -1 : real_open(dir_fd, name, flags, mode);
}

int
fs_dup(int fd)
{
	return fails("dup") ? -1 : real_dup(fd);
}

/* One that fails has closed it all the same, as on Linux. */
int
fs_close(int fd)
{
	bool failing = fails("close");
	int r = real_close(fd);

	if (failing)
		errno = sys;
	return failing ? -1 : r;
}

ssize_t
fs_pread(int fd, void *p, size_t n, int64_t off)
{
	switch (turn("pread")) {
	case FAULT_SHORT:
		return real_pread(fd, p, n > 1 ? n / 2 : n, off);
	case FAULT_NONE:
		return real_pread(fd, p, n, off);
	case FAULT_KILL_HALF:
		_exit(FAULT_KILLED);
	case FAULT_FAIL:
	case FAULT_SHORT_FAIL:
	case FAULT_KILL:
		break;
	}
	errno = sys;
	return -1;
}

ssize_t
fs_pwrite(int fd, const void *p, size_t n, int64_t off)
{
	size_t half = n > 1 ? n / 2 : n;

	switch (turn("pwrite")) {
	case FAULT_NONE:
		return real_pwrite(fd, p, n, off);
	case FAULT_SHORT_FAIL:
		second = calls + 1;
		kind = FAULT_FAIL;
		return real_pwrite(fd, p, half, off);
	case FAULT_SHORT:
		return real_pwrite(fd, p, half, off);
	case FAULT_KILL_HALF:
		(void)real_pwrite(fd, p, half, off);
		_exit(FAULT_KILLED);
	case FAULT_FAIL:
	case FAULT_KILL:
		break;
	}
	errno = sys;
	return -1;
}

ssize_t
fs_read(int fd, void *p, size_t n)
{
	return fails("read") ? -1 : real_read(fd, p, n);
}

ssize_t
fs_append(int fd, const void *p, size_t n)
{
	size_t half = n > 1 ? n / 2 : n;

	switch (turn("append")) {
	case FAULT_NONE:
		return real_append(fd, p, n);
	case FAULT_SHORT:
	case FAULT_SHORT_FAIL:
		return real_append(fd, p, half);
	case FAULT_KILL_HALF:
		(void)real_append(fd, p, half);
		_exit(FAULT_KILLED);
	case FAULT_FAIL:
	case FAULT_KILL:
		break;
	}
	errno = sys;
	return -1;
}

int
fs_truncate(int fd, int64_t size)
{
	return fails("truncate") ? -1 : real_truncate(fd, size);
}

int
fs_reserve(int fd, int64_t off, int64_t n)
{
	return fails("reserve") ? -1 : real_reserve(fd, off, n);
}

int
fs_fsync(int fd)
{
	return fails("fsync") ? -1 : real_fsync(fd);
}

int
fs_fdatasync(int fd)
{
	return fails("fdatasync") ? -1 : real_fdatasync(fd);
}

int
fs_stat(int fd, struct stat *st)
{
	return fails("stat") ? -1 : real_stat(fd, st);
}

int
fs_stat_at(int dir_fd, const char *name, struct stat *st)
{
	return fails("stat_at") ? -1 : real_stat_at(dir_fd, name, st);
}

int
fs_chmod(int fd, unsigned mode)
{
	return fails("chmod") ? -1 : real_chmod(fd, mode);
}

int
fs_chown(int fd, uint32_t uid, uint32_t gid)
{
	return fails("chown") ? -1 : real_chown(fd, uid, gid);
}

int
fs_space(int fd, struct statvfs *sv)
{
	return fails("space") ? -1 : real_space(fd, sv);
}

int
fs_lock(int fd)
{
	return fails("lock") ? -1 : real_lock(fd);
}

int
fs_unlock(int fd)
{
	return fails("unlock") ? -1 : real_unlock(fd);
}

int
fs_show_claim(int fd)
{
	return fails("show_claim") ? -1 : real_show_claim(fd);
}

int
fs_claim_shown(int fd, bool *shown)
{
	return fails("claim_shown") ? -1 : real_claim_shown(fd, shown);
}

int
fs_hold(int fd)
{
	return fails("hold") ? -1 : real_hold(fd);
}

int
fs_unlink(int dir_fd, const char *name)
{
	return fails("unlink") ? -1 : real_unlink(dir_fd, name);
}

int
fs_mkdir(int dir_fd, const char *name, unsigned mode)
{
	return fails("mkdir") ? -1 : real_mkdir(dir_fd, name, mode);
}

int
fs_rename(int from_fd, const char *from, int to_fd, const char *to)
{
	return fails("rename") ? -1 : real_rename(from_fd, from, to_fd, to);
}

int
fs_replace(int dir_fd, const char *from, const char *to)
{
	return fails("replace") ? -1 : real_replace(dir_fd, from, to);
}

DIR *
fs_dir_open(int dir_fd)
{
	return fails("dir_open") ? NULL : real_dir_open(dir_fd);
}

int
fs_dir_read(DIR *d, const char **name)
{
	return fails("dir_read") ? -1 : real_dir_read(d, name);
}

void
fs_dir_close(DIR *d)
{
	(void)fails("dir_close");
	real_dir_close(d);
}

int
fs_watch(const char *path, uint32_t mask)
{
	return fails("watch") ? -1 : real_watch(path, mask);
}

int
fs_memory(const char *name)
{
	return fails("memory") ? -1 : real_memory(name);
}

int
fs_seal(int fd)
{
	return fails("seal") ? -1 : real_seal(fd);
}

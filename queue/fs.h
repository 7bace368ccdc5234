/* SPDX-License-Identifier: ISC */
/*
 * fs - every system call that the queue makes on disk, and nothing else.
 *
 * One call each, EINTR retried; no policy, no loops over short writes: tests
 * put another object in this one's place, in which the Nth call fails, is
 * torn, or ends the process.
 *
 * Errors	-1 and errno, as the call itself
 */
#ifndef QUEUE_FS_H
#define QUEUE_FS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

/* O_CLOEXEC is added. */
int	fs_open(int dir_fd, const char *name, int flags, unsigned mode);
int	fs_dup(int fd);
int	fs_close(int fd);

ssize_t	fs_pread(int fd, void *p, size_t n, int64_t off);
ssize_t	fs_pwrite(int fd, const void *p, size_t n, int64_t off);
ssize_t	fs_read(int fd, void *p, size_t n);
ssize_t	fs_append(int fd, const void *p, size_t n);	/* with O_APPEND */
int	fs_truncate(int fd, int64_t size);
int	fs_reserve(int fd, int64_t off, int64_t n);	/* size stays */
int	fs_fsync(int fd);
int	fs_fdatasync(int fd);

int	fs_stat(int fd, struct stat *);
int	fs_stat_at(int dir_fd, const char *name, struct stat *);
int	fs_chmod(int fd, unsigned mode);
int	fs_chown(int fd, uint32_t uid, uint32_t gid);
int	fs_space(int fd, struct statvfs *);

/* The claim: exclusive, never waits (EWOULDBLOCK), rides on the open file.
 * fs_unlock also takes back what fs_show_claim showed. */
int	fs_lock(int fd);
int	fs_unlock(int fd);

/* The claim made visible, so that to ask takes no lock: a reader that looks
 * must not stand in a claimer's way. */
int	fs_show_claim(int fd);
int	fs_claim_shown(int fd, bool *shown);

/* The same kind of lock, exclusive, and never waited for (EAGAIN). */
int	fs_hold(int fd);

int	fs_unlink(int dir_fd, const char *name);
int	fs_mkdir(int dir_fd, const char *name, unsigned mode);

/* Fails with EEXIST rather than replace something. */
int	fs_rename(int from_fd, const char *from, int to_fd, const char *to);

/* In place of what has that name. */
int	fs_replace(int dir_fd, const char *from, const char *to);

/* 1 and *name (good until the next call), 0 at the end. */
DIR	*fs_dir_open(int dir_fd);
int	 fs_dir_read(DIR *, const char **name);
void	 fs_dir_close(DIR *);

/* An inotify descriptor, non-blocking, that watches path. */
int	fs_watch(const char *path, uint32_t mask);

/* A file in memory that has no name and cannot be changed once sealed. */
int	fs_memory(const char *name);
int	fs_seal(int fd);

#endif

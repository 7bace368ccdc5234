/* SPDX-License-Identifier: ISC */
/*
 * power - what a power cut may leave, out of a record of what was done.
 *
 * fs_power.c stands in for queue/fs.c: it makes the real calls and keeps
 * those that change something. power.c builds, for a moment in that record, a
 * directory as the disk might have it: all that was synced, and of the rest
 * nothing, everything, or a part.
 *
 * The model: a directory's changes reach the disk in order, all up to some
 * point; fsync of a file says nothing about its name. Writes over what a file
 * had reach it in any order, 512 bytes at a time. What a file grew by reaches
 * it from the front, and its new length may come before that, with NULs.
 */
#ifndef TESTS_FAULT_POWER_H
#define TESTS_FAULT_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum power_op_kind {
	POWER_CREATE,		/* file as name in dir */
	POWER_UNLINK,		/* name in dir */
	POWER_RENAME,		/* name from dir to other dir */
	POWER_WRITE,		/* p[0..n) at off of file */
	POWER_TRUNCATE,		/* file to off bytes */
	POWER_SYNC,		/* file */
	POWER_SYNC_DIR,		/* dir */
	POWER_MARK,		/* off: what the caller knows from here on */
};

enum power_dir { POWER_QUEUE, POWER_CORRUPT, POWER_DIRS };

struct power_op {
	enum power_op_kind	 kind;
	size_t			 file;		/* counted from 0 */
	enum power_dir		 dir, other;
	char			 name[64];
	char			*p;		/* owned */
	size_t			 n;
	int64_t			 off;
};

/* What a recorder may be deaf to, to see whether the test notices. */
enum power_deaf { POWER_HEARS, POWER_NO_FSYNC, POWER_NO_FDATASYNC,
	POWER_NO_DIRSYNC };

void	power_record(const char *dir, enum power_deaf);
void	power_stop(void);
void	power_mark(int64_t what);

size_t	power_count(void);
const struct power_op	*power_op(size_t i);

enum power_keep { POWER_KEEP_NONE, POWER_KEEP_ALL, POWER_KEEP_SOME };

/* Fills dir (which has queue/ and corrupt/) as it may be when the power went
 * after the first n operations; seed is for POWER_KEEP_SOME. */
void	power_cut(const char *dir, size_t n, enum power_keep, uint32_t seed);

#endif

/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/fault/power.h"

enum {
	BLOCK = 512,			/* bytes that reach the disk together */
	FILE_MAX = 512 * 1024,
	NAMES_MAX = 64,
};

static const char *const subdirs[] = { "queue", "corrupt" };

/* The same seed, the same disk. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

struct image {			/* one file's bytes */
	char	*p;
	int64_t	 size;
};

static void
put(struct image *im, const struct power_op *op, size_t from, size_t n)
{
	int64_t end = op->off + (int64_t)(from + n);

	if (end > FILE_MAX)
		abort();
	memcpy(im->p + op->off + (int64_t)from, op->p + from, n);
	if (end > im->size)
		im->size = end;
}

static void
cut_to(struct image *im, int64_t size)
{
	if (size < im->size)
		memset(im->p + size, 0, (size_t)(im->size - size));
	im->size = size;
}

/* Those blocks of a write that lie within what is there already. */
static void
overwrite_some(struct image *im, int64_t old_size, const struct power_op *op,
    uint32_t *seed)
{
	int64_t off = op->off, end = op->off + (int64_t)op->n, stop;

	if (end > old_size)
		end = old_size;
	for (; off < end; off = stop) {
		stop = (off / BLOCK + 1) * BLOCK;
		if (stop > end)
			stop = end;
		if (next_random(seed) % 2 == 0)
			put(im, op, (size_t)(off - op->off),
			    (size_t)(stop - off));
	}
}

/*
 * What is not synced, in part: blocks of overwrites as they come; of what the
 * file grew by, everything up to some block, and then NULs, or nothing.
 */
static void
apply_some(struct image *im, const struct power_op *const *op, size_t n,
    uint32_t *seed)
{
	struct image all = { mem_zero(FILE_MAX), im->size };
	int64_t old_size = im->size, edge;
	size_t i;

	memcpy(all.p, im->p, FILE_MAX);
	for (i = 0; i < n; i++) {
		if (op[i]->kind == POWER_TRUNCATE) {
			if (next_random(seed) % 2 == 0)
				break;
			cut_to(&all, op[i]->off);
			cut_to(im, op[i]->off);
			old_size = op[i]->off;
			continue;
		}
		overwrite_some(im, old_size, op[i], seed);
		put(&all, op[i], 0, op[i]->n);
	}
	if (all.size > old_size) {
		edge = old_size + (int64_t)(next_random(seed) %
		    (uint32_t)(all.size - old_size + BLOCK));
		edge = edge / BLOCK * BLOCK;
		if (edge > all.size)
			edge = all.size;
		if (edge > old_size) {
			memcpy(im->p + old_size, all.p + old_size,
			    (size_t)(edge - old_size));
			im->size = edge;
		}
		if (next_random(seed) % 2 == 0)
			im->size = all.size;
	}
	mem_free(all.p);
}

static void
build_image(struct image *im, size_t file, size_t n, enum power_keep keep,
    uint32_t seed)
{
	const struct power_op **later = mem_array(NULL, n + 1,
	    sizeof(*later));
	const struct power_op *op;
	size_t i, synced = 0, nlater = 0;

	im->p = mem_zero(FILE_MAX);
	im->size = 0;
	for (i = 0; i < n; i++)
		if (power_op(i)->kind == POWER_SYNC &&
		    power_op(i)->file == file)
			synced = i;
	for (i = 0; i < n; i++) {
		op = power_op(i);
		if (op->file != file || (op->kind != POWER_WRITE &&
		    op->kind != POWER_TRUNCATE))
			continue;
		if (i < synced || keep == POWER_KEEP_ALL) {
			if (op->kind == POWER_WRITE)
				put(im, op, 0, op->n);
			else
				cut_to(im, op->off);
		} else {
			later[nlater++] = op;
		}
	}
	seed += (uint32_t)file * 7919U;
	if (keep == POWER_KEEP_SOME)
		apply_some(im, later, nlater, &seed);
	mem_free(later);
}

struct entry {
	enum power_dir	dir;
	char		name[64];
	size_t		file;
	bool		there;
};

static struct entry *
find_entry(struct entry *v, size_t n, enum power_dir dir, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].there && v[i].dir == dir &&
		    strcmp(v[i].name, name) == 0)
			return &v[i];
	abort();
}

/* The names, after every change of a name before operation n. */
static size_t
build_names(struct entry v[NAMES_MAX], size_t n)
{
	const struct power_op *op;
	struct entry *e;
	size_t i, count = 0;

	for (i = 0; i < n; i++) {
		op = power_op(i);
		switch (op->kind) {
		case POWER_CREATE:
			if (count == NAMES_MAX)
				abort();
			e = &v[count++];
			*e = (struct entry){ .dir = op->dir,
			    .file = op->file, .there = true };
			memcpy(e->name, op->name, sizeof(e->name));
			break;
		case POWER_UNLINK:
			find_entry(v, count, op->dir, op->name)->there =
			    false;
			break;
		case POWER_RENAME:
			find_entry(v, count, op->dir, op->name)->dir =
			    op->other;
			break;
		default:
			break;
		}
	}
	return count;
}

/* Up to where changes of names are on disk. */
static size_t
names_until(size_t n, enum power_keep keep, uint32_t *seed)
{
	size_t i, synced = 0;

	for (i = 0; i < n; i++)
		if (power_op(i)->kind == POWER_SYNC_DIR)
			synced = i;
	if (keep == POWER_KEEP_NONE)
		return synced;
	if (keep == POWER_KEEP_ALL)
		return n;
	return synced + next_random(seed) % (uint32_t)(n - synced + 1);
}

static void
write_image(const char *dir, const struct entry *e, const struct image *im)
{
	char path[200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s/%s", dir, subdirs[e->dir],
	    e->name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0660);
	if (fd == -1 || write(fd, im->p, (size_t)im->size) != im->size) {
		perror(path);
		exit(1);
	}
	(void)close(fd);
}

void
power_cut(const char *dir, size_t n, enum power_keep keep, uint32_t seed)
{
	struct entry names[NAMES_MAX];
	struct image im;
	size_t i, count;

	count = build_names(names, names_until(n, keep, &seed));
	for (i = 0; i < count; i++) {
		if (!names[i].there)
			continue;
		build_image(&im, names[i].file, n, keep, seed);
		write_image(dir, &names[i], &im);
		mem_free(im.p);
	}
}

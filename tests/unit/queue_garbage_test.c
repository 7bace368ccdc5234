/* SPDX-License-Identifier: ISC */
/*
 * What does not belong in a queue, and what damage does to what does: never
 * sent, never followed, never in another message's way.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>

#include "core/base/crc32c.h"
#include "queue/format.h"
#include "tests/unit/queue_house.h"

enum { FILE_MAX = 64 * 1024 };

static char file[FILE_MAX];
static size_t nfile;

static void
put(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0660);

	assert_true(fd != -1);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static void
get(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, file, sizeof(file));

	assert_true(n > 0);
	nfile = (size_t)n;
	close(fd);
}

/* A message with a journal, read into file[]; *m tells where things are. */
static void
make_message(char id[ID_SIZE], int64_t *begin, int64_t *end)
{
	struct queue_msg *m;
	struct outcome o = { 0 };
	struct err err;

	submit(2, 2, id);
	m = claim(id);
	outcome_set(&o, OUTCOME_SENT, NULL, "250 ok");
	assert_int_equal(queue_record_outcome(m, 0, &o, 1000, &err), 0);
	outcome_set(&o, OUTCOME_DEFERRED, NULL, "451 later");
	assert_int_equal(queue_record_outcome(m, 1, &o, 1000, &err), 0);
	assert_int_equal(queue_record_attempt(m, 1, 1000, 2000, &err), 0);
	assert_int_equal(queue_record_sync(m, &err), 0);
	*begin = m->offset;
	*end = m->offset + m->size;
	queue_release(m);
	get(path_of("queue", id));
}

/* How a file of these bytes is found. What is condemned must have been moved
 * unchanged, what is swept gone, all else left alone. */
static enum queue_found
found_as(const char *id, const char *p, size_t n, struct queue_msg **m,
    const char *what, size_t at)
{
	enum queue_found found, loaded;
	struct err err = { 0 };
	struct queue_msg *seen;
	struct stat st;

	put(path_of("queue", id), p, n);
	loaded = queue_load(q, id, &seen, &err);
	if (loaded == QUEUE_OK)
		queue_release(seen);
	found = queue_claim(q, id, m, &err);
	check((found == QUEUE_GONE && loaded == QUEUE_BUSY) ||
	    found == loaded, "%s %zu: loaded %d, claimed %d", what, at,
	    loaded, found);
	check(exists("queue", id) == (found != QUEUE_GONE &&
	    found != QUEUE_CORRUPT), "%s %zu: in place, %d", what, at, found);
	check(exists("corrupt", id) == (found == QUEUE_CORRUPT),
	    "%s %zu: moved, %d", what, at, found);
	if (found == QUEUE_CORRUPT) {
		check(strstr(err.text, id) != NULL, "%s %zu: %s", what, at,
		    err.text);
		assert_int_equal(lstat(path_of("corrupt", id), &st), 0);
		assert_int_equal(st.st_size, n);
		assert_int_equal(unlink(path_of("corrupt", id)), 0);
	}
	return found;
}

static void
test_truncated(void **state)
{
	struct queue_msg *m;
	struct err err;
	char id[ID_SIZE];
	enum queue_found found, want;
	int64_t begin, end;
	size_t n;

	(void)state;
	make_message(id, &begin, &end);
	for (n = 0; n <= nfile; n++) {
		found = found_as(id, file, n, &m, "cut to", n);
		want = n == 0 ? QUEUE_GONE :
		    (int64_t)n < end ? QUEUE_CORRUPT : QUEUE_OK;
		check(found == want, "cut to %zu: found %d", n, found);
		if (found != QUEUE_OK)
			continue;
		assert_int_equal(queue_msg_verify(m, &err), 0);
		assert_int_equal(m->env.nrcpts, 2);
		/* and the journal goes on behind what was torn */
		assert_int_equal(queue_record_warned(m, 1, &err), 0);
		queue_release(m);
		m = claim(id);
		assert_true(m->rcpts[1].warned);
		queue_release(m);
	}
}

static void
test_flipped(void **state)
{
	static const unsigned char masks[] = { 0x01, 0x80, 0xff };
	struct queue_msg *m;
	struct err err;
	char id[ID_SIZE], was;
	enum queue_found found;
	int64_t begin, end;
	size_t at, i;

	(void)state;
	make_message(id, &begin, &end);
	for (at = 0; at < nfile; at++)
		for (i = 0; i <= NELEM(masks); i++) {
			was = file[at];
			file[at] = i < NELEM(masks) ?
			    (char)(was ^ masks[i]) : '\0';
			found = found_as(id, file, nfile, &m, "flipped", at);
			file[at] = was;
			if ((int64_t)at >= begin && (int64_t)at < end) {
				assert_int_equal(found, QUEUE_OK);
				assert_int_equal(queue_msg_verify(m, &err),
				    -1);
				assert_int_equal(err.kind, ERR_DATA);
			} else if (at == nfile - 1) {
				/* as a crash leaves the last line */
				assert_int_equal(found, QUEUE_OK);
				assert_int_equal(m->attempts, 0);
			} else {
				check(found == QUEUE_CORRUPT,
				    "byte %zu: found %d", at, found);
			}
			if (found == QUEUE_OK)
				queue_release(m);
		}
}

/* A first line with true checksums around whatever it says. */
static void
test_lies(void **state)
{
	static const struct {
		const char *name;
		int64_t env_size, size;		/* -1: the true one */
	} cases[] = {
		{ "no envelope", 0, -1 }, { "short envelope", 1, -1 },
		{ "message one shorter", -1, -2 },
		{ "message one longer", -1, -3 },
		{ "huge", -1, INT64_MAX / 2 }, { "2^31", -1, 1LL << 31 },
		{ "2^32-1", -1, (1LL << 32) - 1 },
		{ "huge envelope", ENVELOPE_TEXT_MAX, 0 },
	};
	struct format_head h;
	struct queue_msg *m;
	char id[ID_SIZE];
	int64_t begin, end;
	size_t i;
	enum queue_found found;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		make_message(id, &begin, &end);
		assert_int_equal(format_head_parse(file, nfile, &h),
		    FORMAT_QUEUED);
		if (cases[i].env_size != -1) {
			h.env_size = cases[i].env_size;
			h.env_crc = crc32c(0, file + FORMAT_HEAD_SIZE,
			    h.env_size < 100 ? (size_t)h.env_size : 0);
		}
		if (cases[i].size < -1)
			h.size += cases[i].size == -2 ? -1 : 1;
		else if (cases[i].size != -1)
			h.size = cases[i].size;
		format_head_write(&h, file);
		found = found_as(id, file, nfile, &m, cases[i].name, i);
		check(found == QUEUE_CORRUPT, "%s: found %d", cases[i].name,
		    found);
	}
}

static void
test_versions(void **state)
{
	struct queue_msg *m;
	char id[ID_SIZE], crc[16];
	int64_t begin, end;

	(void)state;
	make_message(id, &begin, &end);
	file[8] = '2';
	assert_int_equal(found_as(id, file, nfile, &m, "version", 2),
	    QUEUE_CORRUPT);
	(void)snprintf(crc, sizeof(crc), "%08x",
	    crc32c(0, file, FORMAT_HEAD_SIZE - 9));
	memcpy(file + FORMAT_HEAD_SIZE - 9, crc, 8);
	assert_int_equal(found_as(id, file, nfile, &m, "version", 2),
	    QUEUE_FOREIGN);
}

/* Behind the message, and in front of it. */
static void
test_appended(void **state)
{
	static const struct {
		const char *bytes;
		enum queue_found want;
	} cases[] = {
		{ "x", QUEUE_OK }, { "x\n", QUEUE_CORRUPT },
		{ "\n", QUEUE_CORRUPT }, { "00000000 finished\n",
		    QUEUE_CORRUPT },
		{ "finished\n", QUEUE_CORRUPT },
		{ "x\ny", QUEUE_CORRUPT },
	};
	struct queue_msg *m;
	char id[ID_SIZE], other[ID_SIZE];
	int64_t begin, end;
	size_t i, n;
	enum queue_found found;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		make_message(id, &begin, &end);
		n = strlen(cases[i].bytes);
		memcpy(file + nfile, cases[i].bytes, n);
		found = found_as(id, file, nfile + n, &m, "appended", i);
		check(found == cases[i].want, "case %zu: %d", i, found);
		if (found == QUEUE_OK)
			queue_release(m);
	}
	/* a second entry behind the first */
	make_message(id, &begin, &end);
	memcpy(file + nfile, file, nfile);
	assert_int_equal(found_as(id, file, 2 * nfile, &m, "twice", 0),
	    QUEUE_CORRUPT);
	/* an entry under another's name */
	submit(1, 1, other);
	assert_int_equal(found_as(other, file, nfile, &m, "name", 0),
	    QUEUE_CORRUPT);
	/* blocks that a crash lost: in the message, in the journal */
	make_message(id, &begin, &end);
	memset(file + begin, '\0', (size_t)(end - begin));
	assert_int_equal(found_as(id, file, nfile, &m, "hole", 0), QUEUE_OK);
	assert_int_equal(queue_msg_verify(m, &(struct err){ 0 }), -1);
	queue_release(m);
	make_message(id, &begin, &end);
	memset(file + end, '\0', nfile - (size_t)end);
	assert_int_equal(found_as(id, file, nfile, &m, "hole", 1), QUEUE_OK);
	assert_int_equal(m->rcpts[0].state, QUEUE_RCPT_OWED);
	queue_release(m);
}

static void
test_random(void **state)
{
	struct queue_msg *m;
	char id[ID_SIZE];
	uint32_t seed, x;
	size_t n, i;
	enum queue_found found;

	(void)state;
	submit(1, 1, id);
	for (seed = 1; seed <= 300; seed++) {
		x = seed * 2654435761U;
		n = 1 + seed * seed % (FILE_MAX - 1);
		for (i = 0; i < n; i++) {
			x = x * 1664525U + 1013904223U;
			file[i] = (char)(x >> 24);
		}
		if (seed % 3 == 0)
			memcpy(file, "sendoff 1 queued ",
			    n < 17 ? n : 17);
		found = found_as(id, file, n, &m, "seed", seed);
		check(found == QUEUE_CORRUPT, "seed %u: found %d", seed,
		    found);
	}
}

static void
make_socket(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(strlen(path) < sizeof(sa.sun_path));
	memcpy(sa.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd);
}

/* Other things than files are moved as they are: nothing opens them. */
static void
test_kinds(void **state)
{
	static const char name[] = "0123456789ABCDEF0123";
	char target[200], good[ID_SIZE], inside[200];
	struct queue_msg *m;
	struct err err;
	struct stat st, now;
	size_t kind;

	(void)state;
	submit(1, 1, good);
	(void)snprintf(target, sizeof(target), "%s", path_of("queue", good));
	for (kind = 0; kind < 8; kind++) {
		(void)snprintf(inside, sizeof(inside), "%s",
		    path_of("queue", name));
		switch (kind) {
		case 0:
			assert_int_equal(symlink("/etc/passwd", inside), 0);
			break;
		case 1:
			assert_int_equal(symlink(name, inside), 0);
			break;
		case 2:
			assert_int_equal(symlink("nowhere", inside), 0);
			break;
		case 3:
			assert_int_equal(symlink(target, inside), 0);
			break;
		case 4:
			assert_int_equal(mkfifo(inside, 0660), 0);
			break;
		case 5:
			make_socket(inside);
			break;
		case 6:
			assert_int_equal(mkdir(inside, 0770), 0);
			break;
		default:
			if (mknod(inside, S_IFCHR | 0666, 0x105) == -1)
				continue;	/* needs root */
			break;
		}
		assert_int_equal(lstat(inside, &st), 0);
		check(queue_load(q, name, &m, &err) >= QUEUE_CORRUPT,
		    "kind %zu loaded", kind);
		if (kind == 7) {
			/* where devices may not be opened it stays */
			check(queue_claim(q, name, &m, &err) >=
			    QUEUE_CORRUPT, "kind %zu", kind);
			(void)unlink(inside);
			(void)unlink(path_of("corrupt", name));
			continue;
		}
		check(queue_claim(q, name, &m, &err) == QUEUE_CORRUPT,
		    "kind %zu", kind);
		assert_int_equal(lstat(path_of("corrupt", name), &now), 0);
		assert_int_equal(st.st_ino, now.st_ino);
		assert_int_equal(remove(path_of("corrupt", name)), 0);
	}
	m = claim(good);
	assert_int_equal(queue_msg_verify(m, &err), 0);
	queue_release(m);
}

static void
test_names(void **state)
{
	static const char other[] = "0123456789ABCDEF0123";
	char first[200], second[200], id[ID_SIZE], later[ID_SIZE];
	struct queue_msg *m, *n;
	struct outcome o = { 0 };
	struct err err;
	int fd;

	(void)state;
	/* two names: neither is sent, until there is one again */
	submit(1, 1, id);
	(void)snprintf(first, sizeof(first), "%s", path_of("queue", id));
	(void)snprintf(second, sizeof(second), "%s",
	    path_of("queue", other));
	assert_int_equal(link(first, second), 0);
	assert_int_equal(queue_claim(q, id, &m, &err), QUEUE_FAILED);
	assert_int_equal(queue_claim(q, other, &m, &err), QUEUE_FAILED);
	assert_int_equal(unlink(second), 0);
	m = claim(id);

	/* the name is given to another while this one is in hand */
	submit(1, 2, later);
	(void)snprintf(second, sizeof(second), "%s",
	    path_of("queue", later));
	assert_int_equal(rename(second, first), 0);
	assert_int_equal(queue_msg_verify(m, &err), 0);
	assert_int_equal(queue_claim(q, id, &n, &err), QUEUE_CORRUPT);
	assert_int_equal(rename(path_of("corrupt", id), second), 0);
	assert_int_equal(rename(second, first), 0);
	outcome_set(&o, OUTCOME_SENT, NULL, "250 ok");
	assert_int_equal(queue_record_outcome(m, 0, &o, 1, &err), -1);
	assert_int_equal(queue_finish(m, &err), 0);
	assert_true(exists("queue", id));
	assert_int_equal(unlink(first), 0);

	/* the name goes while it is in hand */
	submit(1, 1, id);
	m = claim(id);
	assert_int_equal(unlink(path_of("queue", id)), 0);
	assert_int_equal(queue_finish(m, &err), 0);
	assert_false(exists("queue", id));

	/* nowhere to move it: it stays, and is not sent */
	submit(1, 1, id);
	fd = open(path_of("queue", id), O_WRONLY);
	assert_int_equal(pwrite(fd, "#", 1, 0), 1);
	close(fd);
	assert_int_equal(rmdir(path_of("corrupt", "")), 0);
	assert_int_equal(queue_claim(q, id, &m, &err), QUEUE_FAILED);
	assert_true(exists("queue", id));
}

/* Sizes that nobody reads whole. */
static void
test_sparse(void **state)
{
	struct queue_msg *m;
	struct err err;
	char id[ID_SIZE];

	(void)state;
	submit(1, 1, id);
	assert_int_equal(truncate(path_of("queue", id), 1LL << 40), 0);
	assert_int_equal(queue_claim(q, id, &m, &err), QUEUE_CORRUPT);
	submit(1, 1, id);
	assert_int_equal(truncate(path_of("queue", id), 0), 0);
	assert_int_equal(truncate(path_of("queue", id), 1LL << 40), 0);
	assert_int_equal(queue_claim(q, id, &m, &err), QUEUE_GONE);
}

CHECK_MAIN(
    cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
    cmocka_unit_test_setup_teardown(test_flipped, setup, teardown),
    cmocka_unit_test_setup_teardown(test_lies, setup, teardown),
    cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
    cmocka_unit_test_setup_teardown(test_appended, setup, teardown),
    cmocka_unit_test_setup_teardown(test_random, setup, teardown),
    cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
    cmocka_unit_test_setup_teardown(test_names, setup, teardown),
    cmocka_unit_test_setup_teardown(test_sparse, setup, teardown))

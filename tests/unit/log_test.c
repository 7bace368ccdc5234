/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/text.h"

static char dir[] = "/tmp/log_test.XXXXXX";
static char sock_path[108], file_path[108];

/* The log daemon of this test stands in dir instead of at /dev/log. */
int
connect(int fd, const struct sockaddr *a, socklen_t n)
{
	struct sockaddr_un un;

	if (a->sa_family == AF_UNIX) {
		memcpy(&un, a, n < sizeof(un) ? n : sizeof(un));
		if (strcmp(un.sun_path, "/dev/log") == 0) {
			(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s",
			    sock_path);
			return (int)syscall(SYS_connect, fd, &un, sizeof(un));
		}
	}
	return (int)syscall(SYS_connect, fd, a, n);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(sock_path, sizeof(sock_path), "%s/log", dir);
	(void)snprintf(file_path, sizeof(file_path), "%s/file", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(sock_path);
	(void)unlink(file_path);
	return rmdir(dir);
}

static int
listen_syslog(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)unlink(sock_path);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", sock_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void
test_syslog(void **state)
{
	char got[4096];
	struct err err = { 0 };
	char want[64];
	int fd = listen_syslog(), i;
	ssize_t n;

	(void)state;
	assert_int_equal(log_open("sendoffd", LOG_TO_SYSLOG, NULL,
	    LOG_LEVEL_INFO, &err), 0);
	errno = ENOENT;
	log_error("one\ntwo %s", "\x1b[2J");
	assert_int_equal(errno, ENOENT);
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = '\0';
	/* LOG_MAIL is 2 << 3, LOG_ERR 3. */
	assert_memory_equal(got, "<19>", 4);
	(void)snprintf(want, sizeof(want), " sendoffd[%d]: one two \\x1B[2J",
	    (int)getpid());
	assert_string_equal(got + 4 + 15, want);
	log_debug("not at this level");
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
	log_mail("qmgr", "ID: %s", "removed");
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = '\0';
	(void)snprintf(want, sizeof(want), " sendoff/qmgr[%d]: ID: removed",
	    (int)getpid());
	assert_memory_equal(got, "<22>", 4);
	assert_string_equal(got + 4 + 15, want);

	/* A stopped daemon: its queue fills up, and we return all the same. */
	for (i = 0; i < 5000; i++)
		log_info("line %d", i);

	/* A restarted one is found again. */
	(void)close(fd);
	fd = listen_syslog();
	log_info("again");
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = '\0';
	assert_memory_equal(got, "<22>", 4);
	assert_non_null(strstr(got, "]: again"));

	/* One that is gone is no trouble, nor one that was never there. */
	(void)close(fd);
	(void)unlink(sock_path);
	log_info("nobody");
	log_close();
	assert_int_equal(log_open("sendoffd", LOG_TO_SYSLOG, NULL,
	    LOG_LEVEL_INFO, &err), 0);
	log_info("nobody");
	log_close();
}

static void
read_file(struct buf *b)
{
	char piece[4096];
	int fd = open(file_path, O_RDONLY);
	ssize_t n;

	assert_true(fd != -1);
	buf_init(b, 1000000);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(b, piece, (size_t)n);
	(void)close(fd);
}

/* What stands behind the time, host and ident of the file's only line. */
static const char *
only_line(struct buf *b)
{
	const char *p;

	read_file(b);
	assert_true(b->n > 0 && b->p[b->n - 1] == '\n');
	buf_cut(b, b->n - 1);
	assert_null(strchr(buf_str(b), '\n'));
	p = strstr(buf_str(b), "]: ");
	assert_non_null(p);
	return p + 3;
}

static void
test_file_lines(void **state)
{
	static const struct {
		const char *name, *in, *want;
	} cases[] = {
		{ "plain", "hello", "hello" },
		{ "split", "a\r\nb\nc", "a b c" },
		{ "cleaned before", "text \\x1B \\\\", "text \\x1B \\\\" },
		{ "control", "\x07\x7f", "\\x07\\x7F" },
		{ "utf8", "\xc3\xa4", "\xc3\xa4" },
		{ "no utf8", "\xff", "\\xFF" },
		{ "empty", "", "" },
	};
	struct err err = { 0 };
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		(void)unlink(file_path);
		assert_int_equal(log_make_file(file_path, &err), 0);
		assert_int_equal(log_open("x", LOG_TO_FILE, file_path,
		    LOG_LEVEL_INFO, &err), 0);
		log_info("%s", cases[i].in);
		check(strcmp(only_line(&b), cases[i].want) == 0,
		    "%s: '%s'", cases[i].name, buf_str(&b));
		buf_free(&b);
		log_close();
	}
}

static void
test_long_lines(void **state)
{
	static const struct {
		const char *unit;
		size_t times, want;
	} cases[] = {
		{ "a", 2048, 2048 }, { "a", 2049, 2048 }, { "a", 9000, 2048 },
		{ "\x01", 2000, 2048 },
		{ "\xc3\xa4", 1024, 2048 }, { "\xc3\xa4", 1025, 2047 },
	};
	struct err err = { 0 };
	struct buf b, in;
	const char *p;
	size_t i, j;

	(void)state;
	for (i = 0; i < NELEM(cases); i++) {
		(void)unlink(file_path);
		buf_init(&in, 20000);
		for (j = 0; j < cases[i].times; j++)
			buf_adds(&in, cases[i].unit);
		assert_int_equal(log_make_file(file_path, &err), 0);
		assert_int_equal(log_open("x", LOG_TO_FILE, file_path,
		    LOG_LEVEL_INFO, &err), 0);
		log_info("%s", buf_str(&in));
		p = only_line(&b);
		check(strlen(p) == cases[i].want &&
		    text_is_utf8(p, strlen(p)), "row %zu: %zu", i, strlen(p));
		buf_free(&b);
		buf_free(&in);
		log_close();
	}
}

static void
test_file_append(void **state)
{
	struct err err = { 0 };
	struct buf b;
	struct stat st;
	int fd;

	(void)state;
	fd = open(file_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, "old\n", 4), 4);
	(void)close(fd);
	assert_int_equal(log_open("x", LOG_TO_FILE, file_path,
	    LOG_LEVEL_DEBUG, &err), 0);
	log_debug("new");
	read_file(&b);
	assert_memory_equal(buf_str(&b), "old\n", 4);
	assert_non_null(strstr(buf_str(&b), " x["));
	buf_free(&b);

	/* What is there is made no second time. */
	assert_int_equal(log_make_file(file_path, &err), 0);
	read_file(&b);
	assert_memory_equal(buf_str(&b), "old\n", 4);
	buf_free(&b);

	/* What cannot be opened leaves the sink as it was; nor is it made. */
	(void)unlink(sock_path);
	assert_int_equal(log_open("x", LOG_TO_FILE, sock_path,
	    LOG_LEVEL_DEBUG, &err), -1);
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(symlink(file_path, sock_path), 0);
	assert_int_equal(log_make_file(sock_path, &err), -1);
	(void)unlink(sock_path);
	assert_int_equal(symlink(file_path, sock_path), 0);
	assert_int_equal(log_open("x", LOG_TO_FILE, sock_path,
	    LOG_LEVEL_DEBUG, &err), -1);
	assert_int_equal(err.sys, ELOOP);
	(void)unlink(sock_path);
	assert_int_equal(mkfifo(sock_path, 0600), 0);
	assert_int_equal(log_open("x", LOG_TO_FILE, sock_path,
	    LOG_LEVEL_DEBUG, &err), -1);
	(void)unlink(sock_path);
	assert_int_equal(stat(file_path, &st), 0);
	log_debug("still");
	read_file(&b);
	assert_true((size_t)st.st_size < b.n);
	buf_free(&b);
	log_close();
}

/* Standard error is a pipe: nobody reads, then nobody is there. */
static void
test_stderr(void **state)
{
	struct err err = { 0 };
	int p[2], saved = dup(STDERR_FILENO), i;
	char got[100];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(p), 0);
	(void)dup2(p[1], STDERR_FILENO);
	log_info("first");
	assert_int_equal(log_open("sendoff", LOG_TO_STDERR, NULL,
	    LOG_LEVEL_INFO, &err), 0);
	log_info("second");
	n = read(p[0], got, sizeof(got));
	for (i = 0; i < 100000; i++)
		log_info("nobody reads this");
	(void)close(p[0]);
	log_info("nobody is there");	/* SIGPIPE would end the test */
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(p[1]);
	log_close();
	assert_int_equal(n, (ssize_t)strlen("first\nsendoff: second\n"));
	assert_memory_equal(got, "first\nsendoff: second\n", (size_t)n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syslog),
		cmocka_unit_test(test_file_lines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_file_append),
		cmocka_unit_test(test_stderr),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

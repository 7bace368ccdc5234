/* SPDX-License-Identifier: ISC */
/*
 * The gate's both ends: the caller's in a child, the runner's in the test.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/check.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "queue/gate.h"

static char dir[64], path[80], spool[80];

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/gate_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/gate", dir);
	(void)snprintf(spool, sizeof(spool), "%s/spool", dir);
	return 0;
}

static int
teardown(void **state)
{
	char command[120];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static int
listen_here(void)
{
	struct err err;
	struct stat st;
	int fd;

	assert_int_equal(gate_listen(path, &fd, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0666);
	return fd;
}

static void
wait_readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, 5000), 1);
}

/* Lets one caller in and takes its request. */
static int
let_in(int listener, const char *request)
{
	struct buf b;
	struct err err;
	int fds[GATE_FDS_MAX], fd;
	size_t nfds;
	uint32_t uid;

	wait_readable(listener);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(fd != -1);
	assert_int_equal(gate_peer_uid(fd, &uid, &err), 0);
	assert_int_equal(uid, getuid());
	buf_init(&b, GATE_PACKET_MAX);
	wait_readable(fd);
	assert_true(gate_receive(fd, &b, fds, &nfds, &err) > 0);
	assert_string_equal(buf_str(&b), request);
	assert_int_equal(nfds, 0);
	buf_free(&b);
	return fd;
}

static void
say(int fd, const char *text, const int *fds, size_t nfds)
{
	struct err err;

	assert_int_equal(gate_send(fd, text, strlen(text), fds, nfds, &err),
	    0);
}

static int
status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A caller who submits; its status tells how far it came. */
static _Noreturn void
submit(void)
{
	struct draft d;
	struct envelope env;
	struct err err;

	if (gate_draft(path, &d, &err) == -1)
		_exit(err.kind == ERR_TEMP && strcmp(err.dsn, "4.3.2") == 0 ?
		    3 : 2);
	envelope_init(&env);
	env.uid = 12345;		/* nobody believes it */
	envelope_add_rcpt(&env, "a@b.example");
	if (draft_begin(&d, &env, &err) == -1 ||
	    draft_write(&d, "x\r\n", 3, &err) == -1 ||
	    draft_commit(&d, 0, &err) == -1)
		_exit(1);
	_exit(0);
}

static void
test_draft(void **state)
{
	struct queue *q;
	struct queue_msg *m;
	struct draft d;
	struct err err;
	char text[64], id[ID_SIZE];
	int listener, fd;
	pid_t pid;

	(void)state;
	assert_int_equal(queue_create(spool, &err), 0);
	assert_int_equal(queue_open(spool, QUEUE_RUN, &q, &err), 0);
	listener = listen_here();
	pid = fork();
	if (pid == 0)
		submit();
	fd = let_in(listener, "draft");
	assert_int_equal(draft_create_gate(q, getuid(), &d, &err), 0);
	(void)snprintf(id, sizeof(id), "%s", d.id);
	(void)snprintf(text, sizeof(text), "draft %s", d.id);
	say(fd, text, &d.fd, 1);
	draft_give(&d);
	assert_int_equal(status_of(pid), 0);
	assert_int_equal(queue_claim(q, id, &m, &err), QUEUE_OK);
	assert_int_equal(m->env.uid, getuid());
	assert_int_equal(queue_finish(m, &err), 0);
	close(fd);
	close(listener);
	queue_close(q);
}

/* Answers that are none, and what the caller makes of them. */
static void
test_refusals(void **state)
{
	static const struct {
		const char *answer;
		int nfds, want;
	} cases[] = {
		{ "no 4.3.2 full%20up", 0, 3 },
		{ "no 4.3.2", 0, 2 },
		{ "draft 0000000000000000000000000000", 0, 2 },
		{ "draft 0000000000000000000000000000", 2, 2 },
		{ "draft ../x", 1, 2 },
		{ "draft 00000000000000000000", 1, 2 },
		{ "draft", 1, 2 },
		{ "flushed", 0, 2 },
		{ "\n", 0, 2 },
		{ "", 0, 2 },
	};
	int listener, fd, fds[2];
	size_t i;
	pid_t pid;

	(void)state;
	listener = listen_here();
	assert_int_equal(pipe(fds), 0);
	for (i = 0; i < NELEM(cases); i++) {
		pid = fork();
		if (pid == 0)
			submit();
		fd = let_in(listener, "draft");
		if (cases[i].answer[0] != '\0')
			say(fd, cases[i].answer, fds, (size_t)cases[i].nfds);
		close(fd);
		check(status_of(pid) == cases[i].want, "%s",
		    cases[i].answer);
	}
	close(fds[0]);
	close(fds[1]);
	close(listener);
}

/* Nobody there, a stale name, and one who never answers. */
static void
test_nobody(void **state)
{
	struct draft d;
	struct err err;
	int64_t from_ms;
	int listener, fd;

	(void)state;
	assert_int_equal(gate_draft(path, &d, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	listener = listen_here();
	assert_int_equal(gate_listen(path, &fd, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	close(listener);
	assert_int_equal(gate_draft(path, &d, &err), -1);
	listener = listen_here();
	from_ms = clock_tick_ms();
	assert_int_equal(gate_draft(path, &d, &err), -1);
	assert_true(clock_tick_ms() - from_ms < 1000);
	assert_int_equal(err.kind, ERR_TEMP);
	close(listener);
	assert_int_equal(unlink(path), 0);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	assert_int_equal(gate_listen(path, &fd, &err), -1);
	assert_int_equal(err.kind, ERR_CONF);
}

static void
count(int64_t done, int64_t total, void *arg)
{
	*(int64_t *)arg += done * total;
}

static void
test_flush(void **state)
{
	struct err err;
	int64_t sum = 0;
	int listener, fd;
	pid_t pid;

	(void)state;
	listener = listen_here();
	pid = fork();
	if (pid == 0)
		_exit(gate_flush(path, count, &sum, &err) == 0 && sum == 30 ?
		    0 : 1);
	fd = let_in(listener, "flush");
	say(fd, "progress 0 10", NULL, 0);
	say(fd, "progress 3 10", NULL, 0);
	say(fd, "flushed", NULL, 0);
	assert_int_equal(status_of(pid), 0);
	close(fd);
	/* a runner that dies has not made its pass */
	pid = fork();
	if (pid == 0)
		_exit(gate_flush(path, NULL, NULL, &err) == 0 ? 0 : 1);
	fd = let_in(listener, "flush");
	say(fd, "progress 0 10", NULL, 0);
	close(fd);
	assert_int_equal(status_of(pid), 1);
	close(listener);
}

struct seen {
	size_t	n;
	bool	good;
};

static void
see(const char *id, bool active, int fd, void *arg)
{
	struct seen *s = arg;
	struct queue_msg *m;
	struct err err;

	s->n++;
	s->good = active && write(fd, "x", 1) == -1 &&
	    ftruncate(fd, 0) == -1 &&
	    queue_load_fd(fd, id, &m, &err) == QUEUE_OK &&
	    m->size == 300 && m->hold &&
	    strcmp(m->env.rcpts[0].addr, "a@b.example") == 0 &&
	    queue_msg_verify(m, &err) == -1;
}

static void
test_list(void **state)
{
	char filler[300], text[64];
	struct queue *q;
	struct queue_msg *m;
	struct envelope env;
	struct draft d;
	struct err err;
	struct seen s = { 0 };
	int listener, fd, copy;
	pid_t pid;

	(void)state;
	memset(filler, 'x', sizeof(filler));
	assert_int_equal(queue_create(spool, &err), 0);
	assert_int_equal(queue_open(spool, QUEUE_RUN, &q, &err), 0);
	assert_int_equal(draft_create(q, &d, &err), 0);
	(void)snprintf(text, sizeof(text), "msg %s 1", d.id);
	envelope_init(&env);
	envelope_add_rcpt(&env, "a@b.example");
	assert_int_equal(draft_begin(&d, &env, &err), 0);
	envelope_free(&env);
	assert_int_equal(draft_write(&d, filler, sizeof(filler), &err), 0);
	assert_int_equal(draft_commit(&d, 0, &err), 0);
	assert_int_equal(queue_claim(q, text + 4, &m, &err), QUEUE_GONE);
	text[24] = '\0';
	assert_int_equal(queue_claim(q, text + 4, &m, &err), QUEUE_OK);
	text[24] = ' ';
	assert_int_equal(queue_record_hold(m, true, &err), 0);
	assert_int_equal(queue_abridge(m, &copy, &err), 0);
	queue_release(m);

	listener = listen_here();
	pid = fork();
	if (pid == 0)
		_exit(gate_list(path, see, &s, &err) == 0 && s.n == 1 &&
		    s.good ? 0 : 1);
	fd = let_in(listener, "list");
	say(fd, text, &copy, 1);
	say(fd, "end", NULL, 0);
	assert_int_equal(status_of(pid), 0);
	close(fd);
	close(copy);
	close(listener);
	queue_close(q);
}

/* More than fits is refused whole, and no descriptor is left behind. */
static void
test_packets(void **state)
{
	struct buf b;
	struct err err;
	char big[GATE_PACKET_MAX + 1];
	int s[2], fds[GATE_FDS_MAX], before, after;
	size_t nfds;

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	buf_init(&b, GATE_PACKET_MAX);
	assert_int_equal(gate_receive(s[0], &b, fds, &nfds, &err), -1);
	assert_int_equal(err.sys, EAGAIN);
	assert_int_equal(gate_send(s[1], big, sizeof(big), NULL, 0, &err), -1);
	assert_int_equal(gate_send(s[1], big, GATE_PACKET_MAX, s, 2, &err), 0);
	assert_int_equal(gate_receive(s[0], &b, fds, &nfds, &err),
	    GATE_PACKET_MAX);
	assert_int_equal(nfds, 2);
	close(fds[0]);
	close(fds[1]);
	before = dup(0);
	close(before);
	assert_int_equal(send(s[1], big, sizeof(big), 0), sizeof(big));
	assert_int_equal(gate_receive(s[0], &b, fds, &nfds, &err), -1);
	assert_int_equal(err.kind, ERR_PROTO);
	after = dup(0);
	assert_int_equal(before, after);
	close(after);
	close(s[1]);
	assert_int_equal(gate_receive(s[0], &b, fds, &nfds, &err), 0);
	close(s[0]);
	buf_free(&b);
}

CHECK_MAIN(
    cmocka_unit_test_setup_teardown(test_draft, setup, teardown),
    cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
    cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
    cmocka_unit_test_setup_teardown(test_flush, setup, teardown),
    cmocka_unit_test_setup_teardown(test_list, setup, teardown),
    cmocka_unit_test(test_packets))

/* SPDX-License-Identifier: ISC */
#include "tests/check.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/smtp/stream.h"

static void
open_pair(struct stream *s, int *peer)
{
	int v[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, v),
	    0);
	stream_open_fd(s, v[0]);
	*peer = v[1];
}

static void
test_both_ways(void **state)
{
	struct stream s;
	struct err err;
	char p[16];
	int peer;

	(void)state;
	open_pair(&s, &peer);
	assert_false(stream_readable(&s, 0));
	assert_int_equal(write(peer, "hello", 5), 5);
	assert_true(stream_readable(&s, 0));
	assert_int_equal(stream_read(&s, p, sizeof(p), &err), 5);
	assert_memory_equal(p, "hello", 5);
	assert_int_equal(stream_write(&s, "abc", 3, &err), 0);
	assert_int_equal(read(peer, p, sizeof(p)), 3);
	(void)close(peer);
	assert_true(stream_readable(&s, 1000));
	assert_int_equal(stream_read(&s, p, sizeof(p), &err), 0);
	stream_close(&s);
	stream_close(&s);
	assert_int_equal(stream_pollfd(&s), -1);
}

/* A peer that is silent, and one that does not read. */
static void
test_deadline(void **state)
{
	struct stream s;
	struct err err;
	char *big = mem_zero(4 << 20);
	int64_t start = clock_tick_ms();
	int peer;

	(void)state;
	open_pair(&s, &peer);
	stream_set_timeout(&s, 20);
	assert_int_equal(stream_read(&s, big, 10, &err), -1);
	assert_int_equal(err.sys, ETIMEDOUT);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_true(clock_tick_ms() - start >= 19);
	/* Sticky: what arrives now is not believed any more. */
	assert_int_equal(write(peer, "x", 1), 1);
	assert_int_equal(stream_read(&s, big, 10, &err), -1);
	assert_int_equal(stream_write(&s, "x", 1, &err), -1);
	assert_int_equal(err.sys, ETIMEDOUT);
	stream_close(&s);
	(void)close(peer);

	open_pair(&s, &peer);
	stream_set_timeout(&s, 20);
	assert_int_equal(stream_write(&s, big, 4 << 20, &err), -1);
	assert_int_equal(err.sys, ETIMEDOUT);
	stream_close(&s);
	(void)close(peer);
	mem_free(big);
}

static void
test_gone(void **state)
{
	struct stream s;
	struct err err = { 0 };
	int peer;

	(void)state;
	open_pair(&s, &peer);
	(void)close(peer);
	assert_int_equal(stream_write(&s, "x", 1, &err), -1);
	assert_int_equal(err.kind, ERR_PROTO);
	assert_string_equal(err.dsn, "4.4.2");
	assert_int_equal(err.sys, EPIPE);
	stream_close(&s);
}

CHECK_MAIN(cmocka_unit_test(test_both_ways), cmocka_unit_test(test_deadline),
    cmocka_unit_test(test_gone))

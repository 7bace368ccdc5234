/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <unistd.h>

#include "cmd/sendoff/input.h"

enum {
	BLOCK = 32 * 1024,		/* bytes read at once */
};

static ssize_t
read_block(char *p, struct err *err)
{
	ssize_t n;

	do
		n = read(STDIN_FILENO, p, BLOCK);
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		err_sys(err, "read standard input");
		err->kind = ERR_INPUT;
	}
	return n;
}

/* Feeds a block; body bytes beyond max go. */
static int
take_block(struct message *m, const char *p, size_t n, struct buf *body,
    size_t max, struct err *err)
{
	ssize_t used;

	while (n > 0 && m->state != MESSAGE_END) {
		used = message_feed(m, p, n, body, err);
		if (used == -1)
			return -1;
		p += used;
		n -= (size_t)used;
		if (body->n > max)
			buf_cut(body, max);
	}
	return 0;
}

int
input_read(struct message *m, struct buf *body, size_t max, struct err *err)
{
	const struct message_opts opts = { .ignore_dots = true,
	    .header_max = INPUT_HEADER_MAX };
	char block[BLOCK];
	ssize_t n;

	message_init(m, &opts);
	buf_init(body, max + 2 * BLOCK + MESSAGE_SLACK);
	while ((n = read_block(block, err)) > 0)
		if (take_block(m, block, (size_t)n, body, max, err) == -1)
			return -1;
	if (n == -1 || message_finish(m, body, err) == -1)
		return -1;
	if (body->n > max)
		buf_cut(body, max);
	return 0;
}

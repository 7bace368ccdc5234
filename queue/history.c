/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "queue/history.h"
#include "queue/io.h"

/* Reads one line at off; *n is its length with its LF. */
static int
read_line(const struct queue_msg *m, int64_t off, char *line, size_t *n,
    struct err *err)
{
	const char *lf;
	size_t want = FORMAT_ENTRY_MAX, got;

	if ((int64_t)want > m->journal_end - off)
		want = (size_t)(m->journal_end - off);
	if (io_read(m->fd, line, want, off, &got, err) == -1)
		return -1;
	lf = got > 0 ? memchr(line, '\n', got) : NULL;
	if (lf == NULL)
		return err_set(err, ERR_TEMP, "4.3.0", "it was changed");
	*n = (size_t)(lf - line) + 1;
	return 0;
}

int
history_read(const struct queue_msg *m,
    void (*cb)(const struct format_entry *, void *arg), void *arg,
    struct err *err)
{
	char line[FORMAT_ENTRY_MAX];
	struct format_entry e;
	int64_t off = m->offset + m->size;
	size_t n = 0;

	while (off < m->journal_end) {
		if (read_line(m, off, line, &n, err) == -1)
			return err_ctx(err, "message %s: journal", m->env.id);
		if (!format_entry_parse(line, n - 1, &e) ||
		    e.rcpt >= m->env.nrcpts)
			return err_set(err, ERR_TEMP, "4.3.0",
			    "message %s: journal: it was changed", m->env.id);
		cb(&e, arg);
		off += (int64_t)n;
	}
	return 0;
}

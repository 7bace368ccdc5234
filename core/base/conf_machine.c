/* SPDX-License-Identifier: ISC */
/*
 * What the machine is called, without asking the DNS: a submission must not
 * wait for a name server.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/text.h"

enum {
	FILE_BYTES = 65536,		/* as much of /etc/hosts as is read */
};

/* As much of the file as fits; nothing if it cannot be read. */
static void
read_some(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char piece[4096];
	ssize_t n;

	if (fd == -1)
		return;
	do {
		n = read(fd, piece, sizeof(piece));
		if (n > 0)
			buf_add(b, piece, (size_t)n);
	} while ((n > 0 && !b->over) || (n == -1 && errno == EINTR));
	(void)close(fd);
}

/* The next blank-separated word of *line. */
static struct slice
take_word(struct slice *line)
{
	struct slice word;

	*line = text_trim(line->p, line->n);
	word = (struct slice){ line->p, 0 };
	while (word.n < line->n && !text_is_space(line->p[word.n]))
		word.n++;
	line->p += word.n;
	line->n -= word.n;
	return word;
}

static bool
is_full(struct slice name)
{
	return name.n > 0 && memchr(name.p, '.', name.n) != NULL &&
	    conf_is_name(name.p, name.n, false) &&
	    !(name.n > 10 && text_case_eq(name.p, 10, "localhost.", 10));
}

/*
 * A line of hosts that names the machine: its "host.domain" if there is one,
 * else its first full name, which is what hostname -f takes.
 */
static struct slice
full_name(struct slice line, const char *host)
{
	struct slice word, full = { NULL, 0 };
	size_t n = strlen(host);
	bool ours = false;

	(void)take_word(&line);			/* the address */
	for (;;) {
		word = take_word(&line);
		if (word.n == 0)
			break;
		if (slice_case_eq(word, host))
			ours = true;
		if (!is_full(word))
			continue;
		if (word.n > n + 1 && word.p[n] == '.' &&
		    text_case_eq(word.p, n, host, n))
			return word;
		if (full.n == 0)
			full = word;
	}
	return ours ? full : (struct slice){ NULL, 0 };
}

char *
conf_machine_name(const char *kernel, struct slice hosts)
{
	struct slice line, name;
	const char *end;

	if (!conf_is_name(kernel, strlen(kernel), false))
		return mem_str("localhost");
	if (strchr(kernel, '.') != NULL)
		return mem_str(kernel);
	while (hosts.n > 0) {
		end = memchr(hosts.p, '\n', hosts.n);
		line.p = hosts.p;
		line.n = end != NULL ? (size_t)(end - hosts.p) : hosts.n;
		hosts.p += line.n + (end != NULL);
		hosts.n -= line.n + (end != NULL);
		end = memchr(line.p, '#', line.n);
		if (end != NULL)
			line.n = (size_t)(end - line.p);
		name = full_name(line, kernel);
		if (name.n > 0)
			return mem_dup(name.p, name.n);
	}
	return mem_str(kernel);
}

char *
conf_machine_hostname(void)
{
	char kernel[HOST_NAME_MAX + 1];
	struct buf hosts;
	char *name;

	if (gethostname(kernel, sizeof(kernel)) == -1)
		kernel[0] = '\0';
	kernel[sizeof(kernel) - 1] = '\0';
	buf_init(&hosts, FILE_BYTES);
	if (strchr(kernel, '.') == NULL)
		read_some("/etc/hosts", &hosts);
	name = conf_machine_name(kernel, buf_slice(&hosts));
	buf_free(&hosts);
	return name;
}

char *
conf_machine_mailname(void)
{
	struct buf b;
	struct slice line;
	const char *lf;
	char *name = NULL;

	buf_init(&b, FILE_BYTES);
	read_some("/etc/mailname", &b);
	line = buf_slice(&b);
	lf = line.n > 0 ? memchr(line.p, '\n', line.n) : NULL;
	if (lf != NULL)
		line.n = (size_t)(lf - line.p);
	line = text_trim(line.p, line.n);
	if (conf_is_name(line.p, line.n, true))
		name = mem_dup(line.p, line.n);
	buf_free(&b);
	return name;
}

/* SPDX-License-Identifier: ISC */
/*
 * The manual page and the example keep up with the table. Runs in the top
 * directory, as every test does.
 */
#include "tests/check.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"

static void
read_paper(const char *path, struct buf *b)
{
	char piece[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	check(fd != -1, "%s", path);
	buf_init(b, 1000000);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(b, piece, (size_t)n);
	(void)close(fd);
}

/* Is the key an item, alone or with others, of its section's part? */
static bool
has_item(const char *part, const char *key)
{
	const char *line = part, *end, *at;
	size_t n = strlen(key);

	while ((line = strstr(line, "\n.It Cm ")) != NULL) {
		line += 8;
		end = strchr(line, '\n');
		for (at = line; at < end; at++)
			if (strncmp(at, key, n) == 0 &&
			    (at == line || at[-1] == ' ') &&
			    (at[n] == ' ' || at[n] == '\n'))
				return true;
	}
	return false;
}

static void
test_manual(void **state)
{
	struct buf b;
	char head[40], *part, *next;
	size_t i;

	(void)state;
	read_paper("core/base/sendoff.conf.5", &b);
	for (i = 0; i < conf_table_n; i++) {
		const struct conf_key *k = &conf_table[i];

		(void)snprintf(head, sizeof(head), "[%s]",
		    conf_sections[k->section]);
		part = strstr(b.p, "\n.Ss Section");
		while (part != NULL && memmem(part, strcspn(part + 1, "\n"),
		    head, strlen(head)) == NULL)
			part = strstr(part + 1, "\n.Ss Section");
		check(part != NULL, "%s", head);
		part = mem_str(part);
		next = strstr(part + 1, "\n.Ss ");
		if (next != NULL)
			*next = '\0';
		check(has_item(part, k->name), "%s %s", head, k->name);
		mem_free(part);
	}
	buf_free(&b);
}

static void
load_example(struct slice bytes)
{
	struct conf_lines lines = { 0 };
	struct conf conf = { 0 };
	struct conf_problems p = { 0 };
	size_t i;

	conf.path = mem_str("example");
	for (i = 0; conf_sections[i] != NULL; i++)
		if (i != CONF_RELAY)
			conf_defaults((enum conf_section)i, &conf);
	conf_read(conf.path, bytes, &conf, &lines, &p);
	conf_check(&conf, &lines, 0600, &p);
	check(p.n == 0, "%s", p.v[0].text);
	mem_free(lines.relay);
	conf_free(&conf);
	conf_problems_free(&p);
}

/* As it is, and with every "#key" made a key. */
static void
test_example(void **state)
{
	struct buf b, open;
	size_t i, n = 0;

	(void)state;
	read_paper("etc/sendoff.conf", &b);
	load_example(buf_slice(&b));
	buf_init(&open, 1000000);
	for (i = 0; i < b.n; i++) {
		if (b.p[i] == '#' && (i == 0 || b.p[i - 1] == '\n') &&
		    b.p[i + 1] != ' ') {
			n++;
			continue;
		}
		/* Installing puts a directory there. */
		buf_addc(&open, b.p[i] == '@' && b.p[i + 1] == 'S' ? '/' :
		    b.p[i]);
	}
	assert_true(n > 20);
	load_example(buf_slice(&open));
	buf_free(&open);
	buf_free(&b);
}

CHECK_MAIN(cmocka_unit_test(test_manual), cmocka_unit_test(test_example))

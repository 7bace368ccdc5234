/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/base/text.h"

enum {
	PROBLEM_MAX = 2000,		/* bytes of one problem's text */
	PATH_SHOWN = 300,		/* bytes of the file's name */
	KEY_SHOWN = 60,			/* bytes of a key, which may be junk */
};

/* Stable, by line. */
static void
insert_problem(struct conf_problems *p, struct conf_problem new)
{
	size_t i = p->n;

	p->v = mem_array(p->v, p->n + 1, sizeof(*p->v));
	while (i > 0 && p->v[i - 1].line > new.line) {
		p->v[i] = p->v[i - 1];
		i--;
	}
	p->v[i] = new;
	p->n++;
}

void
conf_problem_add(struct conf_problems *p, enum conf_section section,
    const char *path, int line, const char *key, const char *fmt, ...)
{
	struct conf_problem new = { section, line, NULL };
	struct buf b;
	va_list ap;

	if (p->n > CONF_PROBLEMS_MAX)
		return;
	buf_init(&b, PROBLEM_MAX);
	text_clean(&b, path, strlen(path), PATH_SHOWN);
	if (line != 0)
		buf_addf(&b, ":%d", line);
	buf_adds(&b, ": ");
	if (p->n == CONF_PROBLEMS_MAX) {
		buf_adds(&b, "more problems follow");
	} else {
		if (key != NULL) {
			text_clean(&b, key, strlen(key), KEY_SHOWN);
			buf_adds(&b, ": ");
		}
		va_start(ap, fmt);
		buf_vaddf(&b, fmt, ap);
		va_end(ap);
	}
	new.text = buf_take(&b);
	insert_problem(p, new);
}

void
conf_problems_free(struct conf_problems *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		mem_free(p->v[i].text);
	mem_free(p->v);
	memset(p, 0, sizeof(*p));
}

void
conf_defaults(enum conf_section section, void *base)
{
	size_t i;

	for (i = 0; i < conf_table_n; i++)
		if (conf_table[i].section == section &&
		    conf_table[i].def != NULL)
			(void)conf_value_set(&conf_table[i], base,
			    conf_table[i].def);
}

/* The whole file into b, its mode into *mode. */
static int
read_file(const char *path, struct buf *b, unsigned *mode, struct err *err)
{
	char piece[8192];
	struct stat st;
	ssize_t n;
	int fd, ret = -1;

	/* Non-blocking, so that a FIFO is refused instead of waited for. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 || fstat(fd, &st) == -1) {
		(void)err_sys(err, "%s", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)err_set(err, ERR_CONF, NULL, "%s: not a file", path);
		goto out;
	}
	*mode = st.st_mode;
	buf_reserve(b, (size_t)(st.st_size < CONF_FILE_MAX ? st.st_size :
	    CONF_FILE_MAX));
	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			(void)err_sys(err, "%s", path);
			goto out;
		}
		buf_add(b, piece, (size_t)n);
		if (b->over) {
			(void)err_set(err, ERR_CONF, NULL,
			    "%s: over %d bytes", path, CONF_FILE_MAX);
			goto out;
		}
	}
	ret = 0;
out:
	explicit_bzero(piece, sizeof(piece));
	if (fd != -1)
		(void)close(fd);
	if (ret == -1)
		err->kind = ERR_CONF;
	return ret;
}

static void
fill_gate(struct conf *conf, bool set)
{
	if (!set && strcmp(conf->queue_dir, paths_spool) == 0)
		conf->gate = mem_str(paths_gate);
}

int
conf_load(const char *path, struct conf *conf, struct conf_problems *problems,
    struct err *err)
{
	struct conf_lines lines = { 0 };
	struct conf c = { 0 };
	struct conf_problems p = { 0 };
	struct err why = { 0 };
	struct buf bytes;
	unsigned mode = 0;
	size_t i;
	int ret = -1;

	buf_init(&bytes, CONF_FILE_MAX);
	c.path = mem_str(path != NULL ? path : paths_conf);
	c.present = read_file(c.path, &bytes, &mode, &why) == 0;
	if (!c.present && (path != NULL || why.sys != ENOENT)) {
		*err = why;
		goto out;
	}
	for (i = 0; conf_sections[i] != NULL; i++)
		if (i != CONF_RELAY)
			conf_defaults((enum conf_section)i, &c);
	conf_read(c.path, buf_slice(&bytes), &c, &lines, &p);
	conf_check(&c, &lines, mode, &p);
	fill_gate(&c, lines.main[conf_key_find(CONF_QUEUE, "gate") -
	    conf_table] > 0);
	*conf = c;
	*problems = p;
	memset(&c, 0, sizeof(c));
	ret = 0;
out:
	buf_wipe(&bytes);
	mem_free(lines.relay);
	conf_free(&c);
	return ret;
}

static void
free_section(enum conf_section section, void *base)
{
	size_t i;

	for (i = 0; i < conf_table_n; i++)
		if (conf_table[i].section == section)
			conf_value_free(&conf_table[i], base);
}

void
conf_free(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->nrelays; i++) {
		mem_free(conf->relays[i].name);
		free_section(CONF_RELAY, &conf->relays[i]);
	}
	mem_free(conf->relays);
	for (i = 0; i < conf->nrewrites; i++) {
		mem_free(conf->rewrites[i].from);
		mem_free(conf->rewrites[i].to);
	}
	mem_free(conf->rewrites);
	for (i = 0; conf_sections[i] != NULL; i++)
		if (i != CONF_RELAY)
			free_section((enum conf_section)i, conf);
	mem_free(conf->path);
	memset(conf, 0, sizeof(*conf));
}

const struct conf_relay *
conf_find_relay(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->nrelays; i++)
		if (strcmp(conf->relays[i].name, name) == 0)
			return &conf->relays[i];
	return NULL;
}

void
conf_set_queue_dir(struct conf *conf, const char *dir)
{
	char *copy = mem_str(dir);
	size_t n = strlen(copy);

	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = '\0';
	if (strcmp(copy, conf->queue_dir) == 0) {
		mem_free(copy);
		return;
	}
	mem_free(conf->queue_dir);
	mem_free(conf->gate);
	conf->queue_dir = copy;
	conf->gate = NULL;
	fill_gate(conf, false);
}

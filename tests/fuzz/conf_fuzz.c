/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a configuration: no crash, no leak, and what conf promises of
 * the struct holds, whatever was wrong.
 */
#include <assert.h>
#include <string.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
judge(const struct conf *c, const struct conf_problems *p)
{
	size_t i;

	assert(c->hostname != NULL && c->domain != NULL);
	assert(c->aliases_local.n > 0 && c->bounce_from != NULL);
	assert(c->queue_dir[0] == '/' && c->aliases_file[0] == '/');
	assert(c->retry_min_sec >= 1 && c->max_header_size >= 1024);
	for (i = 0; i < c->nrelays; i++) {
		assert(c->relays[i].port >= 1 && c->relays[i].port <= 65535);
		assert(c->relays[i].helo != NULL);
		assert(c->relays[i].connections >= 1);
		assert(i == 0 || c->relays[i].name[0] != '\0');
	}
	assert(p->n <= CONF_PROBLEMS_MAX + 1);
	for (i = 0; i < p->n; i++) {
		assert(strncmp(p->v[i].text, "f", 1) == 0);
		assert(strchr(p->v[i].text, '\n') == NULL);
		assert(i == 0 || p->v[i - 1].line <= p->v[i].line);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct conf_lines lines = { 0 };
	struct conf_problems p = { 0 };
	struct conf conf = { 0 };
	size_t i;

	conf.path = mem_str("f");
	for (i = 0; conf_sections[i] != NULL; i++)
		if (i != CONF_RELAY)
			conf_defaults((enum conf_section)i, &conf);
	conf_read(conf.path, (struct slice){ (const char *)data, n }, &conf,
	    &lines, &p);
	conf_check(&conf, &lines, 0644, &p);
	judge(&conf, &p);
	mem_free(lines.relay);
	conf_free(&conf);
	conf_problems_free(&p);
	return 0;
}

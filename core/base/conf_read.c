/* SPDX-License-Identifier: ISC */
/*
 * The lines of the file, given to inih one at a time.
 *
 * inih cuts lines over its buffer, glues an indented line to the value
 * before it, ends at a NUL, cuts long section names, tells nothing of a
 * section without keys, numbers no lines, and reports one error. So our
 * reader refuses what it would not take whole, and takes the section heads
 * itself; inih splits what is left into key and value.
 */
#include <string.h>

#include <ini.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/text.h"

enum {
	SHOWN_MAX = 60,			/* bytes of a wrong value */
	TEXT_MAX = 4096,
};

enum place {
	PLACE_START,			/* before the first section */
	PLACE_UNKNOWN,			/* in a section that was refused */
	PLACE_SECTION,
};

struct reader {
	const char		*path;
	struct slice		 rest;		/* of the file */
	struct slice		 raw;		/* the line inih has now */
	int			 line;		/* its number */
	bool			 asked;		/* raw has a key to be taken */
	enum place		 place;
	enum conf_section	 section;	/* CONF_NOWHERE if not in one */
	size_t			 relay;		/* index, in [relay] */
	struct conf		*conf;
	struct conf_lines	*lines;
	struct conf_problems	*problems;
};

static struct slice
take_line(struct reader *r)
{
	const char *lf = memchr(r->rest.p, '\n', r->rest.n);
	struct slice line = { r->rest.p, r->rest.n };

	if (lf != NULL)
		line.n = (size_t)(lf - line.p);
	r->rest.p += line.n + (lf != NULL);
	r->rest.n -= line.n + (lf != NULL);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	r->line++;
	return line;
}

/* The key of a line that inih cannot split: its first word, and no more,
 * since a password may follow. */
static char *
key_of(struct slice line)
{
	struct slice key = text_trim(line.p, line.n);
	size_t n = 0;

	while (n < key.n && key.p[n] != '=' && key.p[n] != ':' &&
	    !text_is_space(key.p[n]))
		n++;
	return mem_dup(key.p, n);
}

static void
problem(struct reader *r, const char *key, const char *text)
{
	conf_problem_add(r->problems, r->section, r->path, r->line, key, "%s",
	    text);
}

static void
refuse_line(struct reader *r, struct slice line, const char *text)
{
	char *key = key_of(line);

	problem(r, key[0] != '\0' ? key : NULL, text);
	mem_free(key);
}

static bool
is_relay_name(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!text_is_alnum(p[i]) && strchr("._-", p[i]) == NULL)
			return false;
	return n > 0 && n <= CONF_NAME_MAX;
}

/* The relay of that name, made if it is new. */
static void
enter_relay(struct reader *r, struct slice name)
{
	struct conf *c = r->conf;
	struct conf_relay *relay;
	size_t i;

	r->place = PLACE_SECTION;
	r->section = CONF_RELAY;
	for (i = 0; i < c->nrelays; i++)
		if (slice_eq(name, c->relays[i].name))
			break;
	r->relay = i;
	if (i < c->nrelays)
		return;
	c->relays = mem_array(c->relays, i + 1, sizeof(*c->relays));
	r->lines->relay = mem_array(r->lines->relay, i + 1,
	    sizeof(*r->lines->relay));
	memset(r->lines->relay[i], 0, sizeof(*r->lines->relay));
	relay = &c->relays[i];
	memset(relay, 0, sizeof(*relay));
	relay->name = mem_dup(name.p, name.n);
	relay->line = r->line;
	conf_defaults(CONF_RELAY, relay);
	c->nrelays++;
}

static void
refuse_section(struct reader *r, struct slice line, const char *close)
{
	char *name = mem_dup(line.p, (size_t)(close + 1 - line.p));

	problem(r, name, "unknown section; there are [relay], [relay NAME], "
	    "[identity], [rewrite], [aliases], [queue], [bounce] and [log]");
	mem_free(name);
}

/* "[relay]", "[relay NAME]", "[queue]"; a comment may follow. */
static void
take_section(struct reader *r, struct slice line)
{
	const char *close = memchr(line.p, ']', line.n);
	struct slice name, tail;
	size_t i;

	r->place = PLACE_UNKNOWN;
	r->section = CONF_NOWHERE;
	if (close == NULL) {
		problem(r, NULL, "a section's name without its \"]\"");
		return;
	}
	name = text_trim(line.p + 1, (size_t)(close - line.p - 1));
	tail = text_trim(close + 1, line.n - (size_t)(close + 1 - line.p));
	if (tail.n > 0 && tail.p[0] != ';' && tail.p[0] != '#') {
		problem(r, NULL, "text behind a section's \"]\"");
		return;
	}
	if (name.n > 5 && memcmp(name.p, "relay", 5) == 0 &&
	    text_is_blank(name.p[5])) {
		name = text_trim(name.p + 6, name.n - 6);
		if (is_relay_name(name.p, name.n))
			enter_relay(r, name);
		else
			problem(r, NULL, "a relay's name has at most 40 "
			    "letters, digits, \".\", \"_\" and \"-\"");
		return;
	}
	for (i = 0; conf_sections[i] != NULL; i++) {
		if (!slice_eq(name, conf_sections[i]))
			continue;
		if (i == CONF_RELAY) {
			enter_relay(r, (struct slice){ "", 0 });
			return;
		}
		r->place = PLACE_SECTION;
		r->section = (enum conf_section)i;
		return;
	}
	refuse_section(r, line, close);
}

static bool
is_comment(struct slice line)
{
	struct slice s = text_trim(line.p, line.n);

	return s.n == 0 || s.p[0] == ';' || s.p[0] == '#';
}

/* Does inih get this line? If not it was dealt with. */
static bool
judge_line(struct reader *r, struct slice line, size_t most)
{
	size_t i;

	if (memchr(line.p, '\0', line.n) != NULL) {
		refuse_line(r, line, "a NUL in the line; a text file in "
		    "UTF-8 is accepted");
		return false;
	}
	if (is_comment(line))
		return false;
	for (i = 0; i < line.n; i++)
		if (line.p[i] != '\t' && !text_is_line(&line.p[i], 1)) {
			refuse_line(r, line, "a control character in the "
			    "line");
			return false;
		}
	if (text_is_blank(line.p[0])) {
		refuse_line(r, line, "the line is indented; keys and "
		    "sections begin in the first column");
		return false;
	}
	if (line.n > most) {
		refuse_line(r, line, "the line is too long; at most 198 "
		    "bytes are accepted");
		return false;
	}
	if (line.p[0] == '[') {
		take_section(r, line);
		return false;
	}
	return true;
}

static bool
is_secret(const struct reader *r, struct slice line)
{
	static const char name[] = "password";
	size_t n = sizeof(name) - 1;

	if (r->section != CONF_RELAY || line.n <= n ||
	    memcmp(line.p, name, n) != 0)
		return false;
	while (n < line.n && text_is_blank(line.p[n]))
		n++;
	return n < line.n && (line.p[n] == '=' || line.p[n] == ':');
}

/* Without " # comment"; inih does the same for ";". */
static struct slice
cut_comment(struct slice line)
{
	size_t i;

	for (i = 1; i < line.n; i++)
		if (line.p[i] == '#' && text_is_blank(line.p[i - 1])) {
			line.n = i;
			break;
		}
	return line;
}

/* inih's fgets: the next line that it shall split, with its LF. */
static char *
give_line(char *out, int size, void *arg)
{
	struct reader *r = arg;
	struct slice line;
	size_t most = CONF_LINE_MAX;

	if (size < 3)
		return NULL;
	if ((size_t)size - 2 < most)
		most = (size_t)size - 2;
	if (r->asked)
		refuse_line(r, r->raw, "no value; \"key = value\" is "
		    "accepted");
	r->asked = false;
	do {
		if (r->rest.n == 0)
			return NULL;
		line = take_line(r);
	} while (!judge_line(r, line, most));
	r->raw = line;
	r->asked = true;
	/* A password takes no way but ours. */
	if (is_secret(r, line))
		line = slice_of("password = x");
	else
		line = cut_comment(line);
	memcpy(out, line.p, line.n);
	out[line.n] = '\n';
	out[line.n + 1] = '\0';
	return out;
}

static void
refuse_value(struct reader *r, const struct conf_key *k, const char *value)
{
	char shown[SHOWN_MAX + 1];
	struct buf accepts;

	buf_init(&accepts, TEXT_MAX);
	conf_value_accepts(k, &accepts);
	text_clean_to(shown, sizeof(shown), value, strlen(value));
	conf_problem_add(r->problems, r->section, r->path, r->line, k->name,
	    "\"%s\" is not accepted; %s is", shown, buf_str(&accepts));
	buf_free(&accepts);
}

static void
refuse_key(struct reader *r, const char *name)
{
	struct buf keys;

	buf_init(&keys, TEXT_MAX);
	conf_keys_list(r->section, &keys);
	conf_problem_add(r->problems, r->section, r->path, r->line,
	    name[0] != '\0' ? name : "=", "unknown key; [%s] has %s",
	    conf_sections[r->section], buf_str(&keys));
	buf_free(&keys);
}

/* The value of a password line: everything behind the blanks behind "=". */
static void
take_secret(struct reader *r, const struct conf_key *k, void *base)
{
	size_t i = 0;
	struct buf b;

	while (r->raw.p[i] != '=' && r->raw.p[i] != ':')
		i++;
	i++;
	while (i < r->raw.n && text_is_blank(r->raw.p[i]))
		i++;
	if (i == r->raw.n)
		return;
	if (text_is_blank(r->raw.p[r->raw.n - 1])) {
		problem(r, k->name, "ends in a blank that nobody can see; "
		    "remove it, or use password_file");
		return;
	}
	buf_init(&b, CONF_LINE_MAX);
	buf_add(&b, r->raw.p + i, r->raw.n - i);
	(void)conf_value_set(k, base, buf_str(&b));
	buf_wipe(&b);
}

static void
take_value(struct reader *r, const struct conf_key *k, const char *value)
{
	bool relay = r->section == CONF_RELAY;
	void *base = relay ? (void *)&r->conf->relays[r->relay] : r->conf;
	int *line = relay ? r->lines->relay[r->relay] : r->lines->main;

	line += k - conf_table;
	if (*line != 0) {
		conf_problem_add(r->problems, r->section, r->path, r->line,
		    k->name, "set before, on line %d",
		    *line < 0 ? -*line : *line);
		return;
	}
	*line = value[0] != '\0' ? r->line : -r->line;
	if (k->type == CONF_TYPE_SECRET)
		take_secret(r, k, base);
	else if (value[0] != '\0' && !conf_value_set(k, base, value))
		refuse_value(r, k, value);
}

/* inih's handler; it always goes on, since every problem is told. */
static int
take_key(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *r = arg;
	const struct conf_key *k;

	(void)section;
	r->asked = false;
	if (r->place == PLACE_START)
		problem(r, name, "stands before the first section");
	if (r->place != PLACE_SECTION)
		return 1;
	if (r->section == CONF_REWRITE) {
		conf_rewrite_add(r->conf, r->line, name, value, r->problems);
		return 1;
	}
	k = conf_key_find(r->section, name);
	if (k == NULL)
		refuse_key(r, name);
	else
		take_value(r, k, value);
	return 1;
}

void
conf_read(const char *path, struct slice bytes, struct conf *conf,
    struct conf_lines *lines, struct conf_problems *problems)
{
	struct reader r = { .path = path, .rest = bytes,
	    .section = CONF_NOWHERE, .conf = conf, .lines = lines,
	    .problems = problems };

	if (bytes.n >= 3 && memcmp(bytes.p, "\xef\xbb\xbf", 3) == 0) {
		r.rest.p += 3;
		r.rest.n -= 3;
	}
	(void)ini_parse_stream(give_line, &r, take_key, &r);
}

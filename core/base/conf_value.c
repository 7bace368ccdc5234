/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "core/base/conf_table.h"
#include "core/base/mem.h"
#include "core/base/text.h"

enum {
	WORD_MAX = 512,			/* bytes; a line has fewer */
};

_Static_assert(sizeof(enum conf_tls) == sizeof(int), "stored through int");

static void
list_free(struct conf_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		mem_free(list->v[i]);
	mem_free(list->v);
	memset(list, 0, sizeof(*list));
}

static bool
take_bool(const char *value, bool *out)
{
	static const char *const words[] = { "no", "yes", "false", "true",
	    "off", "on", "0", "1" };
	size_t i;

	for (i = 0; i < NELEM(words); i++)
		if (text_str_case_eq(value, words[i])) {
			*out = i % 2 == 1;
			return true;
		}
	return false;
}

/* The index of value in words, or -1. */
static int
find_word(const char *const *words, const char *value)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (text_str_case_eq(words[i], value))
			return i;
	return -1;
}

/* The next word of a list; false at its end. */
static bool
next_word(const char **p, struct slice *word)
{
	while (**p == ',' || text_is_blank(**p))
		(*p)++;
	word->p = *p;
	while (**p != '\0' && **p != ',' && !text_is_blank(**p))
		(*p)++;
	word->n = (size_t)(*p - word->p);
	return word->n > 0;
}

static void
list_add(struct conf_list *list, const char *p, size_t n)
{
	list->v = mem_array(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n++] = mem_dup(p, n);
}

/* One word as the list's type wants it, made uniform in b. */
static bool
take_word(enum conf_type type, struct slice w, struct buf *b)
{
	switch (type) {
	case CONF_TYPE_PRINTS:
		return conf_take_print(w.p, w.n, b);
	case CONF_TYPE_AUTH:
		return conf_take_mechanism(w.p, w.n, b);
	case CONF_TYPE_NAMES:
		buf_add(b, w.p, w.n);
		return conf_is_name(w.p, w.n, true) || conf_is_ip(w.p, w.n);
	case CONF_TYPE_PATTERNS:
		buf_add(b, w.p, w.n);
		return conf_pattern(w.p, w.n);
	default:
		buf_add(b, w.p, w.n);
		return true;
	}
}

static bool
take_list(enum conf_type type, const char *value, struct conf_list *out)
{
	struct conf_list list = { 0 };
	struct slice w;
	struct buf b;
	bool good = true;

	buf_init(&b, WORD_MAX);
	while (good && next_word(&value, &w)) {
		buf_reset(&b);
		good = take_word(type, w, &b) && !b.over;
		if (good)
			list_add(&list, buf_str(&b), b.n);
	}
	buf_free(&b);
	if (!good || list.n == 0) {
		list_free(&list);
		return false;
	}
	list_free(out);
	*out = list;
	return true;
}

static void
hosts_free(struct conf_host *hosts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		mem_free(hosts[i].name);
	mem_free(hosts);
}

static bool
take_hosts(const char *value, struct conf_relay *relay)
{
	struct conf_host *hosts = NULL;
	struct slice w;
	size_t n = 0;

	while (next_word(&value, &w)) {
		hosts = mem_array(hosts, n + 1, sizeof(*hosts));
		if (!conf_take_host(w.p, w.n, &hosts[n])) {
			hosts_free(hosts, n);
			return false;
		}
		n++;
	}
	if (n == 0)
		return false;
	hosts_free(relay->hosts, relay->nhosts);
	relay->hosts = hosts;
	relay->nhosts = n;
	return true;
}

static bool
take_auth(const char *value, struct conf_relay *relay)
{
	static const char *const words[] = { "auto", "off", NULL };
	int i = find_word(words, value);

	if (i == -1) {
		if (!take_list(CONF_TYPE_AUTH, value, &relay->auth_list))
			return false;
		relay->auth = CONF_AUTH_LIST;
		return true;
	}
	list_free(&relay->auth_list);
	relay->auth = i == 0 ? CONF_AUTH_AUTO : CONF_AUTH_OFF;
	return true;
}

/* "100/m", "5/s", "300/10m". */
static bool
take_rate(const struct conf_key *k, const char *value,
    struct conf_relay *relay)
{
	const char *slash = strchr(value, '/');
	char time[32];
	int64_t count, sec;
	int n;

	if (slash == NULL || !text_to_int(value, (size_t)(slash - value),
	    k->min, k->max, &count))
		return false;
	n = snprintf(time, sizeof(time), "%s%s",
	    text_is_digit(slash[1]) ? "" : "1", slash + 1);
	if (n < 0 || (size_t)n >= sizeof(time) ||
	    !conf_duration(time, (size_t)n, &sec) || sec < 1)
		return false;
	relay->rate_count = count;
	relay->rate_sec = sec;
	return true;
}

static bool
take_target(const char *value, struct conf *conf)
{
	static const char *const words[] = { "syslog", "stderr", NULL };
	int i = find_word(words, value);

	if (i == -1) {
		if (strncmp(value, "file:/", 6) != 0 ||
		    value[strlen(value) - 1] == '/')
			return false;
		mem_free(conf->log_file);
		conf->log_file = mem_str(value + 5);
		conf->log_target = LOG_TO_FILE;
		return true;
	}
	mem_free(conf->log_file);
	conf->log_file = NULL;
	conf->log_target = i == 0 ? LOG_TO_SYSLOG : LOG_TO_STDERR;
	return true;
}

static bool
check_text(const struct conf_key *k, const char *value)
{
	size_t n = strlen(value);

	switch (k->type) {
	case CONF_TYPE_PATH:
	case CONF_TYPE_PATH_OR:
		return value[0] == '/';
	case CONF_TYPE_URL:
		return conf_is_url(value, n);
	case CONF_TYPE_NAME:
		return conf_is_name(value, n, false);
	case CONF_TYPE_HELO:
		return conf_is_name(value, n, false) ||
		    conf_is_literal(value, n);
	case CONF_TYPE_DOMAIN:
		return conf_is_name(value, n, true);
	case CONF_TYPE_IP:
		return conf_is_ip(value, n);
	case CONF_TYPE_ADDR:
	case CONF_TYPE_ADDR_OR:
	case CONF_TYPE_RETURN:
		return conf_is_addr(value, n);
	case CONF_TYPE_RCPT:
	case CONF_TYPE_RCPT_OR:
		return conf_is_addr(value, n) || (conf_is_rcpt(value, n) &&
		    strchr(value, '@') == NULL);
	case CONF_TYPE_MAILBOX:
		return conf_is_mailbox(value, n);
	default:
		return true;
	}
}

/* Two spellings of a directory are one. */
static void
cut_slashes(char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
}

static bool
take_text(const struct conf_key *k, const char *value, char **out)
{
	char *text = NULL;

	if (k->words != NULL && find_word(k->words, value) == 0) {
		mem_free(*out);
		*out = NULL;
		return true;
	}
	if (k->type == CONF_TYPE_RETURN && strcmp(value, "<>") == 0) {
		text = mem_str("");
	} else {
		if (!check_text(k, value))
			return false;
		text = mem_str(value);
		if (k->type == CONF_TYPE_PATH || k->type == CONF_TYPE_PATH_OR)
			cut_slashes(text);
	}
	mem_free(*out);
	*out = text;
	return true;
}

static bool
in_range(const struct conf_key *k, int64_t v)
{
	return v >= k->min && v <= k->max;
}

static bool
take_number(const struct conf_key *k, const char *value, int64_t *out)
{
	size_t n = strlen(value);
	int64_t v;

	if (k->type == CONF_TYPE_TIME) {
		if (!conf_duration(value, n, &v))
			return false;
	} else if (k->type == CONF_TYPE_SIZE) {
		if (!conf_size(value, n, &v))
			return false;
	} else if (!text_to_int(value, n, INT64_MIN, INT64_MAX, &v)) {
		return false;
	}
	if (!in_range(k, v))
		return false;
	*out = v;
	return true;
}

static void
store_int(void *field, int v)
{
	memcpy(field, &v, sizeof(v));
}

bool
conf_value_set(const struct conf_key *k, void *base, const char *value)
{
	void *field = (char *)base + k->offset;
	int64_t number;
	int word;

	switch (k->type) {
	case CONF_TYPE_HOSTS:
		return take_hosts(value, base);
	case CONF_TYPE_AUTH:
		return take_auth(value, base);
	case CONF_TYPE_RATE:
		return take_rate(k, value, base);
	case CONF_TYPE_TARGET:
		return take_target(value, base);
	case CONF_TYPE_LIST:
	case CONF_TYPE_NAMES:
	case CONF_TYPE_PATTERNS:
	case CONF_TYPE_PRINTS:
		return take_list(k->type, value, field);
	case CONF_TYPE_BOOL:
		return take_bool(value, field);
	case CONF_TYPE_FLAG:
	case CONF_TYPE_WORD:
		word = find_word(k->words, value);
		if (word == -1)
			return false;
		if (k->type == CONF_TYPE_FLAG)
			*(bool *)field = word == 1;
		else
			store_int(field, (int)k->min + word);
		return true;
	case CONF_TYPE_NUMBER:
	case CONF_TYPE_TIME:
	case CONF_TYPE_SIZE:
		return take_number(k, value, field);
	case CONF_TYPE_PORT:
		if (!take_number(k, value, &number))
			return false;
		store_int(field, (int)number);
		return true;
	default:
		return take_text(k, value, field);
	}
}

void
conf_value_free(const struct conf_key *k, void *base)
{
	void *field = (char *)base + k->offset;
	struct conf_relay *relay = base;
	struct conf *conf = base;

	switch (k->type) {
	case CONF_TYPE_HOSTS:
		hosts_free(relay->hosts, relay->nhosts);
		break;
	case CONF_TYPE_AUTH:
		list_free(&relay->auth_list);
		break;
	case CONF_TYPE_TARGET:
		mem_free(conf->log_file);
		break;
	case CONF_TYPE_LIST:
	case CONF_TYPE_NAMES:
	case CONF_TYPE_PATTERNS:
	case CONF_TYPE_PRINTS:
		list_free(field);
		break;
	case CONF_TYPE_BOOL:
	case CONF_TYPE_FLAG:
	case CONF_TYPE_WORD:
	case CONF_TYPE_NUMBER:
	case CONF_TYPE_TIME:
	case CONF_TYPE_SIZE:
	case CONF_TYPE_PORT:
	case CONF_TYPE_RATE:
		break;
	case CONF_TYPE_SECRET:
		if (*(char **)field != NULL)
			explicit_bzero(*(char **)field,
			    strlen(*(char **)field));
		mem_free(*(char **)field);
		break;
	default:
		mem_free(*(char **)field);
		break;
	}
}

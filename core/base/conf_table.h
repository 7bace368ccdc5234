/* SPDX-License-Identifier: ISC */
/*
 * conf_table - every key of the configuration, and what the parts of conf
 * tell each other. Private to core/base/conf*.c and their tests.
 *
 * Pure		but for conf_machine_*, which read two files of /etc
 */
#ifndef CORE_BASE_CONF_TABLE_H
#define CORE_BASE_CONF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/conf.h"

enum conf_type {
	CONF_TYPE_TEXT,		/* one line of anything */
	CONF_TYPE_SECRET,	/* the same, to the line's end, never shown */
	CONF_TYPE_PATH,		/* absolute */
	CONF_TYPE_FILE,		/* or relative, see INTERFACE 2 "Secrets" */
	CONF_TYPE_URL,
	CONF_TYPE_LIST,		/* of words */
	CONF_TYPE_NAMES,	/* list of host names */
	CONF_TYPE_PATTERNS,
	CONF_TYPE_PRINTS,	/* tls_fingerprint */
	CONF_TYPE_HOSTS,
	CONF_TYPE_NAME,		/* a host name */
	CONF_TYPE_HELO,		/* or an address literal */
	CONF_TYPE_DOMAIN,	/* a host name that may be UTF-8 */
	CONF_TYPE_IP,
	CONF_TYPE_ADDR,		/* user@domain */
	CONF_TYPE_ADDR_OR,	/* or the first word, which gives NULL */
	CONF_TYPE_RCPT,		/* or a bare name */
	CONF_TYPE_RCPT_OR,	/* or the first word, which gives NULL */
	CONF_TYPE_RETURN,	/* or <>, which gives "" */
	CONF_TYPE_MAILBOX,
	CONF_TYPE_PATH_OR,	/* or the first word, which gives NULL */
	CONF_TYPE_WORD,		/* min + the index of the word */
	CONF_TYPE_FLAG,		/* the second word is true */
	CONF_TYPE_BOOL,
	CONF_TYPE_NUMBER,	/* int64_t */
	CONF_TYPE_PORT,		/* int */
	CONF_TYPE_TIME,		/* int64_t, seconds */
	CONF_TYPE_SIZE,		/* int64_t, bytes */
	CONF_TYPE_RATE,
	CONF_TYPE_AUTH,
	CONF_TYPE_TARGET,	/* [log] target */
};

struct conf_key {
	enum conf_section	 section;
	const char		*name;
	enum conf_type		 type;
	size_t			 offset;	/* in conf_relay or conf */
	const char		*def;		/* as in a file; NULL: none */
	int64_t			 min, max;
	const char *const	*words;		/* NULL at the end */
};

enum {
	CONF_KEYS_MAX = 96,		/* rows, so that lines fit an array */
	CONF_PROBLEMS_MAX = 100,	/* told; then one line says "more" */
	CONF_FILE_MAX = 1024 * 1024,	/* bytes of the file */
	CONF_NAME_MAX = 40,		/* bytes of a relay's NAME */
};

extern const struct conf_key	conf_table[];
extern const size_t		conf_table_n;

/* "relay", "queue", ...; NULL behind the last. Index is enum conf_section. */
extern const char *const	conf_sections[];

/* NULL: there is no such key in that section. */
const struct conf_key	*conf_key_find(enum conf_section, const char *name);

/* The section's keys, "a, b, c". */
void	conf_keys_list(enum conf_section, struct buf *);

/* conf_value.c: base is the struct conf or conf_relay. False: not accepted,
 * and *base as before. */
bool	conf_value_set(const struct conf_key *, void *base,
	    const char *value);
void	conf_value_accepts(const struct conf_key *, struct buf *);
void	conf_value_free(const struct conf_key *, void *base);

/* conf_syntax.c: what one word of a value may be. */
bool	conf_is_name(const char *p, size_t n, bool utf8);
bool	conf_is_ip(const char *p, size_t n);
bool	conf_is_literal(const char *p, size_t n);	/* "[192.0.2.1]" */
bool	conf_is_addr(const char *p, size_t n);
bool	conf_is_rcpt(const char *p, size_t n);
bool	conf_is_mailbox(const char *p, size_t n);
bool	conf_is_url(const char *p, size_t n);
bool	conf_take_host(const char *p, size_t n, struct conf_host *);
bool	conf_take_print(const char *p, size_t n, struct buf *);
bool	conf_take_mechanism(const char *p, size_t n, struct buf *);

/* The lines on which keys were set; 0: not; negative: to an empty value. */
struct conf_lines {
	int	main[CONF_KEYS_MAX];
	int	(*relay)[CONF_KEYS_MAX];	/* owned; one for each relay */
};

/* conf_read.c: the bytes of the file into conf, wrong ones into problems. */
void	conf_read(const char *path, struct slice bytes, struct conf *,
	    struct conf_lines *, struct conf_problems *);

/* conf_rewrite.c: one line of [rewrite]; all of them. */
void	conf_rewrite_add(struct conf *, int line, const char *from,
	    const char *to, struct conf_problems *);
void	conf_rewrite_check(struct conf *, struct conf_problems *);

/* conf_check.c: what no key says alone. mode is the file's. */
void	conf_check(struct conf *, const struct conf_lines *, unsigned mode,
	    struct conf_problems *);

/* conf.c: in the order of lines. */
void	conf_problem_add(struct conf_problems *, enum conf_section,
	    const char *path, int line, const char *key,
	    const char *fmt, ...) PRINTF_LIKE(6, 7);
void	conf_defaults(enum conf_section, void *base);

/* conf_machine.c: the host's full name; /etc/hosts gives the domain where
 * the kernel's name has none. hosts may be empty. */
char	*conf_machine_name(const char *kernel, struct slice hosts);
char	*conf_machine_hostname(void);
char	*conf_machine_mailname(void);	/* NULL: none */

#endif

/* SPDX-License-Identifier: ISC */
/*
 * conf - the configuration file, read whole, checked, and filled in.
 *
 * One table (conf_table.c) has every section, key, type, default and check;
 * this struct, the errors and the manual page follow it. The only includer
 * of ini.h.
 *
 * Shape	INI, as INTERFACE 2 has it
 * Limits	a line of CONF_LINE_MAX bytes is as long as inih takes whole
 * Errors	ERR_CONF for a file that is missing (when named) or cannot be
 *		read; what is wrong inside goes into conf_problems, all of it
 * Owns		every string and list below
 */
#ifndef CORE_BASE_CONF_H
#define CORE_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/log.h"

enum {
	CONF_LINE_MAX = 198,		/* bytes, line end not counted */
};

struct conf_list {
	char	**v;
	size_t	  n;
};

struct conf_host {
	char	*name;			/* name or address, no brackets */
	int	 port;			/* 0: the relay's */
};

enum conf_lookup { CONF_LOOKUP_A, CONF_LOOKUP_MX, CONF_LOOKUP_SRV };
enum conf_tls { CONF_TLS_STARTTLS, CONF_TLS_IMPLICIT, CONF_TLS_OPPORTUNISTIC,
	CONF_TLS_NONE };
enum conf_verify { CONF_VERIFY_YES, CONF_VERIFY_DANE, CONF_VERIFY_NO };
enum conf_auth { CONF_AUTH_AUTO, CONF_AUTH_OFF, CONF_AUTH_LIST };
enum conf_grant { CONF_GRANT_REFRESH, CONF_GRANT_CLIENT };

struct conf_relay {
	char			*name;		/* "" for [relay] */
	int			 line;		/* of the section's head */
	struct conf_host	*hosts;
	size_t			 nhosts;	/* 0: no relay configured */
	enum conf_lookup	 lookup;
	int			 port;		/* filled in from tls */
	enum conf_tls		 tls;
	enum conf_verify	 tls_verify;
	char			*tls_ca_file, *tls_cert_file, *tls_key_file;
	struct conf_list	 tls_fingerprint;
	int			 tls_min;	/* 12 or 13 */
	struct conf_list	 tls_name;	/* empty: the host */
	enum conf_auth		 auth;
	struct conf_list	 auth_list;	/* for CONF_AUTH_LIST */
	char			*user;		/* NULL: no AUTH */
	char			*password, *password_file, *password_command;
	char			*token_command;
	char			*oauth_token_url, *oauth_client_id,
				*oauth_client_secret_file,
				*oauth_refresh_token_file, *oauth_scope;
	enum conf_grant		 oauth_grant;
	bool			 allow_plaintext_auth;
	char			*helo;		/* filled in */
	char			*source;
	struct conf_list	 sender, recipient;	/* patterns */
	bool			 long_lines_keep;
	int64_t			 recipients_per_transaction;
	int64_t			 messages_per_connection;	/* 0: no limit */
	int64_t			 connections;
	int64_t			 rate_count;	/* 0: none */
	int64_t			 rate_sec;	/* per this many seconds */
	int64_t			 connect_timeout_sec;
	int64_t			 timeout_sec;
	bool			 timeout_set;	/* else RFC minimum if larger */
	int64_t			 command_timeout_sec;
};

struct conf_rewrite {
	char	*from;			/* "user@dom", "name" or "@dom" */
	char	*to;			/* "user@dom" or "@dom" */
	int	 line;
};

enum conf_return { CONF_RETURN_HEADERS, CONF_RETURN_FULL };
enum conf_trailer { CONF_TRAILER_BOTH, CONF_TRAILER_SENDMAIL,
	CONF_TRAILER_POSTFIX };

struct conf {
	char			*path;		/* the file; borrowed nowhere */
	bool			 present;	/* false: all defaults */

	struct conf_relay	*relays;	/* unnamed one first if there */
	size_t			 nrelays;

	char			*hostname;	/* never NULL */
	char			*domain;	/* never NULL */
	char			*sender;	/* NULL: none */
	char			*from;		/* NULL: keep */
	bool			 require_user_from;
	struct conf_list	 trusted;

	struct conf_rewrite	*rewrites;
	size_t			 nrewrites;

	char			*aliases_file;
	char			*aliases_catchall;
	struct conf_list	 aliases_local;	/* filled in */

	char			*queue_dir;
	int64_t			 lifetime_sec, bounce_lifetime_sec;
	int64_t			 warn_after_sec;	/* 0: never */
	int64_t			 retry_min_sec, retry_max_sec;
	int64_t			 max_message_size;	/* bytes; 0: none */
	int64_t			 max_header_size;	/* bytes */
	bool			 on_demand;
	int64_t			 min_free;		/* bytes */
	int64_t			 max_recipients;
	int64_t			 max_hops;
	int64_t			 per_user;		/* 0: none */
	bool			 list_all;
	enum conf_trailer	 trailer;
	char			*gate;			/* NULL: off */
	int64_t			 history_sec;		/* 0: none */

	enum conf_return	 bounce_return;
	char			*bounce_postmaster;	/* NULL: none */
	char			*bounce_sender;		/* "" is <> */
	char			*bounce_from;		/* filled in */

	enum log_target		 log_target;
	char			*log_file;
	enum log_level		 log_level;
};

/* Sections as the front judges them: what it uses, and what it does not. */
enum conf_section { CONF_RELAY, CONF_IDENTITY, CONF_REWRITE, CONF_ALIASES,
	CONF_QUEUE, CONF_BOUNCE, CONF_LOG, CONF_NOWHERE };

struct conf_problem {
	enum conf_section	 section;
	int			 line;		/* 0: the whole file */
	char			*text;		/* "file:line: key: …" */
};

struct conf_problems {
	struct conf_problem	*v;
	size_t			 n;
};

/* The default file is paths_conf (paths.h). */

/*
 * path NULL is the default file, which may be missing. Returns 0 with *conf
 * complete (a wrong key keeps its default) and *problems filled, possibly
 * with none; -1 when there is no configuration to speak of.
 */
int	conf_load(const char *path, struct conf *, struct conf_problems *,
	    struct err *);
void	conf_free(struct conf *);
void	conf_problems_free(struct conf_problems *);

/* NULL: there is none of that name. "" is [relay]. */
const struct conf_relay	*conf_find_relay(const struct conf *,
	    const char *name);

/*
 * How the configuration writes durations ("30s", "1h30m", "5d", "0") and
 * sizes ("4096", "64K", "50M"); for options too. All of p[0..n), or false and
 * *out untouched.
 */
bool	conf_duration(const char *p, size_t n, int64_t *sec);
bool	conf_size(const char *p, size_t n, int64_t *bytes);

/* Is it a pattern as [relay] sender takes them (addr_match matches them)? */
bool	conf_pattern(const char *p, size_t n);

/* Puts the queue directory elsewhere, as -O QueueDirectory does: with
 * another than the default one the gate is off. */
void	conf_set_queue_dir(struct conf *, const char *dir);

#endif

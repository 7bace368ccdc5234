/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "cmd/sendmail/caller.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/mail/addr.h"
#include "core/mail/rewrite.h"

enum {
	ENTRY_MAX = 16384,		/* bytes of one passwd entry */
	FULL_NAME_MAX = 256,
};

char *
caller_gecos(const char *gecos, const char *login)
{
	struct slice name = text_trim(gecos, strcspn(gecos, ","));
	struct buf b;

	buf_init(&b, FULL_NAME_MAX);
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] != '&') {
			buf_addc(&b, name.p[i]);
		} else if (*login != '\0') {
			buf_addc(&b, text_upper(*login));
			buf_adds(&b, login + 1);
		}
	}
	if (b.over || b.n == 0 || !text_is_line(b.p, b.n) ||
	    !text_is_utf8(b.p, b.n)) {
		buf_free(&b);
		return NULL;
	}
	return buf_take(&b);
}

static void
keep(struct caller *c, const struct passwd *pw)
{
	if (pw->pw_name == NULL || pw->pw_name[0] == '\0')
		return;
	c->login = mem_str(pw->pw_name);
	if (pw->pw_gecos != NULL)
		c->full_name = caller_gecos(pw->pw_gecos, c->login);
}

static bool
find_in_file(struct caller *c)
{
	char space[ENTRY_MAX];
	struct passwd pw, *found = NULL;
	FILE *f = fopen("/etc/passwd", "re");

	if (f == NULL)
		return false;
	do {
		if (fgetpwent_r(f, &pw, space, sizeof(space), &found) != 0)
			found = NULL;
	} while (found != NULL && found->pw_uid != c->uid);
	if (found != NULL)
		keep(c, found);
	(void)fclose(f);
	return found != NULL;
}

void
caller_load(struct caller *c, uint32_t uid)
{
	char space[ENTRY_MAX];
	struct passwd pw, *found = NULL;

	*c = (struct caller){ .uid = uid };
	if (find_in_file(c))
		return;
	if (getpwuid_r(uid, &pw, space, sizeof(space), &found) == 0 &&
	    found != NULL)
		keep(c, found);
}

void
caller_free(struct caller *c)
{
	mem_free(c->login);
	mem_free(c->full_name);
	*c = (struct caller){ 0 };
}

bool
caller_trusted(const struct caller *c, const struct conf *conf)
{
	if (c->uid == 0)
		return true;
	for (size_t i = 0; c->login != NULL && i < conf->trusted.n; i++)
		if (strcmp(conf->trusted.v[i], c->login) == 0)
			return true;
	return false;
}

bool
caller_owns(const struct caller *c, const struct conf *conf, const char *addr)
{
	const char *at = addr_at(addr);

	if (c->login == NULL || at == NULL)
		return false;
	return strlen(c->login) == (size_t)(at - addr) &&
	    memcmp(addr, c->login, (size_t)(at - addr)) == 0 &&
	    (text_str_case_eq(at + 1, conf->domain) ||
	    rewrite_is_local(conf, at + 1));
}

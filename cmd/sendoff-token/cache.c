/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/sendoff-token/cache.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/smtp/secret.h"

enum {
	CACHE_MAX = 4 * SECRET_MAX,	/* bytes of the file */
	CACHE_PATH_MAX = 4096,
	MARGIN_SEC = 60,		/* before its end a token is too old */
};

static const char format_line[] = "sendoff token 1";

void
cache_open(struct cache *c, const char *dir, const char *relay_name)
{
	struct buf b;

	memset(c, 0, sizeof(*c));
	c->lock = -1;
	if (dir == NULL)
		return;
	buf_init(&b, CACHE_PATH_MAX);
	buf_addf(&b, "%s/token-", dir);
	for (; *relay_name != '\0'; relay_name++) {
		if (text_is_alnum(*relay_name) || *relay_name == '-')
			buf_addc(&b, *relay_name);
		else
			buf_addf(&b, "%%%02X", (unsigned char)*relay_name);
	}
	if (b.over) {
		buf_free(&b);
		return;
	}
	c->dir = mem_str(dir);
	c->path = mem_str(buf_str(&b));
	buf_adds(&b, ".new");
	c->temp = mem_str(buf_str(&b));
	buf_cut(&b, b.n - 4);
	buf_adds(&b, ".lock");
	c->lock = open(buf_str(&b), O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NOCTTY, 0600);
	buf_free(&b);
	/* Whoever holds it is talking to the token server. */
	if (c->lock != -1)
		while (flock(c->lock, LOCK_EX) == -1 && errno == EINTR)
			;
}

void
cache_close(struct cache *c)
{
	if (c->lock != -1)
		(void)close(c->lock);
	mem_free(c->dir);
	mem_free(c->path);
	mem_free(c->temp);
	memset(c, 0, sizeof(*c));
	c->lock = -1;
}

static void
put(struct buf *b, const char *key, const char *p, size_t n)
{
	buf_adds(b, key);
	buf_addc(b, ' ');
	text_base64(b, p, n);
	buf_addc(b, '\n');
}

/* For whom the token is: what makes another configuration another client. */
static void
put_client(struct buf *b, const struct oauth *o)
{
	const struct conf_relay *r = o->relay;
	struct buf id;

	buf_init(&id, CACHE_MAX);
	buf_addf(&id, "%s\n%s\n%s\n%d\n", r->oauth_token_url,
	    r->oauth_client_id, r->oauth_scope != NULL ? r->oauth_scope : "",
	    (int)r->oauth_grant);
	put(b, "client", buf_str(&id), id.n);
	put(b, "origin", buf_str(&o->refresh), o->refresh.n);
	buf_free(&id);
}

/* The line "key value" off the front of *s. */
static bool
take(struct slice *s, const char *key, struct buf *value)
{
	size_t n = strlen(key);
	const char *end = memchr(s->p, '\n', s->n);

	if (end == NULL || s->n <= n || memcmp(s->p, key, n) != 0 ||
	    s->p[n] != ' ')
		return false;
	if (!text_base64_decode(value, s->p + n + 1,
	    (size_t)(end - s->p) - n - 1))
		return false;
	s->n -= (size_t)(end + 1 - s->p);
	s->p = end + 1;
	return true;
}

static bool
parse(struct slice s, const struct buf *head, struct oauth_token *t)
{
	struct buf expires;
	int64_t when;
	bool ok = false;

	if (s.n <= head->n || memcmp(s.p, head->p, head->n) != 0)
		return false;
	s.p += head->n;
	s.n -= head->n;
	buf_init(&expires, 32);
	if (take(&s, "refresh", &t->refresh) &&
	    take(&s, "expires", &expires) && take(&s, "access", &t->access) &&
	    s.n == 0 && text_to_int(buf_str(&expires), expires.n, 0,
	    INT64_MAX, &when)) {
		t->expires_sec = when;
		ok = true;
	}
	buf_free(&expires);
	return ok;
}

static void
put_head(struct buf *b, const struct oauth *o)
{
	buf_addf(b, "%s\n", format_line);
	put_client(b, o);
}

void
cache_load(const struct cache *c, const struct oauth *o,
    struct oauth_token *t)
{
	struct buf text, head;
	struct err err;

	buf_init(&text, CACHE_MAX);
	buf_reserve(&text, CACHE_MAX);
	buf_init(&head, CACHE_MAX);
	buf_reserve(&head, CACHE_MAX);
	put_head(&head, o);
	if (c->path == NULL || secret_read(c->path, 0, &text, &err) == -1 ||
	    !parse(buf_slice(&text), &head, t)) {
		buf_reset(&t->access);
		buf_reset(&t->refresh);
		buf_add(&t->refresh, o->refresh.p, o->refresh.n);
	}
	/* One that a clock set back makes last for ever is not believed. */
	if (t->expires_sec < clock_wall_sec() + MARGIN_SEC ||
	    t->expires_sec > clock_wall_sec() + 8 * 86400)
		buf_reset(&t->access);
	buf_wipe(&text);
	buf_wipe(&head);
}

static int
write_all(int fd, const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->n) {
		n = write(fd, b->p + done, b->n - done);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static int
sync_folder(const char *path)
{
	char *dir = mem_str(path), *slash = strrchr(dir, '/');
	int fd, ret = -1;

	if (slash != NULL)
		slash[slash == dir ? 1 : 0] = '\0';
	fd = open(slash != NULL ? dir : ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (fd != -1) {
		ret = fsync(fd);
		(void)close(fd);
	}
	mem_free(dir);
	return ret;
}

int
cache_write_file(const char *path, const char *temp, uid_t owner,
    const struct buf *text, struct err *err)
{
	int fd, ret = -1;

	(void)unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd == -1)
		return err_sys(err, "create %s", temp);
	if ((owner != geteuid() && fchown(fd, owner, (gid_t)-1) == -1) ||
	    write_all(fd, text) == -1 || fsync(fd) == -1) {
		err_sys(err, "write %s", temp);
		goto out;
	}
	if (rename(temp, path) == -1 || sync_folder(path) == -1) {
		err_sys(err, "rename %s to %s", temp, path);
		goto out;
	}
	ret = 0;
out:
	if (ret == -1)
		(void)unlink(temp);
	(void)close(fd);
	return ret;
}

bool
cache_store(const struct cache *c, const struct oauth *o,
    const struct oauth_token *t)
{
	char expires[32];
	struct buf b;
	struct err err;
	int ret = -1;

	if (c->path == NULL || c->lock == -1)
		return false;
	buf_init(&b, CACHE_MAX);
	buf_reserve(&b, CACHE_MAX);
	put_head(&b, o);
	put(&b, "refresh", buf_str(&t->refresh), t->refresh.n);
	(void)snprintf(expires, sizeof(expires), "%lld",
	    (long long)t->expires_sec);
	put(&b, "expires", expires, strlen(expires));
	put(&b, "access", t->access.p, t->access.n);
	if (!b.over)
		ret = cache_write_file(c->path, c->temp, geteuid(), &b, &err);
	buf_wipe(&b);
	return ret == 0;
}

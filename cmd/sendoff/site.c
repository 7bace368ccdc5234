/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/mem.h"

#include "cmd/sendoff/site.h"

enum {
	PATH_BYTES = 4096,
};

struct files {
	const struct conf	*conf;
	const char		*label;		/* of the relay, for people */
	uid_t			 owner;		/* who runs the queue */
	gid_t			 group;
	size_t			 problems;
};

int
site_load(struct admin *a)
{
	struct err err = { 0 };
	size_t i;

	if (conf_load(a->conf_path, &a->conf, &a->problems, &err) == -1)
		return admin_fail(&err);
	for (i = 0; i < a->problems.n; i++)
		(void)admin_say(0, "%s", a->problems.v[i].text);
	return a->problems.n > 0 ? EX_CONFIG : EX_OK;
}

int
site_relay(const struct admin *a, const char *name,
    const struct conf_relay **out)
{
	const struct conf_relay *relay = NULL;

	if (name != NULL)
		relay = conf_find_relay(&a->conf, name);
	else if (a->conf.nrelays > 0)
		relay = &a->conf.relays[0];
	if (relay == NULL && name != NULL)
		return admin_say(EX_USAGE, "%s: there is no [relay %s]",
		    a->conf.path, name);
	if (relay == NULL || relay->nhosts == 0)
		return admin_say(EX_CONFIG, "%s: no relay is configured; "
		    "[relay] needs a host", a->conf.path);
	*out = relay;
	return EX_OK;
}

static void
problem(struct files *f, const char *key, const char *path, const char *what)
{
	(void)admin_say(0, "%s: %s%s: %s: %s", f->conf->path, f->label, key,
	    path, what);
	f->problems++;
}

/* "DIR of the configuration/file" for a relative one. */
static char *
beside(const struct conf *conf, const char *file)
{
	const char *slash = strrchr(conf->path, '/');
	struct buf b;

	if (file[0] == '/' || slash == NULL)
		return mem_str(file);
	buf_init(&b, PATH_BYTES);
	buf_add(&b, conf->path, (size_t)(slash + 1 - conf->path));
	buf_adds(&b, file);
	return buf_take(&b);
}

/* Can be opened, and is a file. False where nothing more can be judged. */
static bool
look(struct files *f, const char *key, const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool good = false;

	if (fd == -1 && (errno == EACCES || errno == EPERM) && geteuid() != 0)
		(void)admin_say(0, "%s: %s%s: %s: not readable for you, not "
		    "checked", f->conf->path, f->label, key, path);
	else if (fd == -1 || fstat(fd, st) == -1)
		problem(f, key, path, strerror(errno));
	else if (!S_ISREG(st->st_mode))
		problem(f, key, path, "not a file");
	else
		good = true;
	if (fd != -1)
		(void)close(fd);
	return good;
}

static void
check_readable(struct files *f, const char *key, const char *path)
{
	struct stat st;

	if (path != NULL)
		(void)look(f, key, path, &st);
}

static bool
readable_by_runner(const struct files *f, const struct stat *st)
{
	if (f->owner == 0)
		return true;
	if (st->st_uid == f->owner)
		return (st->st_mode & S_IRUSR) != 0;
	return st->st_gid == f->group && (st->st_mode & S_IRGRP) != 0;
}

/* INTERFACE 2, "Secrets": root's or the runner's, and nobody else's to read
 * but the runner's group. */
static void
check_secret(struct files *f, const char *key, const char *file,
    const char *elsewhere)
{
	struct stat st;
	char *path;

	if (file == NULL)
		return;
	path = beside(f->conf, file);
	if (elsewhere != NULL && access(path, F_OK) == -1 &&
	    errno == ENOENT) {
		(void)admin_say(0, "%s: %s%s: %s is not there; %s",
		    f->conf->path, f->label, key, path, elsewhere);
	} else if (look(f, key, path, &st)) {
		if (st.st_uid != 0 && st.st_uid != f->owner)
			problem(f, key, path, "belongs neither to root nor "
			    "to the runner's user");
		if ((st.st_mode & S_IRWXO) != 0)
			problem(f, key, path, "others may read it; chmod o=");
		else if ((st.st_mode & S_IRWXG) != 0 && st.st_gid != f->group)
			problem(f, key, path, "a group that is not the "
			    "runner's may read it; chmod g=");
		if (!readable_by_runner(f, &st))
			problem(f, key, path, "the runner cannot read it; "
			    "chgrp it to the runner's group and chmod g=r");
		if (st.st_size == 0)
			problem(f, key, path, "empty");
	}
	mem_free(path);
}

static void
check_relay_files(struct files *f, const struct conf_relay *r)
{
	const char *service = "the runner's service has to provide it as a "
	    "credential";

	check_readable(f, "tls_ca_file", r->tls_ca_file);
	check_readable(f, "tls_cert_file", r->tls_cert_file);
	check_secret(f, "tls_key_file", r->tls_key_file, NULL);
	check_secret(f, "password_file", r->password_file,
	    r->password_file == NULL || r->password_file[0] == '/' ? NULL :
	    service);
	check_secret(f, "oauth_client_secret_file",
	    r->oauth_client_secret_file, NULL);
	check_secret(f, "oauth_refresh_token_file",
	    r->oauth_refresh_token_file, "it is made on the first login");
}

/* Who the runner is: the queue's owner, else the user of its name. */
static void
find_owner(struct files *f)
{
	struct stat st;
	const struct passwd *pw;

	f->owner = geteuid();
	f->group = getegid();
	if (stat(f->conf->queue_dir, &st) == 0) {
		f->owner = st.st_uid;
		f->group = st.st_gid;
		return;
	}
	pw = getpwnam("sendoff");
	if (pw != NULL) {
		f->owner = pw->pw_uid;
		f->group = pw->pw_gid;
	}
}

static void
check_queue_dir(struct files *f)
{
	struct stat st;

	f->label = "";
	if (stat(f->conf->queue_dir, &st) == -1) {
		if (errno == ENOENT)
			(void)admin_say(0, "%s: directory: %s is not there "
			    "yet; the runner makes it where it may",
			    f->conf->path, f->conf->queue_dir);
		else if (errno != EACCES)
			problem(f, "directory", f->conf->queue_dir,
			    strerror(errno));
		return;
	}
	if (!S_ISDIR(st.st_mode))
		problem(f, "directory", f->conf->queue_dir,
		    "not a directory");
	else if ((st.st_mode & S_IWOTH) != 0)
		problem(f, "directory", f->conf->queue_dir,
		    "everybody may write to it; chmod o=");
}

size_t
site_check_files(struct admin *a)
{
	struct files f = { .conf = &a->conf };
	char label[100];
	size_t i;

	find_owner(&f);
	check_queue_dir(&f);
	for (i = 0; i < a->conf.nrelays; i++) {
		const char *name = a->conf.relays[i].name;

		(void)snprintf(label, sizeof(label), name[0] != '\0' ?
		    "[relay %s] " : "[relay%s] ", name);
		f.label = label;
		check_relay_files(&f, &a->conf.relays[i]);
	}
	return f.problems;
}

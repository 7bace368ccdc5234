/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/paths.h"
#include "core/smtp/secret.h"

enum {
	PATH_BYTES = 8192,
};

void
secret_init(struct buf *b)
{
	buf_init(b, SECRET_MAX);
	buf_reserve(b, SECRET_MAX);
}

static char *
join(const char *dir, size_t n, const char *name)
{
	struct buf b;

	buf_init(&b, PATH_BYTES);
	buf_add(&b, dir, n);
	buf_addc(&b, '/');
	buf_adds(&b, name);
	return buf_take(&b);
}

char *
secret_locate(const char *name, const char *conf_path,
    const char *credentials_dir, int *flags)
{
	const char *slash;
	char *path;

	*flags = 0;
	if (name[0] == '/')
		return mem_str(name);
	if (credentials_dir != NULL && credentials_dir[0] == '/') {
		path = join(credentials_dir, strlen(credentials_dir), name);
		if (access(path, F_OK) == 0) {
			*flags = SECRET_ROOT_GROUP;
			return path;
		}
		mem_free(path);
	}
	if (conf_path == NULL)
		conf_path = paths_conf;
	slash = strrchr(conf_path, '/');
	if (slash == NULL)
		return mem_str(name);
	return join(conf_path, (size_t)(slash - conf_path), name);
}

/* Whose it may be beside root's, and whose group may read it. What root runs
 * by hand (sendoff check, login) reads as the runner will. */
static void
find_runner(uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = geteuid() == 0 ? getpwnam("sendoff") : NULL;

	*uid = pw != NULL ? pw->pw_uid : geteuid();
	*gid = pw != NULL ? pw->pw_gid : getegid();
}

static int
check_file(const char *path, int fd, int flags, struct err *err)
{
	struct stat st;
	uid_t uid;
	gid_t gid;

	find_runner(&uid, &gid);
	if (fstat(fd, &st) == -1)
		return err_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_TEMP, "4.7.0",
		    "%s is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != uid && st.st_uid != geteuid())
		return err_set(err, ERR_TEMP, "4.7.0",
		    "%s belongs to uid %lu: it must belong to root or to "
		    "uid %lu", path, (unsigned long)st.st_uid,
		    (unsigned long)uid);
	if ((st.st_mode & (S_IRWXO | S_IWGRP | S_IXGRP)) != 0)
		return err_set(err, ERR_TEMP, "4.7.0",
		    "%s has mode %04o: chmod it to 0640 or 0600", path,
		    (unsigned)(st.st_mode & 07777));
	if ((st.st_mode & S_IRGRP) != 0 && st.st_gid != gid &&
	    st.st_gid != getegid() &&
	    !(st.st_gid == 0 && (flags & SECRET_ROOT_GROUP) != 0))
		return err_set(err, ERR_TEMP, "4.7.0",
		    "%s can be read by group %lu: chmod it to 0600, or chgrp "
		    "it to group %lu", path, (unsigned long)st.st_gid,
		    (unsigned long)gid);
	return 0;
}

static int
read_all(const char *path, int fd, struct buf *out, struct err *err)
{
	char block[4096];
	ssize_t n;

	do {
		n = read(fd, block, sizeof(block));
		if (n > 0)
			buf_add(out, block, (size_t)n);
	} while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1)
		err_sys(err, "read %s", path);
	explicit_bzero(block, sizeof(block));
	if (n == -1)
		return -1;
	if (out->over)
		return err_set(err, ERR_TEMP, "4.7.0", "%s is over %d bytes",
		    path, SECRET_MAX);
	return 0;
}

int
secret_read(const char *path, int flags, struct buf *out, struct err *err)
{
	bool follow = (flags & SECRET_FOLLOW) != 0;
	int fd, ret = -1;

	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
	    (follow ? 0 : O_NOFOLLOW));
	if (fd == -1 && errno == ELOOP && !follow)
		return err_set(err, ERR_TEMP, "4.7.0",
		    "%s is a symbolic link: name the file itself", path);
	if (fd == -1) {
		err_sys(err, "open %s", path);
		goto out;
	}
	if (check_file(path, fd, flags, err) == -1)
		goto out;
	ret = read_all(path, fd, out, err);
out:
	if (fd != -1)
		(void)close(fd);
	return ret;
}

bool
secret_first_line(struct buf *b)
{
	const char *nl;

	nl = b->n > 0 ? memchr(b->p, '\n', b->n) : NULL;
	if (nl != NULL) {
		explicit_bzero(b->p + (nl - b->p), b->n - (size_t)(nl - b->p));
		buf_cut(b, (size_t)(nl - b->p));
	}
	if (b->n > 0 && b->p[b->n - 1] == '\r')
		buf_cut(b, b->n - 1);
	return b->n > 0 && memchr(b->p, '\0', b->n) == NULL;
}

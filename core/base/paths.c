/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

const char paths_conf[] = SYSCONFDIR "/sendoff/sendoff.conf";
const char paths_spool[] = SPOOLDIR;
const char paths_gate[] = RUNDIR "/sendoff/gate";

enum {
	PATH_BYTES = 4096,
};

/* "DIR/name" of the running program's own directory, or NULL. */
static char *
beside(const char *name)
{
	char self[PATH_BYTES];
	struct buf b;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return NULL;
	buf_init(&b, PATH_BYTES * 2);
	buf_add(&b, self, (size_t)(slash + 1 - self));
	buf_adds(&b, name);
	return buf_take(&b);
}

static char *
installed(const char *name)
{
	struct buf b;

	buf_init(&b, PATH_BYTES);
	buf_addf(&b, "%s/%s", strncmp(name, "sendoff-", 8) == 0 ?
	    LIBEXECDIR : SBINDIR, name);
	return buf_take(&b);
}

char *
paths_program(const char *name)
{
	char *mark = beside("sendoff-deliver"), *path = NULL;

	/* Only a build tree has sendoff-deliver beside the others. */
	if (mark != NULL && access(mark, X_OK) == 0)
		path = beside(name);
	mem_free(mark);
	return path != NULL ? path : installed(name);
}

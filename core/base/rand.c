/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/rand.h"

/* An id that might not be unique is no id; the queue makes the end safe. */
static _Noreturn void
give_up(void)
{
	static const char line[] = "no random bytes from the kernel\n";
	ssize_t r = write(STDERR_FILENO, line, sizeof(line) - 1);

	(void)r;
	_exit(mem_exit_status);
}

void
rand_bytes(void *p, size_t n)
{
	while (getrandom(p, n, 0) != (ssize_t)n)
		if (errno != EINTR)
			give_up();
}

uint32_t
rand_u32(void)
{
	uint32_t v;

	rand_bytes(&v, sizeof(v));
	return v;
}

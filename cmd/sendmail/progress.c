/* SPDX-License-Identifier: ISC */
#include <unistd.h>

#include "cmd/sendmail/progress.h"
#include "cmd/sendmail/say.h"

enum {
	BAR_COLUMNS = 40,
	LINE_BYTES = 256,
};

void
progress_init(struct progress *p)
{
	*p = (struct progress){ .terminal = isatty(STDOUT_FILENO) == 1 };
}

void
progress_draw(struct buf *b, int64_t done, int64_t total)
{
	int64_t full;

	if (total < 0)
		total = 0;
	if (done < 0)
		done = 0;
	if (done > total)
		done = total;
	/* divided first where the product might not fit */
	full = total == 0 ? BAR_COLUMNS : done > INT64_MAX / BAR_COLUMNS ?
	    done / (total / BAR_COLUMNS) : done * BAR_COLUMNS / total;
	buf_adds(b, "\r[");
	for (int i = 0; i < BAR_COLUMNS; i++)
		buf_addc(b, i < full ? '#' : '.');
	buf_addf(b, "] %lld of %lld", (long long)done, (long long)total);
}

void
progress_show(struct progress *p, int64_t done, int64_t total)
{
	struct buf b;

	if (!p->terminal)
		return;
	buf_init(&b, LINE_BYTES);
	progress_draw(&b, done, total);
	if (say_out(b.p, b.n) == -1)
		p->terminal = false;
	p->drawn = true;
	buf_free(&b);
}

void
progress_end(struct progress *p)
{
	if (p->terminal && p->drawn)
		(void)say_out("\n", 1);
	p->drawn = false;
}

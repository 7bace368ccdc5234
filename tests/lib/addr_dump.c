/* SPDX-License-Identifier: ISC */
/* Address lists from standard input, each "LENGTH LF BYTES LF", as lines of
 * JSON: a list of addresses, null for one that is refused. For
 * tests/e2e/test_addr_model.py. */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/mail/addr.h"

static void
dump(const char *p, size_t n, struct buf *out)
{
	struct addr_list l;
	const char *addr;
	size_t i;

	addr_list_parse(&l, p, n);
	buf_addc(out, '[');
	for (i = 0; i < l.n; i++) {
		buf_adds(out, i > 0 ? "," : "");
		addr = l.v[i].addr;
		if (addr == NULL)
			buf_adds(out, "null");
		else
			text_json(out, addr, strlen(addr));
	}
	buf_adds(out, "]\n");
	addr_list_free(&l);
}

int
main(void)
{
	char line[32], in[4096];
	struct buf out;
	int64_t n;

	buf_init(&out, 64 << 20);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (!text_to_int(line, strcspn(line, "\n"), 0, sizeof(in), &n) ||
		    fread(in, 1, (size_t)n, stdin) != (size_t)n ||
		    getchar() != '\n')
			return 1;
		dump(in, (size_t)n, &out);
	}
	(void)fwrite(buf_str(&out), 1, out.n, stdout);
	buf_free(&out);
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cmd/sendmail/words.h"
#include "core/base/mem.h"
#include "core/base/paths.h"

void
words_init(struct words *w, const struct site *site, const char *program)
{
	char *path = paths_program(program);

	*w = (struct words){ 0 };
	words_add(w, path);
	mem_free(path);
	if (site->conf_file != NULL) {
		words_add(w, "-C");
		words_add(w, site->conf_file);
	}
	if (site->queue_dir != NULL && strcmp(program, "sendoffd") == 0) {
		words_add(w, "--queue");
		words_add(w, site->queue_dir);
	}
}

void
words_add(struct words *w, const char *word)
{
	w->v = mem_array(w->v, w->n + 2, sizeof(*w->v));
	w->v[w->n++] = mem_str(word);
	w->v[w->n] = NULL;
}

void
words_cut(struct words *w, size_t n)
{
	while (w->n > n) {
		mem_free(w->v[--w->n]);
		w->v[w->n] = NULL;
	}
}

void
words_free(struct words *w)
{
	words_cut(w, 0);
	mem_free(w->v);
	*w = (struct words){ 0 };
}

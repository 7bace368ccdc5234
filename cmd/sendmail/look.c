/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "cmd/sendmail/args.h"
#include "cmd/sendmail/look.h"
#include "cmd/sendmail/names.h"
#include "core/base/compat.h"

enum options_name
look_name(int argc, char **argv)
{
	const char *word = argc > 0 && argv[0] != NULL ? argv[0] : "";
	const char *slash = strrchr(word, '/');

	if (slash != NULL)
		word = slash + 1;
	if (strcmp(word, "mailq") == 0)
		return OPTIONS_MAILQ;
	if (strcmp(word, "newaliases") == 0)
		return OPTIONS_NEWALIASES;
	return OPTIONS_SENDMAIL;
}

enum options_mode
look_mode(enum options_name name)
{
	if (name == OPTIONS_MAILQ)
		return OPTIONS_LIST;
	if (name == OPTIONS_NEWALIASES)
		return OPTIONS_ALIASES;
	return OPTIONS_SUBMIT;
}

bool
look_mode_letter(const char *value, enum options_mode *mode)
{
	static const struct {
		char			letter;
		enum options_mode	mode;
	} modes[] = {
		{ 'm', OPTIONS_SUBMIT }, { 'p', OPTIONS_LIST },
		{ 'i', OPTIONS_ALIASES }, { 'v', OPTIONS_VERIFY },
		{ 's', OPTIONS_SMTP }, { 'S', OPTIONS_BATCH },
		{ 'd', OPTIONS_RUNNER }, { 'D', OPTIONS_RUNNER },
		{ 'h', OPTIONS_STATUS }, { 'H', OPTIONS_STATUS },
	};

	if (value[0] == '\0' || value[1] != '\0')
		return false;
	for (size_t i = 0; i < NELEM(modes); i++) {
		if (modes[i].letter == value[0]) {
			*mode = modes[i].mode;
			return true;
		}
	}
	return false;
}

/* The directory that -o or -O names, or NULL when it is about another. */
static const char *
queue_of(int letter, const char *value)
{
	const char *equals;

	if (letter == 'o')
		return names_letter(value[0]) == NAMES_QUEUE ? value + 1 : NULL;
	equals = strchr(value, '=');
	if (equals == NULL ||
	    names_word(value, (size_t)(equals - value)) != NAMES_QUEUE)
		return NULL;
	return equals + 1;
}

void
look_take(int argc, char **argv, struct look *look)
{
	struct args a;
	const char *value, *dir;
	int letter;

	*look = (struct look){ .name = look_name(argc, argv) };
	look->mode = look_mode(look->name);
	args_init(&a, argc, argv, look->name == OPTIONS_MAILQ);
	for (;;) {
		letter = args_next(&a, &value);
		if (letter == ARGS_END)
			break;
		if (letter == ARGS_UNKNOWN || letter == ARGS_MISSING ||
		    (letter == 'b' && !look_mode_letter(value, &look->mode)))
			look->broken = true;
		if (letter == 'I')
			look->mode = OPTIONS_ALIASES;
		if (letter == 'q' && look->mode == OPTIONS_SUBMIT)
			look->mode = OPTIONS_FLUSH;
		if (letter == 'C')
			look->conf_file = value;
		if (letter == 'o' || letter == 'O') {
			dir = queue_of(letter, value);
			if (dir != NULL)
				look->queue_dir = dir;
		}
	}
}

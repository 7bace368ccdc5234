/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "cmd/sendmail/args.h"

static const char flags[] = "GIUcimnstvx";
static const char attached[] = "AQTdeq";
static const char separate[] = "BCDFLMNORVXbfhopr";

void
args_init(struct args *a, int argc, char **argv, bool longs)
{
	*a = (struct args){ .argc = argc, .argv = argv, .next = 1,
	    .longs = longs };
}

/* Is there a word of options? Leaves its letters in a->group. */
static bool
take_word(struct args *a)
{
	const char *word;

	if (a->next >= a->argc || a->argv[a->next] == NULL)
		return false;
	word = a->argv[a->next];
	if (word[0] != '-' || word[1] == '\0')
		return false;
	a->next++;
	if (strcmp(word, "--") == 0) {
		a->dashed = true;
		return false;
	}
	a->group = word + 1;
	return true;
}

/* The rest of the word in hand, or NULL when there is none. */
static const char *
take_rest(struct args *a)
{
	const char *rest = a->group;

	a->group = NULL;
	return rest != NULL && *rest != '\0' ? rest : NULL;
}

static int
with_argument(struct args *a, int letter, const char **value)
{
	const char *word = a->group - 1;

	*value = take_rest(a);
	if (*value != NULL)
		return letter;
	if (a->next >= a->argc || a->argv[a->next] == NULL) {
		*value = word;
		return ARGS_MISSING;
	}
	*value = a->argv[a->next++];
	return letter;
}

int
args_next(struct args *a, const char **value)
{
	char c;

	*value = NULL;
	if (a->group == NULL && (a->dashed || !take_word(a)))
		return ARGS_END;
	if (a->longs && a->group[0] == '-' &&
	    a->group == a->argv[a->next - 1] + 1) {
		*value = a->group + 1;
		a->group = NULL;
		return ARGS_LONG;
	}
	c = *a->group++;
	if (strchr(flags, c) != NULL) {
		if (*a->group == '\0')
			a->group = NULL;
		return (unsigned char)c;
	}
	if (strchr(attached, c) != NULL) {
		*value = take_rest(a);
		return (unsigned char)c;
	}
	if (strchr(separate, c) != NULL)
		return with_argument(a, (unsigned char)c, value);
	*value = a->group - 1;
	a->group = NULL;
	return ARGS_UNKNOWN;
}

/* SPDX-License-Identifier: ISC */
/*
 * names - the options that sendmail's configuration knows, by letter (-o)
 * and by name (-O), and the few of them that act here.
 *
 * Source	sendmail 8.18's readcf.c
 * Pure
 */
#ifndef CMD_SENDMAIL_NAMES_H
#define CMD_SENDMAIL_NAMES_H

#include <stddef.h>

enum names_act {
	NAMES_UNKNOWN,
	NAMES_NOTHING,		/* known, and without effect */
	NAMES_DOTS,
	NAMES_DELIVERY,
	NAMES_ERRORS,
	NAMES_HOPS,
	NAMES_QUEUE,
	NAMES_SIZE,
};

enum names_act	names_letter(char);

/* p[0..n) is the name before "="; a ".sub" behind it is left out of account
 * (Timeout.queuereturn). ASCII case does not matter. */
enum names_act	names_word(const char *p, size_t n);

#endif

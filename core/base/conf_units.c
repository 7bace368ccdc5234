/* SPDX-License-Identifier: ISC */
#include "core/base/conf.h"
#include "core/base/text.h"

bool
conf_duration(const char *p, size_t n, int64_t *sec)
{
	int64_t total = 0, count, unit;
	size_t i = 0, from;

	if (n == 1 && p[0] == '0') {
		*sec = 0;
		return true;
	}
	while (i < n) {
		from = i;
		while (i < n && text_is_digit(p[i]))
			i++;
		if (i == n || !text_to_int(p + from, i - from, 0, INT32_MAX,
		    &count))
			return false;
		switch (text_lower(p[i++])) {
		case 's':
			unit = 1;
			break;
		case 'm':
			unit = 60;
			break;
		case 'h':
			unit = 3600;
			break;
		case 'd':
			unit = 86400;
			break;
		default:
			return false;
		}
		total += count * unit;
		if (total > INT64_MAX / 1024)
			return false;
	}
	if (n == 0)
		return false;
	*sec = total;
	return true;
}

bool
conf_size(const char *p, size_t n, int64_t *bytes)
{
	int64_t count;
	int shift = 0;

	if (n == 0)
		return false;
	switch (text_lower(p[n - 1])) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	default:
		break;
	}
	if (!text_to_int(p, shift != 0 ? n - 1 : n, 0, INT64_MAX >> shift,
	    &count))
		return false;
	*bytes = count << shift;
	return true;
}

/* SPDX-License-Identifier: ISC */
/*
 * log - one line to wherever the configuration says.
 *
 * The format's arguments may hold remote or user bytes only after
 * text_clean; log cleans the finished line once more, so nothing splits it.
 *
 * Limits	LOG_LINE_MAX; a longer line is cut
 * Errors	none: a sink that blocks or is gone loses the line, never time
 * Owns		the sink (the one mutable global of core/)
 */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include "core/base/compat.h"
#include "core/base/err.h"

enum {
	LOG_LINE_MAX = 2048,		/* bytes of one line */
};

enum log_target { LOG_TO_SYSLOG, LOG_TO_STDERR, LOG_TO_FILE };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * Makes the file of LOG_TO_FILE where it is missing. The runner alone does so:
 * one that root or a caller had made would be closed to it.
 */
int	log_make_file(const char *path, struct err *);

/*
 * ident is a constant ("sendoffd"); path is for LOG_TO_FILE, opened here for
 * appending (O_NOFOLLOW), and never made. Until it is called, lines go to standard error.
 * On -1 (the file cannot be opened) the sink stays what it was.
 */
int	log_open(const char *ident, enum log_target, const char *path,
	    enum log_level, struct err *);
void	log_close(void);

void	log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void	log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void	log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * A line about a message, at level info. In syslog and files it is tagged
 * "sendoff/PART", since readers of Postfix's log (pflogsumm, logwatch) look at
 * the part: pickup, qmgr, smtp. part is a constant.
 */
void	log_mail(const char *part, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif

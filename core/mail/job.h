/* SPDX-License-Identifier: ISC */
/*
 * job - what the runner hands a worker, and what the worker answers.
 *
 * A worker is started as
 *	sendoff-deliver [-C FILE] [-v] [RELAY]
 * where RELAY is the NAME of [relay NAME]; without it the unnamed one. -C is
 * there when the runner got it; -v: the dialogue goes to standard error.
 * The two hold the ends of a SOCK_SEQPACKET pair (the worker's is fd 0).
 * Runner to worker: one packet "job N" with two descriptors: the message
 * file (read only, its lock rides on it; use pread, the offset is shared),
 * and a memfd with the job as text. The worker may be given the next job
 * before the last one is answered. End of file means: finish and quit.
 *
 * Worker to runner, one packet each:
 *	ready				started, secrets read, locked down
 *	up RELAY SIZE CAPS		a session stands: size limit and bits
 *	down KIND DSN RELAY TEXT	the relay cannot be used; jobs in hand are
 *					returned; the worker ends
 *	rcpt N I OUTCOME		recipient I of job N (as job.index has it),
 *					at most once
 *	done N				job N is over. Recipients without an
 *					outcome were not attempted.
 *	idle				connection closed, no job in hand
 *
 * Values are encoded as in an envelope; OUTCOME is outcome.h's text. A packet
 * that does not parse is a broken worker: its jobs are "try later".
 *
 * The job's text:
 *	job NUMBER
 *	message OFFSET SIZE CRC
 *	index N...			one number for each "rcpt" below
 *	(the envelope, as envelope.h has it)
 *
 * Limits	JOB_PACKET_MAX bytes a packet
 * Errors	ERR_PROTO
 * Pure
 */
#ifndef CORE_MAIL_JOB_H
#define CORE_MAIL_JOB_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"

enum {
	JOB_PACKET_MAX = 8192,		/* bytes */
	JOB_WINDOW = 6,			/* most jobs in one worker's hands: four in
					   flight, and the next ones ready */
};

struct job {
	uint32_t	number;		/* unique within the worker */
	int64_t		offset;		/* of the message in the file */
	int64_t		size;		/* bytes, as it will be sent (CRLF) */
	uint32_t	crc;		/* crc32c of those bytes */
	struct envelope	env;		/* only the recipients to attempt */
	uint32_t	*index;		/* owned; their numbers in the queue file,
					   env.nrcpts of them */
};

/* Zeroed is empty. */
void	job_free(struct job *);
void	job_write(const struct job *, struct buf *);
int	job_parse(const char *p, size_t n, struct job *, struct err *);

enum job_say_kind {
	JOB_SAY_READY, JOB_SAY_UP, JOB_SAY_DOWN, JOB_SAY_RCPT, JOB_SAY_DONE,
	JOB_SAY_IDLE,
};

enum job_down {			/* why the relay cannot be used */
	JOB_DOWN_CONNECT,	/* DNS, connect, greeting, EHLO, lost */
	JOB_DOWN_TLS,		/* STARTTLS, handshake, certificate */
	JOB_DOWN_AUTH,		/* secrets, mechanisms, 535, 530 */
	JOB_DOWN_CONF,		/* what the configuration names is not there */
};

enum job_cap {			/* bits: what the relay announced */
	JOB_CAP_PIPELINING = 1, JOB_CAP_SIZE = 2, JOB_CAP_8BITMIME = 4,
	JOB_CAP_SMTPUTF8 = 8, JOB_CAP_DSN = 16, JOB_CAP_CHUNKING = 32,
	JOB_CAP_TLS = 64, JOB_CAP_AUTH = 128,
};

struct job_say {
	enum job_say_kind	kind;
	uint32_t		number;		/* RCPT, DONE */
	uint32_t		index;		/* RCPT */
	struct outcome		outcome;	/* RCPT; UP: relay; DOWN: dsn, text,
						   relay */
	enum job_down		down;		/* DOWN */
	int64_t			size_max;	/* UP; 0: none announced */
	unsigned		caps;		/* UP */
};

void	job_say_write(const struct job_say *, struct buf *);
int	job_say_parse(const char *p, size_t n, struct job_say *, struct err *);

#endif

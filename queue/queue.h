/* SPDX-License-Identifier: ISC */
/*
 * queue - messages on disk: made, found, claimed, journalled, finished.
 *
 * One message is one file, DIR/queue/ID, which never moves; DIR/corrupt/
 * takes what cannot be read. Bytes, states and crashes: queue/FORMAT.md.
 * The only room that knows the disk; every system call stands in queue/fs.c.
 *
 * The claim: said yes => there, whole. Said no => nothing that is ever sent.
 * Killed anywhere => absent or whole, and the sweep cleans. Outcome recorded
 * => never delivered again.
 *
 * Errors	ERR_TEMP unless a function says otherwise; ERR_CONF for a
 *		directory that is no queue (wrong owner, others may write)
 * Owns		descriptors of the directories; all CLOEXEC
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/crc32c.h"
#include "core/base/err.h"
#include "core/base/id.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"

struct queue;

enum queue_mode {
	QUEUE_SUBMIT,		/* make drafts; look at nothing */
	QUEUE_READ,		/* list and load */
	QUEUE_RUN,		/* everything; makes missing directories when
				   the caller owns DIR, checks owner, mode */
};

int	queue_open(const char *dir, enum queue_mode, struct queue **,
	    struct err *);
void	queue_close(struct queue *);

/* Who owns DIR: the runner becomes this user. */
uint32_t	queue_owner_uid(const struct queue *);

/* Makes DIR (0750), DIR/queue and DIR/corrupt (03770) where missing. */
int	queue_create(const char *dir, struct err *);

/* Refuses (ERR_TEMP, 4.3.1) below min_free bytes or 1 % of free inodes. */
int	queue_check_space(const struct queue *, int64_t min_free,
	    struct err *);

/* How many messages uid has queued; for [queue] per_user. */
int	queue_count_uid(const struct queue *, uint32_t uid, size_t *n,
	    struct err *);

/*
 * Drafts. draft_create makes and locks the file (no other byte is written);
 * a program with privilege drops it after this. Then draft_begin with the
 * envelope (the id is put into it), draft_write for the message in the form
 * in which it will be sent, draft_commit. Until commit has returned 0 there
 * is no message; whatever happens earlier, draft_abort truncates, and the
 * sweep removes. A failed fsync is never retried and never believed.
 */
struct draft {
	int		 fd;		/* -1: none */
	int		 dir_fd;	/* borrowed or owned (own_dir) */
	bool		 own_dir;
	char		 id[ID_SIZE];
	char		*buf;		/* owned; bytes not yet written */
	size_t		 nbuf;
	int64_t		 env_size;	/* bytes of the envelope's text */
	uint32_t	 env_crc;
	int64_t		 size;		/* bytes of the message so far */
	uint32_t	 crc;
	int64_t		 journal;	/* private: bytes behind the message */
};

int	draft_create(struct queue *, struct draft *, struct err *);

/* For the gate: the id carries uid, and the file may be handed on. */
int	draft_create_gate(struct queue *, uint32_t uid, struct draft *,
	    struct err *);

/* A draft that came through the gate; takes both descriptors. */
void	draft_adopt(struct draft *, int fd, int dir_fd, const char *id);

/* ERR_DATA: an envelope without a recipient, or one that would not be read
 * back as it is. */
int	draft_begin(struct draft *, struct envelope *, struct err *);
int	draft_write(struct draft *, const char *p, size_t n, struct err *);

/*
 * Recipient rcpt of the envelope cannot be served (o's verdict is
 * OUTCOME_FAILED): the runner reports it and never tries it. After the last
 * draft_write only; recipients in ascending order, each once.
 */
int	draft_fail(struct draft *, uint32_t rcpt, const struct outcome *o,
	    int64_t now_sec, struct err *);

/* flags are ORed into the envelope's: what was learnt from the message. */
int	draft_commit(struct draft *, unsigned flags, struct err *);
void	draft_abort(struct draft *);

/* After its descriptor was sent to somebody: closes ours, lock and file are
 * theirs. */
void	draft_give(struct draft *);

/*
 * A message in hand. Loaded (queue_load: no lock, for listings) or claimed
 * (queue_claim: locked, may be journalled).
 */
enum queue_rcpt_state {
	QUEUE_RCPT_OWED,	/* still to be delivered */
	QUEUE_RCPT_SENT,
	QUEUE_RCPT_FAILED,	/* its failure is still to be reported */
	QUEUE_RCPT_TOLD,	/* failed and reported, or no report is due */
};

struct queue_rcpt {
	enum queue_rcpt_state	state;
	struct outcome		last;	/* OUTCOME_NONE: not yet tried */
	int64_t			last_sec;
	bool			warned;	/* a delay was reported */
	bool			told;	/* SENT, and that was reported */
};

struct queue_msg {
	struct envelope		 env;
	struct queue_rcpt	*rcpts;		/* env.nrcpts of them */
	int64_t			 offset, size;	/* of the message in the file */
	uint32_t		 crc;
	uint32_t		 attempts;
	int64_t			 last_sec, next_sec;	/* 0: none yet; due now.
						   No bounds: schedule_wait */
	bool			 hold;
	bool			 active;	/* somebody has it claimed */

	struct queue		*queue;		/* kept; NULL: only loaded */
	int			 fd;		/* its lock is the claim */
	int			 journal_fd;	/* -1 before the first line */
	int64_t			 journal_end;	/* where the next line goes */
	int64_t			 file_end;	/* private: more is torn */
	bool			 finished;	/* private: only litter */
	bool			 broken;	/* private: no more lines */
};

enum queue_found {
	QUEUE_OK,
	QUEUE_BUSY,		/* claimed by another, or a draft being made */
	QUEUE_GONE,		/* not there (any more), or swept just now */
	QUEUE_CORRUPT,		/* moved to corrupt/ (by claim); err says why */
	QUEUE_FOREIGN,		/* a newer format: left alone; err says so */
	QUEUE_FAILED,		/* could not be looked at now; err says why */
};

/*
 * Claims a committed message: opens it without following links, locks it,
 * checks kind, link count, mark, lengths, envelope checksum, id and journal;
 * replays the journal. A draft that nobody holds is swept (QUEUE_GONE). The
 * message's own checksum is left to who reads it (job.crc), or
 * queue_msg_verify. *msg is allocated on QUEUE_OK only.
 */
enum queue_found	queue_claim(struct queue *, const char *id,
	    struct queue_msg **msg, struct err *);

/* The same without lock and without touching anything; `active` is set. A
 * draft is QUEUE_BUSY, whoever holds it. */
enum queue_found	queue_load(struct queue *, const char *id,
	    struct queue_msg **msg, struct err *);

/* From a descriptor that the gate handed out; takes fd. */
enum queue_found	queue_load_fd(int fd, const char *id,
	    struct queue_msg **msg, struct err *);

/*
 * A copy of a loaded message for somebody who must not have the file itself
 * (a descriptor of it is enough to lock it): a sealed file in memory, with
 * the same lengths and offsets, but a hole for the message.
 */
int	queue_abridge(const struct queue_msg *, int *fd, struct err *);

/*
 * Such a copy straight from the file, of which only the first line is looked
 * at: for a child that keeps the queue's group to hand on. QUEUE_GONE for
 * what another than uid has queued, unless uid is QUEUE_ANYBODY.
 */
#define QUEUE_ANYBODY	UINT32_MAX

enum queue_found	queue_lend(struct queue *, const char *id,
	    uint32_t uid, int *fd, bool *active, struct err *);

int	queue_msg_verify(const struct queue_msg *, struct err *);

/* n bytes of the message from off (0 is its first); all, or it is an error. */
int	queue_msg_read(const struct queue_msg *, int64_t off, char *p, size_t n,
	    struct err *);

/*
 * Unlocks, closes and frees; the file stays. Not while a worker may still be
 * sending the message: it has the same open file, so a runner that dies
 * leaves it the claim, but one that releases takes it away.
 */
void	queue_release(struct queue_msg *);

/*
 * Makes sure, before an attempt, that its outcomes can be recorded: the file
 * can be written to, and room for a line per owed recipient is set aside.
 */
int	queue_reserve(struct queue_msg *, struct err *);

/*
 * The journal. Each call appends a complete line with one write; all of them
 * are durable when queue_record_sync has returned 0. On -1 the state in *msg
 * is as before, every later call fails too, and the message must not be
 * attempted further: release it, and claim it later. The same deferral once
 * more, and a verdict of OUTCOME_NONE, need no line.
 */
int	queue_record_outcome(struct queue_msg *, size_t rcpt,
	    const struct outcome *, int64_t now_sec, struct err *);
int	queue_record_told(struct queue_msg *, size_t rcpt, struct err *);
int	queue_record_warned(struct queue_msg *, size_t rcpt, struct err *);
int	queue_record_attempt(struct queue_msg *, uint32_t attempts,
	    int64_t now_sec, int64_t next_sec, struct err *);
int	queue_record_hold(struct queue_msg *, bool hold, struct err *);
int	queue_record_due(struct queue_msg *, int64_t next_sec, struct err *);
int	queue_record_sync(struct queue_msg *, struct err *);

/*
 * Every recipient is settled, or the message is not wanted any more: the file
 * goes. -1: it could not be unlinked; a journal line says that it is
 * finished, so that no pass sends it again (a claim tries to unlink it).
 * Only if err->kind is ERR_SYSTEM could that not be written either: then the
 * caller has to remember the id. The message is released in any case. The
 * directory is synced by queue_sync, which callers batch (at most 100 ms).
 */
int	queue_finish(struct queue_msg *, struct err *);
int	queue_sync(struct queue *, struct err *);

/* Moves a claimed message that its reader found damaged to corrupt/; the
 * message is released in any case. */
int	queue_condemn(struct queue_msg *, struct err *);

/*
 * Every name in queue/ that is an id, in no order; cb returns false to stop.
 * A directory that cannot be read to its end is -1: nothing may be forgotten.
 */
int	queue_scan(struct queue *, bool (*cb)(const char *id, void *arg),
	    void *arg, struct err *);
int	queue_scan_corrupt(struct queue *,
	    bool (*cb)(const char *id, void *arg), void *arg, struct err *);

/*
 * New mail, noticed: an inotify descriptor on queue/ for poll(). Reading gives
 * the ids whose writers have closed them (also messages whose journal this
 * process wrote to); *lost tells that events were lost (overflow, unmount)
 * and a scan is due. -1 from open: no inotify here.
 */
int	queue_watch_open(struct queue *, int *fd, struct err *);
int	queue_watch_read(int fd, void (*cb)(const char *id, void *arg),
	    void *arg, bool *lost, struct err *);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * The functions of queue/fs.c under other names, real_open and so on, for a
 * file that defines all of queue/fs.h itself. One that is missing here would
 * be defined as the real one, and escape: so a new function of fs.h belongs
 * into this list.
 */
#ifndef TESTS_FAULT_FS_REAL_H
#define TESTS_FAULT_FS_REAL_H

#define fs_open		real_open
#define fs_dup		real_dup
#define fs_close	real_close
#define fs_pread	real_pread
#define fs_pwrite	real_pwrite
#define fs_read		real_read
#define fs_append	real_append
#define fs_truncate	real_truncate
#define fs_reserve	real_reserve
#define fs_fsync	real_fsync
#define fs_fdatasync	real_fdatasync
#define fs_stat		real_stat
#define fs_stat_at	real_stat_at
#define fs_chmod	real_chmod
#define fs_chown	real_chown
#define fs_space	real_space
#define fs_lock		real_lock
#define fs_unlock	real_unlock
#define fs_show_claim	real_show_claim
#define fs_claim_shown	real_claim_shown
#define fs_hold		real_hold
#define fs_unlink	real_unlink
#define fs_mkdir	real_mkdir
#define fs_rename	real_rename
#define fs_replace	real_replace
#define fs_dir_open	real_dir_open
#define fs_dir_read	real_dir_read
#define fs_dir_close	real_dir_close
#define fs_watch	real_watch
#define fs_memory	real_memory
#define fs_seal		real_seal
#include "queue/fs.c"
#undef fs_open
#undef fs_dup
#undef fs_close
#undef fs_pread
#undef fs_pwrite
#undef fs_read
#undef fs_append
#undef fs_truncate
#undef fs_reserve
#undef fs_fsync
#undef fs_fdatasync
#undef fs_stat
#undef fs_stat_at
#undef fs_chmod
#undef fs_chown
#undef fs_space
#undef fs_lock
#undef fs_unlock
#undef fs_show_claim
#undef fs_claim_shown
#undef fs_hold
#undef fs_unlink
#undef fs_mkdir
#undef fs_rename
#undef fs_replace
#undef fs_dir_open
#undef fs_dir_read
#undef fs_dir_close
#undef fs_watch
#undef fs_memory
#undef fs_seal
#undef QUEUE_FS_H
#include "queue/fs.h"

#endif

/* The durable steps, and where tests make one fail. In production the pointer stays NULL.
 *
 * A durable step is one that a promise stands on: when it has succeeded, somebody is told something that must still be true after a crash, or the next step relies on it. All of them
 * stand in FAULT_STEPS; code can name no other, and tests go through the list (tests/unit/node_faults.c fails where one is never reached). Each asks twice. An error from the
 * question `before` makes the step fail undone; an error from the question after it makes the step fail although it was persisted (a disk that lost its answer, a crash
 * behind the write). Steps within a step ask for themselves: `dir_sync` asks in every creation of a file.
 *
 * What is written and is no durable step: a log line; the removal of what is over (uploads a week old, the draft beside a written file), and the cutting
 * of an interrupted write off the database's log (kv_mend.h), which the next start or run does again;
 * used tokens, which live in memory for their few minutes; an upload's .part, of which nobody was told; the lists of what can be computed again.
 *
 * Set the pointer before threads start. */
#ifndef QIZHENG_STORE_FAULT_H
#define QIZHENG_STORE_FAULT_H

#include "ledger/base/err.h"

/* X(step, its name for tests): what stands on it. */
#define FAULT_STEPS(X)                                                                             \
    X(DIR_MAKE, "dir_make")                   /* a folder: files in it */                          \
    X(DIR_SYNC, "dir_sync")                   /* the names in a folder: that a file is found */    \
    X(KV_OPEN, "kv_open")                     /* the database as it is after its own recovery */   \
    X(KV_WRITE, "kv_write")                   /* one batch: the commit point, and a checkpoint */  \
    X(SEGMENT_CREATE, "segment_create")       /* a new file of bodies with its header */           \
    X(SEGMENT_SETTLE, "segment_settle")       /* at the start: the tail cut off and synced */      \
    X(SEGMENT_WRITE, "segment_write")         /* the bodies of a batch written */                  \
    X(SEGMENT_SYNC, "segment_sync")           /* bodies on disk: the batch that names them */      \
    X(SEGMENT_CUT, "segment_cut")             /* a failed commit's bodies cut off */               \
    X(LASTSIGNED_CREATE, "lastsigned_create") /* the file that remembers signatures */             \
    X(LASTSIGNED_SETTLE, "lastsigned_settle") /* at the start: what it remembers on disk, again */ \
    X(LASTSIGNED_PUT, "lastsigned_put")       /* one slot: the signature that leaves */            \
    X(KEYFILE_CREATE, "keyfile_create")       /* a secret: everything signed with it */            \
    X(TAGBUDGET_PUT, "tagbudget_put")         /* one slot: the evaluations that are answered */    \
    X(SPOOL_WRITE, "spool_write")             /* a piece of an upload */                           \
    X(SPOOL_SYNC, "spool_sync")               /* its bytes on disk */                              \
    X(SPOOL_NAME, "spool_name")               /* the name that makes it one: its 202 */            \
    X(SPOOL_SETTLE, "spool_settle")           /* a line's outcome; lost, it is found again */      \
    X(SPOOL_FINISH, "spool_finish")           /* the outcomes on disk: the lines go */             \
    X(PROGRESS_WRITE, "progress_write")       /* a client's line: which row became which record */ \
    X(PROGRESS_SYNC, "progress_sync")         /* on disk: the record may be sent */                \
    X(DISK_WRITE, "disk_write")               /* a client's file: a receipt, a record to be sent */

enum fault_step {
#define X(step, name) FAULT_##step,
    FAULT_STEPS(X)
#undef X
        FAULT_STEP_COUNT
};

const char *fault_step_name(enum fault_step step);

extern enum err (*store_fault)(const char *step, bool before);

/* ERR_OK where no test has set the pointer. */
enum err fault_before(enum fault_step step) MUST_CHECK;
enum err fault_after(enum fault_step step) MUST_CHECK;

#endif

/* Deliberate faults, to see that the simulator finds what it is there to find: `qizheng-sim --break NAME`. Each breaks one promise the way a plausible mistake would. */
#ifndef QIZHENG_TESTS_SIM_BREAKS_H
#define QIZHENG_TESTS_SIM_BREAKS_H

#include <stdbool.h>

/* X(NAME, "name", "what is wrong") */
#define BREAKS(X)                                                                                  \
    X(LASTSIGNED_LATE, "lastsigned-late", "the last-signed size is persisted after the release")   \
    X(LASTSIGNED_UNSYNCED, "lastsigned-unsynced", "the last-signed file is written, not synced")   \
    X(COMMIT_UNSYNCED, "commit-unsynced", "a commit is written, not synced")                       \
    X(BODIES_UNSYNCED, "bodies-unsynced", "bodies are written, not synced")                        \
    X(POSITION_LOST, "position-lost", "a commit does not store its position")                      \
    X(DUPLICATE_TWICE, "duplicate-twice", "a record that is in the ledger is applied again")       \
    X(REFUSED_TRACE, "refused-trace", "a refused record leaves its writes behind")                 \
    X(RECEIPT_EARLY, "receipt-early", "submitters are told before the head is signed")             \
    X(NODE_DIFFERS, "node-differs", "one node judges some records otherwise")                      \
    X(ROLLBACK_UNSEEN, "rollback-unseen", "old data are not noticed, nor is a signed size")        \
    X(TIME_UNBOUNDED, "time-unbounded", "one node's clock moves the ledger's time as it likes")    \
    X(STALE_ROWS, "stale-rows", "a commit leaves the rows kept in memory as they were")            \
    X(ROWS_LATE, "rows-late", "the rows kept in memory go behind a commit's write, not before")

#define BREAK_ENUM(name, text, what) BREAK_##name,
enum broken { BREAK_NONE, BREAKS(BREAK_ENUM) };
#undef BREAK_ENUM

bool breaks_set(const char *name); /* false where there is none of that name */
bool breaks_is(enum broken broken);
void breaks_list(void);

#endif

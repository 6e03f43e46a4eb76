/* Uploads on disk: the lines as they came, and what became of each, until a week after the last one.
 *
 *   <dir>/<id>.part    on its way in; removed at start, since nobody was told of it
 *   <dir>/<id>.lines   synced before its 202; removed when every line has its outcome
 *   <dir>/<id>.out     one outcome a line, appended in the order of the lines; what is left of a cut one is cut off at start
 *
 * Happy path: spool_begin -> spool_add ... -> spool_keep -> a worker reads lines, settles outcomes, spool_finish -> spool_expire, a week later.
 * An outcome may be lost in a crash: its line is then fed again and is known, or refused once more. That is the whole recovery.
 * The id is 128 random bits: whoever has it may read the upload's progress and results.
 *
 * Anybody may upload, and only a new leaf needs a key: so an upload of which nothing was recorded stays for an hour, and makes room for a new one before that.
 *
 * Failure modes: too many wait, in all or of one source, or too much is kept already (ERR_RATE); no room (ERR_DISK_FULL; the ledger's own reserve is never touched,
 * by lines or by outcomes); ERR_IO. An upload that breaks the worker is set aside until the next start.
 * Threads: any, but for lines, spool_settle and spool_finish of one upload, which are one thread's. */
#ifndef QIZHENG_API_SPOOL_H
#define QIZHENG_API_SPOOL_H

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"

#define SPOOL_ID_LEN 32 /* hex digits */

struct spool;

struct spool_id {
    char text[SPOOL_ID_LEN + 1];
};

/* Makes dir where it is missing, and reads what is there. */
enum err spool_open(const char *dir, struct spool **ret, struct problem *ret_why) MUST_CHECK;
void spool_close(struct spool *spool); /* accepts NULL */
/* Removes finished uploads whose time is over: now_s is seconds since 1970. */
void spool_expire(struct spool *spool, int64_t now_s);

/* -- receiving -- */

struct spool_draft;

/* source: the client address, of which LIMIT_UPLOADS_SOURCE may wait. len: bytes to come. ERR_RATE ERR_DISK_FULL ERR_IO. */
enum err spool_begin(struct spool *spool, const char *source, uint64_t len,
                     struct spool_draft **ret, struct problem *ret_why) MUST_CHECK;
/* ERR_TOO_LARGE behind LIMIT_UPLOAD_RECORDS lines, or where more comes than was said. ERR_DISK_FULL ERR_IO. */
enum err spool_add(struct spool_draft *draft, struct bytes piece,
                   struct problem *ret_why) MUST_CHECK;
/* Makes it durable and known; gives the draft up, also on failure, and then nothing is left of it. */
enum err spool_keep(struct spool_draft *draft, struct spool_id *ret,
                    struct problem *ret_why) MUST_CHECK;
void spool_drop(struct spool_draft *draft); /* accepts NULL; nothing is left */

/* -- asking -- */

struct spool_progress {
    uint64_t lines;
    uint64_t checked;                  /* with an outcome, or checked and handed to the order */
    uint64_t ordered;                  /* handed to the order, or in the ledger already */
    uint64_t recorded, known, refused; /* outcomes */
    bool is_done;
};

/* ERR_NOT_FOUND. */
enum err spool_progress(struct spool *spool, struct bytes id,
                        struct spool_progress *ret) MUST_CHECK;
/* How many there are, how many of them are not done, how many are set aside (neither done nor waiting), and their bytes. */
struct spool_totals {
    uint64_t uploads, waiting, aside, bytes;
};
struct spool_totals spool_totals(struct spool *spool);

/* Stored: never renumber. */
enum spool_kind { SPOOL_RECORDED = 1, SPOOL_KNOWN, SPOOL_REFUSED };

struct spool_outcome {
    enum spool_kind kind;
    bool has_id; /* false where the line is no record */
    uint8_t id[32];
    uint64_t index;         /* of the leaf; but for refused */
    struct problem problem; /* refused */
};

struct spool_results;

/* The outcomes that there are, from the first line on. ERR_NOT_FOUND. */
enum err spool_results_open(struct spool *spool, struct bytes id,
                            struct spool_results **ret) MUST_CHECK;
void spool_results_close(struct spool_results *results); /* accepts NULL */
/* ERR_NOT_FOUND behind the last one. ERR_CORRUPT ERR_IO. */
enum err spool_result(struct spool_results *results, struct spool_outcome *ret) MUST_CHECK;

/* -- working them off -- */

/* The oldest upload that is neither done nor set aside. Sleeps up to timeout_ms for one; false where there is none. */
bool spool_next(struct spool *spool, unsigned timeout_ms, struct spool_id *ret);
void spool_wake(struct spool *spool); /* ends a sleep of spool_next */

struct spool_lines;

/* From the first line without an outcome on. */
enum err spool_lines_open(struct spool *spool, const struct spool_id *id,
                          struct spool_lines **ret) MUST_CHECK;
void spool_lines_close(struct spool_lines *lines); /* accepts NULL */
/* The next line without its end; ERR_NOT_FOUND behind the last, ERR_IO. *ret_is_long: it is longer than any record, and cut. */
enum err spool_line(struct spool_lines *lines, struct buf *ret, bool *ret_is_long) MUST_CHECK;
/* What the worker has done beyond the outcomes, for spool_progress; not kept. */
void spool_doing(struct spool *spool, const struct spool_id *id, uint64_t checked,
                 uint64_t ordered);
/* The outcomes of the next lines, in their order. ERR_DISK_FULL ERR_IO ERR_NO_MEMORY: they have none, and may be settled again. */
enum err spool_settle(struct spool *spool, const struct spool_id *id,
                      const struct spool_outcome *outcomes, size_t count) MUST_CHECK;
/* It is not worked off before the next start, nor does it keep a waiting place. */
void spool_set_aside(struct spool *spool, const struct spool_id *id);
/* Every line has its outcome: they are synced, and the lines go. */
enum err spool_finish(struct spool *spool, const struct spool_id *id, int64_t now_s) MUST_CHECK;

#endif

/* The disk of one node, in memory: files, the database, and what of them would survive. It stands in the place of the operating system's file calls (disk_calls.c) and of
 * ledger/store/kv.c (disk_kv.c); everything above them is the product's own code.
 *
 * What a disk knows of each thing: what the running process sees, and what is durable. A write is in the first at once and in the second after its sync; a power cut
 * keeps, loses or tears each write that was not synced, and each name whose directory was not, by the seed. A process that is killed loses nothing of the first.
 *
 * Every durable step may fail in two versions, undone or done; a failed sync may also drop what it should have written (as Linux does with dirty pages). A batch
 * of the database is atomic; after one that failed, later ones reach the process but not the disk, since its log ends in half a record: who writes on has lost them.
 *
 * A crash: from a step on nothing reaches the disk any more and every call fails, so that the product's own error paths end its threads and free its memory; what it
 * does from then on counts for nothing (disk_is_dead). disk_restart is the next process's start. */
#ifndef QIZHENG_TESTS_SIM_DISK_H
#define QIZHENG_TESTS_SIM_DISK_H

#include "ledger/base/bytes.h"
#include "tests/sim/threads.h"

#define DISKS_MAX 8
#define DISK_PATH 64 /* bytes of a path below /sim/<number>/ */

struct disk;
struct disk_image; /* a copy of the data directory, for whoever puts old data back */

/* One in so many steps; 0: never. */
struct disk_rates {
    unsigned fail; /* a durable step: EIO */
    unsigned full; /* a durable step: ENOSPC, though there seemed to be room */
    unsigned read; /* a read fails */
    unsigned slow; /* a step takes up to 300 ms */
    unsigned part; /* a write or read does a part and says so */
    bool
        names_are_lazy; /* a new name needs a sync of its directory (POSIX); else a file's own sync keeps it, too (ext4) */
};

/* Deliberate faults (breaks.h). */
struct disk_lies {
    bool database, bodies, lastsigned; /* a sync of it does nothing */
};

struct disk *disk_new(struct process *process, uint64_t seed);
void disk_done(struct disk *disk);
void disk_set_rates(struct disk *disk, struct disk_rates rates);
void disk_set_lies(struct disk_lies lies); /* of every disk */
void disk_set_full(struct disk *disk, bool is_full);

void disk_crash_after(struct disk *disk, unsigned steps); /* 0: at once */
bool disk_is_dead(const struct disk *disk);
bool disk_has_failed(const struct disk *disk); /* any step since the process began */
void disk_power_cut(struct disk *disk);        /* of a dead disk */
void disk_restart(struct disk *disk); /* fails where the process before left anything open */

/* The data directory as it is; of a node that does not run. */
struct disk_image *disk_image_take(const struct disk *disk);
void disk_image_put_back(struct disk *disk, const struct disk_image *image);
void disk_image_done(struct disk_image *image); /* accepts NULL */
/* Takes the last-signed file away, or brings it back. */
void disk_hide_lastsigned(struct disk *disk, bool is_hidden);

/* The simulator itself looks at what the running process would read: nothing fails, and no chance is drawn. */
void disk_look(struct disk *disk, bool is_looking);

/* What would be there after a power cut that loses everything it may: a row of the database (false where there is none), a file's bytes. */
bool disk_durable_row(const struct disk *disk, struct bytes key, struct bytes *ret_value);
bool disk_durable_file(const struct disk *disk, const char *path, struct bytes *ret);

#endif

/* What disk.c, disk_calls.c and disk_kv.c know of each other. */
#ifndef QIZHENG_TESTS_SIM_DISK_IMPL_H
#define QIZHENG_TESTS_SIM_DISK_IMPL_H

#include "tests/sim/disk.h"

#define NAMES_MAX 256 /* of one disk */
#define PENDING_MAX                                                                                \
    64 /* writes of one file that were not synced; more are synced, as a kernel does */

/* -- files -- */

struct range {
    size_t from, to;
};

struct inode {
    unsigned references; /* names and descriptors */
    bool is_dir;
    const void *locked_by; /* the descriptor that holds flock */
    uint8_t *now, *durable;
    size_t now_len, durable_len, cap;
    struct range pending[PENDING_MAX];
    size_t pending_count;
};

struct name {
    char path[DISK_PATH];
    struct inode *now, *durable; /* NULL: there is none */
};

/* -- rows -- */

struct row {
    unsigned references;
    uint32_t key_len, value_len;
    uint8_t data[]; /* key, value */
};

/* Rows in key order; never changed once made. */
struct rowset {
    unsigned references;
    size_t count;
    struct row *rows[];
};

struct rowset *rowset_empty(void);
struct rowset *rowset_hold(struct rowset *rows);
void rowset_drop(struct rowset *rows); /* accepts NULL */
/* Index of the first row at or after key. */
size_t rowset_find(const struct rowset *rows, struct bytes key, bool *ret_is_there);
struct bytes row_key(const struct row *row);
struct bytes row_value(const struct row *row);

/* -- the disk -- */

struct disk {
    struct process *process;
    struct random random;
    struct disk_rates rates;
    bool is_full, is_dead, has_failed, is_looking;
    bool will_die;
    unsigned dies_after; /* steps */
    struct name names[NAMES_MAX];
    size_t name_count;
    struct rowset *rows,
        *rows_durable;    /* what the next process reads; what the next power cut leaves */
    unsigned open;        /* descriptors, directories, databases */
    struct inode *hidden; /* the last-signed file while it is taken away */
};

enum fate { FATE_DONE, FATE_FAILS_UNDONE, FATE_FAILS_DONE };

extern struct disk_lies disk_lies;

/* The disk of a path, and in *ret_path the path on it. Fails where the path is not /sim/<number>/... */
struct disk *disk_of(const char *path, const char **ret_path);
/* Every durable step asks: it may take time, fail, or be the last one. *ret_errno where it fails. */
enum fate disk_step(struct disk *disk, int *ret_errno);
/* 0, or the errno of a read or another call that changes nothing. */
int disk_read_step(struct disk *disk);

struct inode *inode_new(bool is_dir);
void inode_drop(struct inode *inode); /* accepts NULL */
void inode_write(struct inode *inode, const uint8_t *data, size_t len, size_t offset);
void inode_resize(struct inode *inode, size_t len);
void inode_sync(struct inode *inode);
/* NULL where there is none. */
struct name *name_find(struct disk *disk, const char *path);
struct name *name_make(struct disk *disk, const char *path); /* found, or new and empty */
void name_set(struct inode **place, struct inode *inode); /* holds the new one, drops the old one */
void names_sync(struct disk *disk, const char *dir);      /* the names in it */
bool path_is_in(const char *path, const char *dir);

#endif

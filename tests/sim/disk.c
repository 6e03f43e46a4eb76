/* See disk.h: the disk itself, its crashes and its copies. */
#include "tests/sim/disk.h"

#include "tests/sim/disk_impl.h"
#include "tests/sim/trace.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LASTSIGNED "keys/last-signed"
#define SECTOR 512

struct disk_lies disk_lies;
static struct disk *disks[DISKS_MAX];

/* -- inodes -- */

struct inode *inode_new(bool is_dir) {
    struct inode *inode = calloc(1, sizeof *inode);
    assert(inode);
    inode->is_dir = is_dir;
    return inode;
}

void inode_drop(struct inode *inode) {
    if (!inode || --inode->references) return;
    free(inode->now);
    free(inode->durable);
    free(inode);
}

static void inode_room(struct inode *inode, size_t len) {
    if (len <= inode->cap) return;
    size_t cap = inode->cap ? inode->cap : 2048;
    while (cap < len) cap *= 2;
    inode->now = realloc(inode->now, cap);
    inode->durable = realloc(inode->durable, cap);
    assert(inode->now && inode->durable);
    inode->cap = cap;
}

void inode_resize(struct inode *inode, size_t len) {
    inode_room(inode, len);
    if (len > inode->now_len) memset(inode->now + inode->now_len, 0, len - inode->now_len);
    inode->now_len = len;
}

static void pending_add(struct inode *inode, size_t from, size_t to) {
    if (inode->pending_count == PENDING_MAX) inode_sync(inode);
    inode->pending[inode->pending_count++] = (struct range){from, to};
}

void inode_write(struct inode *inode, const uint8_t *data, size_t len, size_t offset) {
    if (offset + len > inode->now_len) inode_resize(inode, offset + len);
    memcpy(inode->now + offset, data, len);
    pending_add(inode, offset, offset + len);
}

/* Bytes of a write that was not synced reach the medium. */
static void keep(struct inode *inode, struct range range) {
    if (range.to > inode->now_len) range.to = inode->now_len; /* cut since */
    if (range.from >= range.to) return;
    if (range.to > inode->durable_len) {
        memset(inode->durable + inode->durable_len, 0, range.to - inode->durable_len);
        inode->durable_len = range.to;
    }
    memcpy(inode->durable + range.from, inode->now + range.from, range.to - range.from);
}

/* What a failed sync forgot (disk_calls.c) is not in `pending` and stays as it was. */
void inode_sync(struct inode *inode) {
    for (size_t i = 0; i < inode->pending_count; i++) keep(inode, inode->pending[i]);
    inode->pending_count = 0;
    if (inode->durable_len < inode->now_len)
        memset(inode->durable + inode->durable_len, 0, inode->now_len - inode->durable_len);
    inode->durable_len = inode->now_len;
}

/* Each write by itself: kept, lost, or kept up to the end of a sector or to any byte. */
static void inode_cut(struct inode *inode, struct random *random) {
    for (size_t i = 0; i < inode->pending_count; i++) {
        struct range range = inode->pending[i];
        uint64_t draw = random_below(random, 4);
        if (draw == 0) continue;
        if (draw == 1) range.to = range.from + random_below(random, range.to - range.from + 1);
        if (draw == 2 && range.to - range.from > SECTOR) range.to -= range.to % SECTOR;
        keep(inode, range);
    }
    if (inode->now_len < inode->durable_len && random_one_in(random, 2))
        inode->durable_len = inode->now_len; /* a cut that was not synced */
    inode_room(inode, inode->durable_len);
    if (inode->durable_len) memcpy(inode->now, inode->durable, inode->durable_len);
    inode->now_len = inode->durable_len;
    inode->pending_count = 0;
}

/* -- names -- */

void name_set(struct inode **place, struct inode *inode) {
    if (inode) inode->references++;
    inode_drop(*place);
    *place = inode;
}

struct name *name_find(struct disk *disk, const char *path) {
    for (size_t i = 0; i < disk->name_count; i++)
        if (strcmp(disk->names[i].path, path) == 0) return &disk->names[i];
    return NULL;
}

struct name *name_make(struct disk *disk, const char *path) {
    struct name *name = name_find(disk, path);
    if (name) return name;
    assert(disk->name_count < NAMES_MAX);
    name = &disk->names[disk->name_count++];
    int len = snprintf(name->path, sizeof name->path, "%s", path);
    assert(len >= 0 && (size_t)len < sizeof name->path);
    name->now = name->durable = NULL;
    return name;
}

bool path_is_in(const char *path, const char *dir) {
    size_t len = strlen(dir);
    if (len == 0) return !strchr(path, '/');
    return strncmp(path, dir, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

void names_sync(struct disk *disk, const char *dir) {
    for (size_t i = 0; i < disk->name_count; i++) {
        struct name *name = &disk->names[i];
        if (path_is_in(name->path, dir)) name_set(&name->durable, name->now);
    }
}

/* A name whose directory is gone is gone. Directories come before what is in them, since they were made before. */
static bool parent_is_there(struct disk *disk, const char *path) {
    char parent[DISK_PATH];
    const char *slash = strrchr(path, '/');
    if (!slash) return true;
    (void)snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
    struct name *name = name_find(disk, parent);
    return name && name->now;
}

static void names_cut(struct disk *disk) {
    for (size_t i = 0; i < disk->name_count; i++) {
        struct name *name = &disk->names[i];
        bool is_kept = name->now == name->durable || random_one_in(&disk->random, 2);
        name_set(is_kept ? &name->durable : &name->now, is_kept ? name->now : name->durable);
        if (!parent_is_there(disk, name->path)) {
            name_set(&name->now, NULL);
            name_set(&name->durable, NULL);
        }
    }
}

/* -- life and death -- */

static void dir_make(struct disk *disk, const char *path) {
    struct name *name = name_make(disk, path);
    name_set(&name->now, inode_new(true));
    name_set(&name->durable, name->now);
}

struct disk *disk_new(struct process *process, uint64_t seed) {
    struct disk *disk = calloc(1, sizeof *disk);
    assert(disk && process->index >= 0 && process->index < DISKS_MAX && !disks[process->index]);
    disk->process = process;
    disk->random = random_of(seed);
    disk->rows = rowset_empty();
    disk->rows_durable = rowset_hold(disk->rows);
    dir_make(disk, "");
    dir_make(disk, "keys");
    disks[process->index] = disk;
    return disk;
}

void disk_done(struct disk *disk) {
    if (!disk) return;
    for (size_t i = 0; i < disk->name_count; i++) {
        name_set(&disk->names[i].now, NULL);
        name_set(&disk->names[i].durable, NULL);
    }
    inode_drop(disk->hidden);
    rowset_drop(disk->rows);
    rowset_drop(disk->rows_durable);
    disks[disk->process->index] = NULL;
    free(disk);
}

struct disk *disk_of(const char *path, const char **ret_path) {
    int number = -1, len = 0;
    if (strncmp(path, "/sim/", 5) == 0 && path[5] >= '0' && path[5] < '0' + DISKS_MAX) {
        number = path[5] - '0';
        len = path[6] == '/' ? 7 : path[6] == 0 ? 6 : 0;
    }
    if (!len || !disks[number]) sim_fail("a file outside the simulated disks: %s", path);
    *ret_path = path + len;
    return disks[number];
}

void disk_set_rates(struct disk *disk, struct disk_rates rates) {
    disk->rates = rates;
}

void disk_set_lies(struct disk_lies lies) {
    disk_lies = lies;
}

void disk_set_full(struct disk *disk, bool is_full) {
    disk->is_full = is_full;
}

void disk_crash_after(struct disk *disk, unsigned steps) {
    disk->will_die = steps > 0;
    disk->dies_after = steps;
    if (!steps) disk->is_dead = true;
}

bool disk_is_dead(const struct disk *disk) {
    return disk->is_dead;
}

bool disk_has_failed(const struct disk *disk) {
    return disk->has_failed;
}

void disk_power_cut(struct disk *disk) {
    assert(disk->is_dead);
    names_cut(disk);
    for (size_t i = 0; i < disk->name_count; i++)
        if (disk->names[i].now) inode_cut(disk->names[i].now, &disk->random);
    /* Batches reach the log in order; of those that were not synced there is at most one. */
    bool is_kept = random_one_in(&disk->random, 2);
    struct rowset *left = rowset_hold(is_kept ? disk->rows : disk->rows_durable);
    rowset_drop(disk->rows);
    rowset_drop(disk->rows_durable);
    disk->rows = left;
    disk->rows_durable = rowset_hold(left);
}

void disk_restart(struct disk *disk) {
    if (disk->open) sim_fail("the process that ended left %u things open", disk->open);
    disk->is_dead = false;
    disk->has_failed = false;
    disk->will_die = false;
}

/* -- steps -- */

static bool dies_now(struct disk *disk) {
    if (!disk->will_die || --disk->dies_after) return false;
    disk->will_die = false;
    disk->is_dead = true;
    trace("dies", disk->process->index, 0, 0);
    return true;
}

static void take_time(struct disk *disk) {
    if (random_one_in(&disk->random, disk->rates.slow))
        threads_sleep(random_below(&disk->random, 300000));
    else
        threads_yield();
}

enum fate disk_step(struct disk *disk, int *ret_errno) {
    struct random *random = &disk->random;
    take_time(disk);
    *ret_errno = EIO;
    if (disk->is_dead) return FATE_FAILS_UNDONE;
    if (dies_now(disk)) return random_one_in(random, 2) ? FATE_FAILS_DONE : FATE_FAILS_UNDONE;
    bool fails = random_one_in(random, disk->rates.fail);
    if (!fails && (random_one_in(random, disk->rates.full))) {
        fails = true;
        *ret_errno = ENOSPC;
    }
    if (!fails) return FATE_DONE;
    disk->has_failed = true;
    bool is_done = random_one_in(random, 2);
    trace(is_done ? "step fails, done" : "step fails, undone", disk->process->index,
          *ret_errno == ENOSPC, 0);
    return is_done ? FATE_FAILS_DONE : FATE_FAILS_UNDONE;
}

void disk_look(struct disk *disk, bool is_looking) {
    disk->is_looking = is_looking;
}

int disk_read_step(struct disk *disk) {
    if (disk->is_looking) return 0;
    if (disk->is_dead) return EIO;
    if (!random_one_in(&disk->random, disk->rates.read)) return 0;
    disk->has_failed = true;
    trace("read fails", disk->process->index, 0, 0);
    return EIO;
}

/* -- copies -- */

struct disk_image {
    struct rowset *rows;
    size_t count;
    struct {
        char path[DISK_PATH];
        struct inode *inode;
    } files[NAMES_MAX];
};

static struct inode *inode_copy(const struct inode *inode) {
    struct inode *copy = inode_new(inode->is_dir);
    if (inode->now_len) inode_write(copy, inode->now, inode->now_len, 0);
    inode_sync(copy);
    return copy;
}

static bool is_data(const char *path) {
    return strcmp(path, "data") == 0 || strncmp(path, "data/", 5) == 0;
}

struct disk_image *disk_image_take(const struct disk *disk) {
    struct disk_image *image = calloc(1, sizeof *image);
    assert(image && !disk->open);
    image->rows = rowset_hold(disk->rows);
    for (size_t i = 0; i < disk->name_count; i++) {
        const struct name *name = &disk->names[i];
        if (!name->now || !is_data(name->path)) continue;
        memcpy(image->files[image->count].path, name->path, DISK_PATH);
        name_set(&image->files[image->count++].inode, inode_copy(name->now));
    }
    return image;
}

void disk_image_put_back(struct disk *disk, const struct disk_image *image) {
    assert(!disk->open);
    for (size_t i = 0; i < disk->name_count; i++) {
        if (!is_data(disk->names[i].path)) continue;
        name_set(&disk->names[i].now, NULL);
        name_set(&disk->names[i].durable, NULL);
    }
    for (size_t i = 0; i < image->count; i++) {
        struct name *name = name_make(disk, image->files[i].path);
        name_set(&name->now, inode_copy(image->files[i].inode));
        name_set(&name->durable, name->now);
    }
    rowset_drop(disk->rows);
    rowset_drop(disk->rows_durable);
    disk->rows = rowset_hold(image->rows);
    disk->rows_durable = rowset_hold(image->rows);
}

void disk_image_done(struct disk_image *image) {
    if (!image) return;
    for (size_t i = 0; i < image->count; i++) name_set(&image->files[i].inode, NULL);
    rowset_drop(image->rows);
    free(image);
}

void disk_hide_lastsigned(struct disk *disk, bool is_hidden) {
    struct name *name = name_find(disk, LASTSIGNED);
    assert(name && (name->now == NULL) == (disk->hidden != NULL));
    if (is_hidden == (disk->hidden != NULL)) return;
    name_set(is_hidden ? &disk->hidden : &name->now, is_hidden ? name->now : disk->hidden);
    name_set(is_hidden ? &name->now : &disk->hidden, NULL);
    name_set(&name->durable, name->now);
}

/* -- looking -- */

bool disk_durable_row(const struct disk *disk, struct bytes key, struct bytes *ret_value) {
    bool is_there;
    size_t at = rowset_find(disk->rows_durable, key, &is_there);
    if (is_there) *ret_value = row_value(disk->rows_durable->rows[at]);
    return is_there;
}

bool disk_durable_file(const struct disk *disk, const char *path, struct bytes *ret) {
    for (size_t i = 0; i < disk->name_count; i++) {
        const struct name *name = &disk->names[i];
        if (strcmp(name->path, path) != 0) continue;
        if (!name->durable) return false;
        *ret = bytes_of(name->durable->durable, name->durable->durable_len);
        return true;
    }
    return false;
}

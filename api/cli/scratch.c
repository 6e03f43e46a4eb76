/* See scratch.h. */
#include "api/cli/scratch.h"

#include "api/cli/disk.h"
#include "ledger/base/text.h"
#include "ledger/store/kv.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLUSH_EVERY 1000 /* leaves between two writes to the database */
#define SHOWN 20         /* differing rows that are named */

struct scratch {
    char path[DISK_PATH];
    struct kv *kv;
    struct store_view *view;
    struct overlay *overlay;
    struct machine machine;
    struct machine_tip tip;
    uint64_t flushed; /* leaves whose rows the database holds */
};

/* -- the view below the overlay -- */

static enum err base_get(void *ctx, struct bytes key, struct buf *ret) {
    struct scratch *scratch = ctx;
    return kv_get(scratch->kv, NULL, key, ret);
}

/* The stored index answers (fsck checks it against the bodies), but only for leaves that were replayed. */
static enum err base_find(void *ctx, const uint8_t id[RECORD_ID_LEN], uint64_t *ret_index) {
    struct scratch *scratch = ctx;
    uint64_t index = 0;
    enum err err = store_view_find(scratch->view, id, &index);
    if (err) return err;
    if (index >= scratch->flushed) return ERR_NOT_FOUND;
    *ret_index = index;
    return ERR_OK;
}

static enum err base_scan(void *ctx, struct bytes prefix,
                          bool (*each)(void *arg, struct bytes key, struct bytes value),
                          void *arg) {
    struct scratch *scratch = ctx;
    struct kv_iter *iter = NULL;
    enum err err = kv_iter_open(scratch->kv, NULL, prefix, prefix, &iter);
    if (err) return err;
    while (kv_iter_valid(iter) && each(arg, kv_iter_key(iter), kv_iter_value(iter)))
        kv_iter_next(iter);
    return kv_iter_close(iter);
}

/* -- opening and closing -- */

static enum err folder_make(struct scratch *scratch, const char *parent, struct problem *ret_why) {
    enum err err = disk_path(scratch->path, ret_why, "%s/fsck.XXXXXX", parent);
    if (err) return err;
    if (mkdtemp(scratch->path)) return ERR_OK;
    (void)problem_set(ret_why, ERR_IO,
                      "No directory can be made in %s: %s. Choose another with "
                      "--scratch.",
                      parent, strerror(errno));
    scratch->path[0] = 0;
    return ERR_IO;
}

/* LevelDB keeps plain files in one directory. */
static void folder_remove(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) return;
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

enum err scratch_open(const char *parent, const struct genesis *genesis, struct store_view *view,
                      struct scratch **ret, struct problem *ret_why) {
    struct scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch) return ERR_NO_MEMORY;
    scratch->view = view;
    scratch->machine.genesis = genesis;
    struct view base = {scratch, base_get, base_find, base_scan};
    enum err err = folder_make(scratch, parent, ret_why);
    if (!err) err = kv_open(scratch->path, true, &scratch->kv, ret_why);
    if (!err) err = overlay_open(base, &scratch->overlay);
    if (err)
        scratch_close(scratch);
    else
        *ret = scratch;
    return err;
}

void scratch_close(struct scratch *scratch) {
    if (!scratch) return;
    overlay_close(scratch->overlay);
    kv_close(scratch->kv);
    if (scratch->path[0]) folder_remove(scratch->path);
    free(scratch);
}

/* -- replay -- */

static enum err flush(struct scratch *scratch, struct problem *ret_why) {
    const struct store_write *writes;
    size_t count;
    enum err err = overlay_writes(scratch->overlay, &writes, &count);
    if (err) return err;
    struct kv_batch *batch = kv_batch_new();
    if (!batch) return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        if (writes[i].erase)
            kv_batch_erase(batch, writes[i].key);
        else
            kv_batch_put(batch, writes[i].key, writes[i].value);
    }
    err = kv_write(scratch->kv, batch, false, ret_why);
    kv_batch_done(batch);
    if (err) return err;
    overlay_clear(scratch->overlay);
    scratch->flushed = scratch->tip.size;
    return ERR_OK;
}

static enum err begin(struct scratch *scratch, const uint8_t leaf[LEAF_LEN], struct bytes body,
                      struct problem *ret_why) {
    struct store_entry entry;
    enum err err = machine_begin(&scratch->machine, scratch->overlay, &scratch->tip, &entry);
    if (err) return err;
    if (memcmp(entry.leaf, leaf, LEAF_LEN) == 0 && bytes_equal(entry.body, body)) return ERR_OK;
    return problem_set(ret_why, ERR_CORRUPT, "Leaf 0 is not the genesis of this ledger.");
}

enum err scratch_replay(struct scratch *scratch, uint64_t index, const uint8_t leaf[LEAF_LEN],
                        struct bytes body, struct problem *ret_why) {
    enum err err = index == 0 ? begin(scratch, leaf, body, ret_why)
                              : machine_replay(&scratch->machine, scratch->overlay, &scratch->tip,
                                               leaf, body, ret_why);
    if (!err && scratch->tip.size - scratch->flushed >= FLUSH_EVERY) err = flush(scratch, ret_why);
    return err;
}

/* -- comparing -- */

struct comparison {
    struct kv_iter *iter; /* over the rows grown again */
    void (*report)(void *ctx, const char *what);
    void *ctx;
    uint64_t rows, differ;
};

static void differs(struct comparison *c, struct bytes key, const char *how) {
    char name[2 * 40 + 1], line[256];
    if (++c->differ > SHOWN) return;
    hex_encode(bytes_slice(key, 0, key.len < 40 ? key.len : 40), name);
    (void)snprintf(line, sizeof line, "contract state row %s%s: %s", name,
                   key.len > 40 ? "..." : "", how);
    c->report(c->ctx, line);
}

/* Both sides come in key order. */
static bool compare_row(void *arg, struct bytes key, struct bytes value) {
    struct comparison *c = arg;
    c->rows++;
    while (kv_iter_valid(c->iter) && bytes_compare(kv_iter_key(c->iter), key) < 0) {
        differs(c, kv_iter_key(c->iter), "missing in the store");
        kv_iter_next(c->iter);
    }
    if (!kv_iter_valid(c->iter) || !bytes_equal(kv_iter_key(c->iter), key)) {
        differs(c, key, "follows from no record");
        return true;
    }
    if (!bytes_equal(kv_iter_value(c->iter), value)) differs(c, key, "the stored value differs");
    kv_iter_next(c->iter);
    return true;
}

enum err scratch_compare(struct scratch *scratch, void (*report)(void *ctx, const char *what),
                         void *ctx, uint64_t *ret_rows, uint64_t *ret_count,
                         struct problem *ret_why) {
    struct bytes all = bytes_of(NULL, 0);
    struct comparison c = {NULL, report, ctx, 0, 0};
    enum err err = flush(scratch, ret_why);
    if (!err) err = kv_iter_open(scratch->kv, NULL, all, all, &c.iter);
    if (err) return err;
    err = store_view_scan(scratch->view, all, all, compare_row, &c);
    for (; !err && kv_iter_valid(c.iter); kv_iter_next(c.iter))
        differs(&c, kv_iter_key(c.iter), "missing in the store");
    enum err closed = kv_iter_close(c.iter);
    if (err || closed) return err ? err : closed;
    *ret_rows = c.rows;
    *ret_count = c.differ;
    return ERR_OK;
}

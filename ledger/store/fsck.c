/* See fsck.h.
 *
 * One pass over the leaves in order, through one snapshot: each body is read, hashed and parsed, its index rows are looked up, its leaf goes
 * into a tree grown from nothing, whose tiles must be the stored ones. That shows that every row there must be is there and right. Then
 * the rows of each kind are counted: as many as there must be means that there are no others. Memory does not grow with the ledger.
 *
 * Bodies must follow each other without a gap, so a row cannot point at somebody else's bytes and the segments hold nothing unnamed. */
#include "ledger/store/fsck.h"

#include "ledger/crypto/sha256.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/store/index.h"
#include "ledger/store/store_impl.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_EVERY 4096
#define FINDINGS_SHOWN                                                                             \
    1000 /* one lost leaf spoils every tile behind it; nobody reads a million lines */

struct fsck {
    struct store *store;
    struct store_view *view;
    const struct fsck_hooks *hooks;
    struct fsck_result result;
    struct tree *tree;
    struct buf body, row;
    uint64_t index;   /* of the leaf looked at */
    uint64_t time_ms; /* of the leaf before */
    uint32_t segment; /* where its body must be */
    uint64_t offset;
    uint64_t rows[UINT8_MAX + 1]; /* index rows there must be, by kind; of lists, entries */
    uint64_t listed;              /* entries of the kind of list that is counted */
    uint64_t tiles;               /* and rows of tiles */
    uint64_t root_size;           /* look at the root when the tree has this size */
    uint8_t root_at[HASH_LEN];
    bool replaying;
    enum err failed; /* it could not look */
};

static void finding(struct fsck *fsck, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void finding(struct fsck *fsck, const char *format, ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fsck->result.errors++;
    if (!fsck->hooks->report || fsck->result.errors > FINDINGS_SHOWN) return;
    bool last = fsck->result.errors == FINDINGS_SHOWN;
    fsck->hooks->report(fsck->hooks->ctx, last ? "and more, which are only counted" : line);
}

#define N(value) ((unsigned long long)(value))

/* Damage is a finding; not being able to look stops the check. True where the caller goes on with what was read. */
static bool looked(struct fsck *fsck, enum err err, const char *what, uint64_t number) {
    if (!err) return true;
    if (err == ERR_IO || err == ERR_NO_MEMORY)
        fsck->failed = err;
    else
        finding(fsck, "%s %llu: %s", what, N(number),
                err == ERR_NOT_FOUND ? "missing" : "damaged or contradicting");
    return false;
}

static enum err get(struct fsck *fsck, struct bytes key) {
    return kv_get(fsck->store->kv, fsck->view->snapshot, key, &fsck->row);
}

/* -- one leaf -- */

/* Every kind of row that index_rows makes, and of listing.h. */
static const enum key_kind index_kinds[] = {KEY_KIND_RECORD, KEY_KIND_DOCUMENT};
static const enum key_kind list_kinds[] = {KEY_KIND_ISSUER, KEY_KIND_TYPE};

static const char *index_name(uint8_t kind) {
    switch (kind) {
    case KEY_KIND_RECORD: return "id";
    case KEY_KIND_DOCUMENT: return "document";
    case KEY_KIND_ISSUER: return "issuer";
    default: return "type";
    }
}

static void check_index_row(void *arg, struct bytes key, struct bytes value) {
    struct fsck *fsck = arg;
    char what[40];
    (void)snprintf(what, sizeof what, "%s row of record", index_name(key.data[0]));
    fsck->rows[key.data[0]]++;
    if (!looked(fsck, get(fsck, key), what, fsck->index)) return;
    if (!bytes_equal(buf_bytes(&fsck->row), value))
        finding(fsck, "%s %llu: names another index", what, N(fsck->index));
}

static void check_list(struct fsck *fsck, struct store_key prefix) {
    struct store_key key = listing_row(prefix, fsck->index);
    uint8_t kind = key.data[0], offset = (uint8_t)(fsck->index % LISTING_BLOCK);
    char what[40];
    (void)snprintf(what, sizeof what, "%s list of record", index_name(kind));
    fsck->rows[kind]++;
    if (!looked(fsck, get(fsck, key_bytes(&key)), what, fsck->index)) return;
    if (!memchr(fsck->row.data, offset, fsck->row.len))
        finding(fsck, "%s %llu: does not name it", what, N(fsck->index));
}

static void check_record_rows(struct fsck *fsck, const struct record *record) {
    index_rows(record, fsck->index, check_index_row, fsck);
    check_list(fsck, key_issuer_prefix(record->iss));
    check_list(fsck, key_type_prefix(record->type));
}

/* Leaf 0 is the genesis, whose hash is the ledger id; every other body is a record in its canonical form. */
static void check_content(struct fsck *fsck, const uint8_t hash[32]) {
    if (fsck->index == 0) {
        if (memcmp(hash, fsck->store->ledger_id, 32) != 0)
            finding(fsck, "leaf 0: not the genesis of this ledger");
        return;
    }
    struct record *record = NULL;
    enum err err = record_parse(buf_bytes(&fsck->body), &record, NULL);
    if (err == ERR_NO_MEMORY) {
        fsck->failed = err;
        return;
    }
    if (err || memcmp(record->hash, hash, 32) != 0)
        finding(fsck, "body %llu: no canonical record (%s)", N(fsck->index), err_code(err));
    else
        check_record_rows(fsck, record);
    record_done(record);
}

static void replay(struct fsck *fsck, const struct store_leaf *row) {
    if (!fsck->hooks->replay || !fsck->replaying) return;
    struct problem why = {0};
    enum err err =
        fsck->hooks->replay(fsck->hooks->ctx, fsck->index, row->leaf, buf_bytes(&fsck->body), &why);
    if (!err) return;
    finding(fsck, "replay of leaf %llu: %s: %s", N(fsck->index), err_code(err), why.detail);
    fsck->replaying = false;
}

static void check_place(struct fsck *fsck, const struct store_leaf *row) {
    bool follows = row->segment == fsck->segment && row->offset == fsck->offset;
    bool begins = row->segment == fsck->segment + 1 && row->offset == SEGMENT_HEADER_LEN;
    if (!follows && !begins && fsck->index > 0)
        finding(fsck, "body %llu: does not follow the one before it", N(fsck->index));
    if (fsck->index == 0 && (row->segment != 0 || row->offset != SEGMENT_HEADER_LEN))
        finding(fsck, "body 0: not at the beginning of the first segment");
    fsck->segment = row->segment;
    fsck->offset = row->offset + SEGMENT_PREFIX_LEN + row->len;
}

static void check_body(struct fsck *fsck, const struct store_leaf *row, const uint8_t hash[32]) {
    uint8_t body_hash[SHA256_LEN];
    enum err err =
        segment_read(fsck->store->segments, row->segment, row->offset, row->len, &fsck->body);
    if (!looked(fsck, err, "body", fsck->index)) {
        fsck->replaying = false;
        return;
    }
    sha256(buf_bytes(&fsck->body), body_hash);
    if (memcmp(body_hash, hash, sizeof body_hash) != 0) {
        finding(fsck, "body %llu: does not hash to its leaf", N(fsck->index));
        fsck->replaying = false;
        return;
    }
    check_content(fsck, hash);
    replay(fsck, row);
}

static void check_tile(void *arg, unsigned level, uint64_t index, struct bytes row) {
    struct fsck *fsck = arg;
    struct store_key key = key_tile(level, index);
    char what[32];
    (void)snprintf(what, sizeof what, "level %u, tile", level);
    fsck->tiles++;
    if (!looked(fsck, get(fsck, key_bytes(&key)), what, index)) return;
    if (!bytes_equal(buf_bytes(&fsck->row), row))
        finding(fsck, "%s %llu: does not follow from the leaves", what, N(index));
}

static void check_leaf(struct fsck *fsck, struct bytes value) {
    struct store_leaf row;
    uint64_t time_ms = 0;
    uint8_t hash[32], leaf_hash[HASH_LEN];
    if (!looked(fsck, store_leaf_decode(value, &row), "leaf row", fsck->index)) return;
    check_place(fsck, &row);
    if (leaf_decode(row.leaf, &time_ms, hash)) {
        finding(fsck, "leaf %llu: unknown version", N(fsck->index));
    } else {
        if (time_ms < fsck->time_ms)
            finding(fsck, "leaf %llu: its time is before the leaf's before it", N(fsck->index));
        fsck->time_ms = time_ms;
        check_body(fsck, &row, hash);
    }
    merkle_leaf(bytes_of(row.leaf, LEAF_LEN), leaf_hash);
    tree_append(fsck->tree, leaf_hash, check_tile, fsck);
    if (fsck->tree->size == fsck->root_size) tree_root(fsck->tree, fsck->root_at);
}

/* -- all leaves -- */

/* Rows beyond the head are counted like others and show in the comparison with the head's size. */
static void check_leaves(struct fsck *fsck) {
    struct store_key prefix = key_kind_prefix(KEY_KIND_LEAF);
    struct kv_iter *iter = NULL;
    uint64_t number = 0, size = fsck->view->head.size;
    fsck->failed = kv_iter_open(fsck->store->kv, fsck->view->snapshot, key_bytes(&prefix),
                                key_bytes(&prefix), &iter);
    for (; !fsck->failed && kv_iter_valid(iter); kv_iter_next(iter)) {
        if (!looked(fsck, key_number(kv_iter_key(iter), &number), "leaf key behind", fsck->index))
            continue;
        if (number != fsck->index) finding(fsck, "leaf row %llu: missing", N(fsck->index));
        fsck->index = number;
        fsck->result.leaves++;
        check_leaf(fsck, kv_iter_value(iter));
        fsck->index = number + 1;
        if (fsck->hooks->progress && fsck->result.leaves % PROGRESS_EVERY == 0)
            fsck->hooks->progress(fsck->hooks->ctx, fsck->result.leaves, size);
    }
    (void)looked(fsck, kv_iter_close(iter), "leaf row", fsck->index);
    tree_tails(fsck->tree, 0, check_tile, fsck);
    tree_root(fsck->tree, fsck->result.root);
    if (fsck->hooks->progress) fsck->hooks->progress(fsck->hooks->ctx, fsck->result.leaves, size);
}

/* -- everything else -- */

static void check_head(struct fsck *fsck) {
    const struct store_head *head = &fsck->view->head;
    if (head->size != fsck->result.leaves)
        finding(fsck, "head: size %llu, but there are %llu leaves", N(head->size),
                N(fsck->result.leaves));
    if (memcmp(head->root, fsck->result.root, HASH_LEN) != 0)
        finding(fsck, "head: its root does not follow from the leaves");
    if (head->time_ms != fsck->time_ms)
        finding(fsck, "head: its time is not that of the newest leaf");
    bool none = head->size == 0 && head->segment_end == 0; /* before the first commit */
    if (!none && (head->segment != fsck->segment || head->segment_end != fsck->offset))
        finding(fsck, "head: the segments do not end where it says");
}

static void check_exact(struct fsck *fsck, const char *name, struct bytes value) {
    struct store_key key = key_meta(name);
    enum err err = get(fsck, key_bytes(&key));
    if (err == ERR_NOT_FOUND)
        finding(fsck, "row %s: missing", name);
    else if (looked(fsck, err, name, 0) && !bytes_equal(buf_bytes(&fsck->row), value))
        finding(fsck, "row %s: not what it must be", name);
}

/* Size of the stored checkpoint, before the leaves are read, so that its root can be caught on the way. 0: none, or not readable. */
static void load_checkpoint(struct fsck *fsck, uint8_t ret_root[HASH_LEN]) {
    struct store_key key = key_meta("checkpoint");
    struct note note = {0};
    struct checkpoint checkpoint;
    struct problem why;
    enum err err = get(fsck, key_bytes(&key));
    if (err == ERR_NOT_FOUND || !looked(fsck, err, "row checkpoint", 0)) return;
    err = note_parse(buf_bytes(&fsck->row), &note, &why);
    if (!err) err = checkpoint_parse(note.text, &checkpoint);
    if (err == ERR_NO_MEMORY) {
        fsck->failed = err;
    } else if (err || checkpoint.size == 0) {
        finding(fsck, "stored checkpoint: not readable");
    } else {
        fsck->root_size = checkpoint.size;
        memcpy(ret_root, checkpoint.root, HASH_LEN);
    }
    note_done(&note);
}

static void check_checkpoint(struct fsck *fsck, const uint8_t root[HASH_LEN]) {
    if (fsck->root_size == 0) return;
    if (fsck->root_size > fsck->result.leaves)
        finding(fsck, "stored checkpoint: of size %llu, but there are %llu leaves",
                N(fsck->root_size), N(fsck->result.leaves));
    else if (memcmp(root, fsck->root_at, HASH_LEN) != 0)
        finding(fsck, "stored checkpoint: its root does not follow from the leaves");
}

/* Rows whose key begins with these bytes, each handed to `check` where there is one. */
static uint64_t count_rows(struct fsck *fsck, struct bytes prefix,
                           void (*check)(struct fsck *fsck, struct bytes key, struct bytes value)) {
    struct kv_iter *iter = NULL;
    uint64_t count = 0;
    if (fsck->failed) return 0;
    fsck->failed = kv_iter_open(fsck->store->kv, fsck->view->snapshot, prefix, prefix, &iter);
    for (; !fsck->failed && kv_iter_valid(iter); kv_iter_next(iter)) {
        count++;
        if (check) check(fsck, kv_iter_key(iter), kv_iter_value(iter));
    }
    (void)looked(fsck, kv_iter_close(iter), "rows beginning with byte",
                 prefix.len ? prefix.data[0] : 0);
    return count;
}

static uint64_t count_kind(struct fsck *fsck, enum key_kind kind) {
    struct store_key prefix = key_kind_prefix(kind);
    return count_rows(fsck, key_bytes(&prefix), NULL);
}

static void check_count(struct fsck *fsck, const char *what, uint64_t have, uint64_t need) {
    if (have != need)
        finding(fsck, "%s: there are %llu, the leaves give %llu", what, N(have), N(need));
}

static void check_meta_name(struct fsck *fsck, struct bytes key, struct bytes value) {
    static const char *const names[] = {"format", "ledger", "head", "order", "checkpoint"};
    (void)value;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (bytes_is(bytes_slice(key, 1, key.len), names[i])) return;
    finding(fsck, "a meta row that nobody knows");
}

static void check_evidence_key(struct fsck *fsck, struct bytes key, struct bytes value) {
    uint64_t number;
    (void)value;
    if (key_number(key, &number)) finding(fsck, "an evidence row with a malformed key");
}

static void count_listed(struct fsck *fsck, struct bytes key, struct bytes value) {
    (void)key;
    fsck->listed += value.len;
    if (!listing_valid(value)) finding(fsck, "a row of a list is malformed");
}

static void check_index(struct fsck *fsck, enum key_kind kind, bool is_list) {
    char what[24];
    struct store_key prefix = key_kind_prefix(kind);
    fsck->listed = 0;
    uint64_t have = count_rows(fsck, key_bytes(&prefix), is_list ? count_listed : NULL);
    if (is_list) have = fsck->listed;
    (void)snprintf(what, sizeof what, "%s %s", index_name((uint8_t)kind),
                   is_list ? "entries" : "rows");
    check_count(fsck, what, have, fsck->rows[kind]);
    fsck->result.index_rows += have;
}

/* No row that nobody can account for. Contract state is the replay's business. */
static void check_others(struct fsck *fsck) {
    fsck->result.tiles = count_kind(fsck, KEY_KIND_TILE);
    check_count(fsck, "tile rows", fsck->result.tiles, fsck->tiles);
    for (size_t i = 0; i < sizeof index_kinds / sizeof index_kinds[0]; i++)
        check_index(fsck, index_kinds[i], false);
    for (size_t i = 0; i < sizeof list_kinds / sizeof list_kinds[0]; i++)
        check_index(fsck, list_kinds[i], true);
    struct store_key meta = key_kind_prefix(KEY_KIND_META);
    struct store_key evidence = key_kind_prefix(KEY_KIND_EVIDENCE);
    (void)count_rows(fsck, key_bytes(&meta), check_meta_name);
    (void)count_rows(fsck, key_bytes(&evidence), check_evidence_key);
    for (unsigned first = 0; first <= UINT8_MAX; first++) {
        uint8_t byte = (uint8_t)first;
        if (key_kind_known(byte)) continue;
        uint64_t unknown = count_rows(fsck, bytes_of(&byte, 1), NULL);
        if (unknown) finding(fsck, "%llu rows of an unknown kind, byte %u", N(unknown), first);
    }
}

static void check_all(struct fsck *fsck) {
    uint8_t format[STORE_FORMAT_LEN], root[HASH_LEN];
    store_format_encode(STORE_FORMAT, format);
    check_exact(fsck, "format", bytes_of(format, sizeof format));
    check_exact(fsck, "ledger", bytes_of(fsck->store->ledger_id, 32));
    load_checkpoint(fsck, root);
    if (!fsck->failed) check_leaves(fsck);
    if (fsck->failed) return;
    check_head(fsck);
    check_checkpoint(fsck, root);
    check_others(fsck);
}

enum err fsck(struct store *store, const struct fsck_hooks *hooks, struct fsck_result *ret) {
    struct fsck *fsck = calloc(1, sizeof *fsck);
    if (!fsck) return ERR_NO_MEMORY;
    fsck->store = store;
    fsck->hooks = hooks;
    fsck->replaying = true;
    fsck->offset = SEGMENT_HEADER_LEN;
    buf_init(&fsck->body, SEGMENT_BODY_MAX);
    buf_init(&fsck->row, 1024 * 1024);
    fsck->tree = malloc(sizeof *fsck->tree);
    enum err err = fsck->tree ? store_view_open(store, &fsck->view) : ERR_NO_MEMORY;
    if (!err) {
        tree_init(fsck->tree);
        check_all(fsck);
        err = fsck->failed;
    } else if (err != ERR_IO && err != ERR_NO_MEMORY) {
        finding(fsck, "head: not readable");
        err = ERR_OK;
    }
    if (!err) *ret = fsck->result;
    store_view_close(fsck->view);
    buf_done(&fsck->body);
    buf_done(&fsck->row);
    free(fsck->tree);
    free(fsck);
    return err;
}

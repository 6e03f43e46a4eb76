/* See keys.h. One builder per kind of key, one encoder and one decoder per value, nothing else: a known-answer test holds every byte. */
#include "ledger/store/keys.h"

#include <assert.h>
#include <string.h>

static void add(struct store_key *key, struct bytes more) {
    assert(more.len <= KEY_MAX - key->len);
    if (more.len) memcpy(key->data + key->len, more.data, more.len);
    key->len += more.len;
}

static void add_u64(struct store_key *key, uint64_t value) {
    uint8_t raw[8];
    put_u64(raw, value);
    add(key, bytes_of(raw, sizeof raw));
}

struct store_key key_kind_prefix(enum key_kind kind) {
    struct store_key key;
    key.data[0] = (uint8_t)kind;
    key.len = 1;
    return key;
}

struct store_key key_meta(const char *name) {
    struct store_key key = key_kind_prefix(KEY_KIND_META);
    add(&key, bytes_text(name));
    return key;
}

struct store_key key_leaf(uint64_t index) {
    struct store_key key = key_kind_prefix(KEY_KIND_LEAF);
    add_u64(&key, index);
    return key;
}

struct store_key key_tile(unsigned level, uint64_t index) {
    assert(level <= UINT8_MAX);
    struct store_key key = key_kind_prefix(KEY_KIND_TILE);
    uint8_t raw = (uint8_t)level;
    add(&key, bytes_of(&raw, 1));
    add_u64(&key, index);
    return key;
}

struct store_key key_record(const uint8_t id[RECORD_ID_LEN]) {
    struct store_key key = key_kind_prefix(KEY_KIND_RECORD);
    add(&key, bytes_of(id, RECORD_ID_LEN));
    return key;
}

struct store_key key_document_prefix(enum digest_alg alg, const uint8_t digest[DIGEST_LEN]) {
    assert(alg < DIGEST_ALG_COUNT);
    struct store_key key = key_kind_prefix(KEY_KIND_DOCUMENT);
    uint8_t raw = (uint8_t)alg;
    add(&key, bytes_of(&raw, 1));
    add(&key, bytes_of(digest, DIGEST_LEN));
    return key;
}

struct store_key key_document(enum digest_alg alg, const uint8_t digest[DIGEST_LEN],
                              uint64_t index) {
    struct store_key key = key_document_prefix(alg, digest);
    add_u64(&key, index);
    return key;
}

static struct store_key list_prefix(enum key_kind kind, const char *name) {
    struct store_key key = key_kind_prefix(kind);
    struct bytes text = bytes_text(name);
    assert(text.len <= UINT8_MAX);
    uint8_t len = (uint8_t)text.len;
    add(&key, bytes_of(&len, 1));
    add(&key, text);
    return key;
}

struct store_key key_issuer_prefix(const char *issuer) {
    return list_prefix(KEY_KIND_ISSUER, issuer);
}

struct store_key key_type_prefix(const char *type) {
    return list_prefix(KEY_KIND_TYPE, type);
}

struct store_key key_list_row(struct store_key prefix, uint64_t index) {
    add_u64(&prefix, index);
    return prefix;
}

struct store_key key_state(struct bytes inner) {
    assert(inner.len < KEY_MAX);
    struct store_key key = key_kind_prefix(KEY_KIND_STATE);
    add(&key, inner);
    return key;
}

struct store_key key_evidence(uint64_t number) {
    struct store_key key = key_kind_prefix(KEY_KIND_EVIDENCE);
    add_u64(&key, number);
    return key;
}

struct bytes key_bytes(const struct store_key *key) {
    return bytes_of(key->data, key->len);
}

bool key_kind_known(uint8_t first) {
    static const uint8_t kinds[] = {KEY_KIND_META,   KEY_KIND_LEAF,     KEY_KIND_TILE,
                                    KEY_KIND_RECORD, KEY_KIND_DOCUMENT, KEY_KIND_STATE,
                                    KEY_KIND_ISSUER, KEY_KIND_TYPE,     KEY_KIND_EVIDENCE};
    return memchr(kinds, first, sizeof kinds) != NULL;
}

/* Length that a key of this kind must have to end in a number; 0: it has none. */
static size_t numbered_len(struct bytes key) {
    switch (key.data[0]) {
    case KEY_KIND_LEAF:
    case KEY_KIND_EVIDENCE: return 1 + 8;
    case KEY_KIND_DOCUMENT: return 1 + 1 + DIGEST_LEN + 8;
    case KEY_KIND_ISSUER:
    case KEY_KIND_TYPE: return key.len < 2 ? 0 : 1 + 1 + (size_t)key.data[1] + 8;
    default: return 0;
    }
}

enum err key_number(struct bytes key, uint64_t *ret) {
    size_t need = key.len ? numbered_len(key) : 0;
    if (need == 0 || key.len != need) return ERR_CORRUPT;
    *ret = get_u64(key.data + need - 8);
    return ERR_OK;
}

struct bytes key_state_inner(struct bytes key) {
    assert(key.len >= 1 && key.data[0] == KEY_KIND_STATE);
    return bytes_slice(key, 1, key.len);
}

void store_format_encode(uint32_t format, uint8_t ret[STORE_FORMAT_LEN]) {
    put_u32(ret, format);
}

enum err store_format_decode(struct bytes in, uint32_t *ret) {
    if (in.len != STORE_FORMAT_LEN) return ERR_CORRUPT;
    *ret = get_u32(in.data);
    return ERR_OK;
}

void store_index_encode(uint64_t index, uint8_t ret[STORE_INDEX_LEN]) {
    put_u64(ret, index);
}

enum err store_index_decode(struct bytes in, uint64_t *ret) {
    if (in.len != STORE_INDEX_LEN) return ERR_CORRUPT;
    *ret = get_u64(in.data);
    return ERR_OK;
}

void store_head_encode(const struct store_head *head, uint8_t ret[STORE_HEAD_LEN]) {
    put_u64(ret, head->size);
    memcpy(ret + 8, head->root, HASH_LEN);
    put_u64(ret + 40, head->time_ms);
    put_u32(ret + 48, head->position.epoch);
    put_u64(ret + 52, head->position.revision);
    put_u32(ret + 60, head->segment);
    put_u64(ret + 64, head->segment_end);
}

enum err store_head_decode(struct bytes in, struct store_head *ret) {
    struct cursor cursor = cursor_of(in);
    struct store_head head;
    head.size = cursor_u64(&cursor);
    cursor_copy(&cursor, head.root, HASH_LEN);
    head.time_ms = cursor_u64(&cursor);
    head.position.epoch = cursor_u32(&cursor);
    head.position.revision = cursor_u64(&cursor);
    head.segment = cursor_u32(&cursor);
    head.segment_end = cursor_u64(&cursor);
    if (!cursor_ended(&cursor)) return ERR_CORRUPT;
    *ret = head;
    return ERR_OK;
}

void store_leaf_encode(const struct store_leaf *leaf, uint8_t ret[STORE_LEAF_LEN]) {
    memcpy(ret, leaf->leaf, LEAF_LEN);
    put_u32(ret + LEAF_LEN, leaf->segment);
    put_u64(ret + LEAF_LEN + 4, leaf->offset);
    put_u32(ret + LEAF_LEN + 12, leaf->len);
}

enum err store_leaf_decode(struct bytes in, struct store_leaf *ret) {
    struct cursor cursor = cursor_of(in);
    struct store_leaf leaf;
    cursor_copy(&cursor, leaf.leaf, LEAF_LEN);
    leaf.segment = cursor_u32(&cursor);
    leaf.offset = cursor_u64(&cursor);
    leaf.len = cursor_u32(&cursor);
    if (!cursor_ended(&cursor)) return ERR_CORRUPT;
    *ret = leaf;
    return ERR_OK;
}

/* What the tests of notes share: keys from seeds, and the known answers' log and witness. */
#ifndef QIZHENG_TESTS_LIB_NOTE_H
#define QIZHENG_TESTS_LIB_NOTE_H

#include "ledger/proof/checkpoint.h"
#include "tests/lib/tree.h"

struct signer {
    struct key_secret *key;
    struct vkey vkey;
};

static inline struct signer signer_from(const char *name, uint8_t type, const uint8_t seed[32]) {
    struct signer signer = {0};
    cr_assert(key_secret_from_bytes(KEY_ED25519, seed, &signer.key) == ERR_OK);
    cr_assert(vkey_make(name, type, key_secret_public(signer.key), &signer.vkey) == ERR_OK);
    return signer;
}

static inline struct signer signer_make(const char *name, uint8_t type, const char *seed_name) {
    uint8_t seed[32];
    vector_seed(seed_name, seed);
    return signer_from(name, type, seed);
}

/* The known answers' keys: seeds 00..1f and 20..3f. */
static inline struct signer kat_signer(const char *name, uint8_t type, uint8_t first) {
    uint8_t seed[32];
    for (unsigned i = 0; i < 32; i++) seed[i] = (uint8_t)(first + i);
    return signer_from(name, type, seed);
}

static inline void signer_done(struct signer *signer) {
    key_secret_done(signer->key);
}

/* Checkpoint text of the world of that size. The caller frees it with buf_done. */
static inline struct buf world_checkpoint(const char *origin, size_t size) {
    struct buf text;
    buf_init(&text, 4 * LIMIT_NOTE);
    cr_assert(checkpoint_format(origin, size, model_root(0, size), &text) == ERR_OK);
    return text;
}

/* The same with an empty line and the log's line behind it. */
static inline struct buf world_note(const struct signer *log, size_t size) {
    struct buf note = world_checkpoint(log->vkey.name, size);
    struct buf text = world_checkpoint(log->vkey.name, size);
    cr_assert(buf_add_byte(&note, '\n') == ERR_OK);
    cr_assert(checkpoint_sign(&log->vkey, log->key, buf_bytes(&text), &note) == ERR_OK);
    buf_done(&text);
    return note;
}

#endif

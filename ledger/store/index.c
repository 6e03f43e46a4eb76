/* See index.h. A document that a record names twice gives one row: fsck counts rows. */
#include "ledger/store/index.h"

#include <string.h>

static bool named_before(const struct record *record, size_t at) {
    const struct record_doc *doc = &record->docs[at];
    for (size_t i = 0; i < at; i++)
        if (record->docs[i].alg == doc->alg &&
            memcmp(record->docs[i].digest, doc->digest, DIGEST_LEN) == 0)
            return true;
    return false;
}

void index_rows(const struct record *record, uint64_t index,
                void (*put)(void *arg, struct bytes key, struct bytes value), void *arg) {
    if (!record) return;
    uint8_t value[STORE_INDEX_LEN];
    store_index_encode(index, value);
    struct store_key key = key_record(record->id);
    put(arg, key_bytes(&key), bytes_of(value, sizeof value));
    for (size_t i = 0; i < record->doc_count; i++) {
        if (named_before(record, i)) continue;
        key = key_document(record->docs[i].alg, record->docs[i].digest, index);
        put(arg, key_bytes(&key), bytes_of(NULL, 0));
    }
}

/* See secret.h. */
#include "ledger/crypto/secret.h"

#include <sodium.h>

void secret_wipe(void *data, size_t len) {
    if (len) sodium_memzero(data, len);
}

void *secret_take(size_t len) {
    return sodium_init() < 0 ? NULL : sodium_malloc(len);
}

void secret_free(void *data) {
    sodium_free(data);
}

bool secret_equal(struct bytes a, struct bytes b) {
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.data, b.data, a.len) == 0);
}

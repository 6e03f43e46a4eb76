/* See secret.h. */
#include "ledger/crypto/secret.h"

#include <sodium.h>

void secret_wipe(void *data, size_t len) {
    if (len) sodium_memzero(data, len);
}

void *secret_take(size_t len) {
    /* A block ends where a page ends, so only a rounded length is aligned for every type. */
    const size_t step = _Alignof(max_align_t);
    if (sodium_init() < 0 || len > SIZE_MAX - step) return NULL;
    return sodium_malloc((len + step - 1) / step * step);
}

void secret_free(void *data) {
    sodium_free(data);
}

bool secret_equal(struct bytes a, struct bytes b) {
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.data, b.data, a.len) == 0);
}

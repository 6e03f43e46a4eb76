/* See entropy.h. getrandom(2) blocks until the kernel's generator is seeded and is then never short of bytes; only a signal cuts a
 * large request short, so the loop goes on. Anything else means that no secret could be made here: stop at once. */
#include "ledger/store/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void entropy(void *data, size_t len) {
    uint8_t *at = data;
    while (len) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) abort();
        at += got;
        len -= (size_t)got;
    }
}

/* See lists.h. */
#include "contracts/lists.h"

#include "contracts/state_keys.h"

#include <string.h>

enum err lists_put_tag(struct overlay *overlay, const uint8_t tag[32], uint64_t index) {
    struct state_key key = state_key_tagged(tag, index);
    return overlay_put(overlay, state_key_bytes(&key), bytes_of(NULL, 0));
}

static enum err put_owned(struct overlay *overlay, const char *owner, uint64_t index) {
    struct state_key key = state_key_owned(owner, index);
    return overlay_put(overlay, state_key_bytes(&key), bytes_of(NULL, 0));
}

enum err lists_put(struct overlay *overlay, const struct record *record, const char *owner,
                   uint64_t index) {
    enum err err = strcmp(owner, record->iss) == 0 ? ERR_OK : put_owned(overlay, owner, index);
    for (size_t i = 0; !err && i < record->tag_count; i++)
        err = lists_put_tag(overlay, record->tags[i].tag, index);
    return err;
}

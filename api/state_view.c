/* The state view over a store snapshot: what machine_check, machine_status and the registry read (contracts/view.h). It adds nothing to the snapshot and
 * lives as long as that does. */
#include "api/api.h"

static enum err view_get(void *ctx, struct bytes key, struct buf *ret) {
    return store_view_state(ctx, key, ret);
}

static enum err view_find(void *ctx, const uint8_t id[RECORD_ID_LEN], uint64_t *ret_index) {
    return store_view_find(ctx, id, ret_index);
}

static enum err view_scan(void *ctx, struct bytes prefix,
                          bool (*each)(void *arg, struct bytes key, struct bytes value),
                          void *arg) {
    return store_view_scan(ctx, prefix, prefix, each, arg);
}

struct view api_state_view(struct store_view *view) {
    struct view state = {view, view_get, view_find, view_scan};
    return state;
}

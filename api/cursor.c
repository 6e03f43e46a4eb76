/* See cursor.h. Bytes: index u64, part u32, MAC. */
#include "api/cursor.h"

#include "api/route.h"
#include "ledger/base/text.h"
#include "ledger/crypto/mac.h"

#include <string.h>

#define PLACE_LEN 12
#define CURSOR_LEN (PLACE_LEN + MAC_LEN)

/* Everything that the cursor belongs to, and the place. Parameters in the order of the route's table. */
static enum err message(const struct api_call *call, const struct reader *reader,
                        const uint8_t place[PLACE_LEN], struct buf *out) {
    const struct route *route = &routes[call->reply->route];
    enum err err = buf_format(out, "qizheng cursor v1\n%s\n%s\n", route->name, reader->id);
    for (size_t i = 0; !err && i < ROUTE_PARAMS && route->params[i]; i++) {
        struct bytes value;
        if (strcmp(route->params[i], "after") == 0 || strcmp(route->params[i], "limit") == 0)
            continue;
        if (!call_query(call, route->params[i], &value)) continue;
        err = buf_format(out, "%s=%.*s\n", route->params[i], (int)value.len, value.data);
    }
    return err ? err : buf_add(out, bytes_of(place, PLACE_LEN));
}

static enum err refuse(struct api_call *call) {
    return problem_set(
        &call->why, ERR_REQUEST,
        "after is the member `next` of the page before, with the rest of the query as "
        "it was then, asked by the same reader of the same node since it started. "
        "Begin again without it.");
}

enum err cursor_read(struct api_call *call, const struct reader *reader, struct place *ret) {
    uint8_t raw[CURSOR_LEN];
    struct bytes text;
    struct buf sealed;
    memset(ret, 0, sizeof *ret);
    if (!call_query(call, "after", &text)) return ERR_OK;
    if (base64url_decode_fixed(text, raw, sizeof raw)) return refuse(call);
    buf_init(&sealed, 16 * 1024);
    enum err err = message(call, reader, raw, &sealed);
    if (!err && !mac_check(call->api->cursor_key, buf_bytes(&sealed), raw + PLACE_LEN))
        err = refuse(call);
    buf_done(&sealed);
    if (err) return err;
    ret->index = get_u64(raw);
    ret->part = get_u32(raw + 8);
    return ERR_OK;
}

enum err cursor_put(struct api_call *call, const struct reader *reader, struct place place,
                    struct json *body) {
    uint8_t raw[CURSOR_LEN];
    char text[LIMIT_CURSOR];
    struct buf sealed;
    put_u64(raw, place.index);
    put_u32(raw + 8, place.part);
    buf_init(&sealed, 16 * 1024);
    enum err err = message(call, reader, raw, &sealed);
    if (!err) mac_make(call->api->cursor_key, buf_bytes(&sealed), raw + PLACE_LEN);
    buf_done(&sealed);
    if (err) return err;
    base64url_write(bytes_of(raw, sizeof raw), text);
    return json_put_text(body, "next", text);
}

enum err page_limit(struct api_call *call, size_t *ret) {
    struct bytes text;
    uint64_t limit = LIMIT_PAGE;
    if (call_query(call, "limit", &text) &&
        (decimal_parse(text, &limit) || limit == 0 || limit > LIMIT_PAGE)) {
        return problem_set(&call->why, ERR_REQUEST, "limit is a number from 1 to %d.", LIMIT_PAGE);
    }
    *ret = (size_t)limit;
    return ERR_OK;
}

/* GET /v1/participants[/{id}]: the public part of the registry, a page at a time. */
#include "api/cursor.h"

#include "ledger/base/text.h"

#include <string.h>

static enum err page_after(struct api_call *call, char ret[LIMIT_ID + 1]) {
    struct bytes text;
    ret[0] = 0;
    if (!call_query(call, "after", &text)) return ERR_OK;
    if (!participant_id_valid(text)) {
        return problem_set(&call->why, ERR_REQUEST,
                           "after is the member `next` of the page before.");
    }
    memcpy(ret, text.data, text.len);
    ret[text.len] = 0;
    return ERR_OK;
}

enum err participants_get(struct api_call *call) {
    size_t limit = 0;
    char after[LIMIT_ID + 1];
    struct store_view *view;
    enum err err = page_limit(call, &limit);
    if (!err) err = page_after(call, after);
    if (!err) err = call_snapshot(call, &view);
    if (err) return err;
    struct json *page = NULL;
    err = registry_list(api_state_view(view), after, limit, &page);
    store_view_close(view);
    return err ? err : call_json(call, 200, MEDIA_JSON, page);
}

static enum err participant_read(struct api_call *call, const char *id, struct json **ret) {
    struct store_view *view;
    struct registry_participant participant;
    memset(&participant, 0, sizeof participant);
    enum err err = call_snapshot(call, &view);
    if (err) return err;
    err = registry_participant_get(api_state_view(view), id, true, &participant);
    store_view_close(view);
    if (err) return err;
    *ret = participant.json;
    participant.json = NULL;
    registry_participant_done(&participant);
    return ERR_OK;
}

enum err participant_get(struct api_call *call) {
    char id[LIMIT_ID + 1];
    struct json *json = NULL;
    struct bytes text = call->parts[0];
    enum err err = ERR_NOT_FOUND;
    if (participant_id_valid(text)) {
        memcpy(id, text.data, text.len);
        id[text.len] = 0;
        err = participant_read(call, id, &json);
    }
    if (err == ERR_NOT_FOUND) {
        return problem_set(&call->why, err, "No participant with that id is registered.");
    }
    return err ? err : call_json(call, 200, MEDIA_JSON, json);
}

/* See audit_state.h. */
#include "api/cli/audit_state.h"

enum err audit_state_parse(const struct json *json, struct audit_state *ret,
                           struct problem *ret_why) {
    int64_t time_ms = -1;
    struct bytes note = json_text_bytes(json_member(json, "checkpoint"));
    if (!json_int(json_member(json, "time"), &time_ms) || time_ms < 0 || !note.len)
        return problem_set(ret_why, ERR_SCHEMA, "It has no time and checkpoint.");
    enum err err = mirror_checkpoint_parse(note, &ret->head, ret_why);
    if (!err) ret->time_ms = (uint64_t)time_ms;
    return err;
}

enum err audit_state_json(const struct audit_state *state, struct json **ret) {
    struct json *json = json_new_object();
    enum err err = json ? json_put_int(json, "time", (int64_t)state->time_ms) : ERR_NO_MEMORY;
    if (!err) err = json_put(json, "checkpoint", json_new_text_bytes(buf_bytes(&state->head.text)));
    if (err)
        json_done(json);
    else
        *ret = json;
    return err;
}

void audit_state_done(struct audit_state *state) {
    mirror_checkpoint_done(&state->head);
}

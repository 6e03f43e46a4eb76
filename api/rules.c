/* GET /v1/rules and GET /v1/policy: what this ledger judges records by, and what a verifier judges this ledger by. */
#include "api/call.h"

enum err rules_get(struct api_call *call) {
    struct store_view *view;
    enum err err = call_snapshot(call, &view);
    if (err) return err;
    struct json *rules = NULL;
    err = rules_json(api_state_view(view), &rules);
    store_view_close(view);
    return err ? err : call_list(call, "rules", rules);
}

/* The policy of the node set in force: C2SP tlog-policy text, ready to be saved and handed to `qizheng verify`. */
enum err policy_get(struct api_call *call) {
    return call_text(call, MEDIA_TEXT, call->api->policy);
}

/* GET /v1/types: record types with their acts (who may do them), elements, tags and codes; and what each role may read. They belong to the program's protocol
 * version, not to a tree size. */
#include "api/call.h"

#include "contracts/scopes.h"

enum err types_get(struct api_call *call) {
    struct json *types = NULL, *body = json_new_object();
    enum err err = body ? contract_types_json(&types) : ERR_NO_MEMORY;
    if (!err) err = json_put(body, "types", types);
    if (!err) err = json_put(body, "scopes", scopes_json());
    if (!err) return call_json(call, 200, MEDIA_JSON, body);
    json_done(body);
    return err;
}

/* GET /v1/types: record types with their acts (who may do them), elements, tags and codes; what each role may read; and the domains of tags with the roles that may have them made. All but the
 * version of a domain's key belong to the program's protocol version, not to a tree size. */
#include "api/call.h"

#include "contracts/domains.h"
#include "contracts/scopes.h"

static enum err put_domains(struct api_call *call, struct json *body) {
    struct parameters parameters;
    struct store_view *view;
    enum err err = store_view_open(call->api->store, &view);
    if (err) return err;
    err = parameters_get(api_state_view(view), &parameters);
    store_view_close(view);
    return err ? err : json_put(body, "domains", domains_json(&parameters));
}

enum err types_get(struct api_call *call) {
    struct json *types = NULL, *body = json_new_object();
    enum err err = body ? contract_types_json(&types) : ERR_NO_MEMORY;
    if (!err) err = json_put(body, "types", types);
    if (!err) err = json_put(body, "scopes", scopes_json());
    if (!err) err = put_domains(call, body);
    if (!err) return call_json(call, 200, MEDIA_JSON, body);
    json_done(body);
    return err;
}

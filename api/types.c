/* GET /v1/types: record types with their acts and elements. They belong to the program's protocol version, not to a tree size. */
#include "api/call.h"

enum err types_get(struct api_call *call) {
    struct json *types = NULL;
    enum err err = contract_types_json(&types);
    return err ? err : call_list(call, "types", types);
}

/* GET /v1/genesis: leaf 0's document, byte for byte. Its SHA-256 is the ledger id that every record names, so whoever knows that knows that these are the right bytes, and with them the public
 * keys of the tag domains (FORMATS.md section 1). */
#include "api/call.h"

enum err genesis_get(struct api_call *call) {
    return call_text(call, MEDIA_JSON, call->api->machine->genesis->bytes);
}

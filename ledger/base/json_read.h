/* The quick reader of JSON, between json.c and json_read.c; no other file includes this. */
#ifndef QIZHENG_BASE_JSON_READ_H
#define QIZHENG_BASE_JSON_READ_H

#include "ledger/base/bytes.h"

struct json_t;

/* Reads text, which is UTF-8, into a new jansson value that is what jansson's own reader would make of it. ERR_MALFORMED_JSON: not read here, for whatever reason, and jansson
 * decides. ERR_NO_MEMORY. */
enum err json_read(struct bytes text, struct json_t **ret) MUST_CHECK;
/* Where, at or after `from`, stands the first byte that cannot stand for itself in a JSON text: a quotation mark, a reverse solidus or one below 0x20; len where there is none. */
size_t json_plain_end(struct bytes text, size_t from);

#endif

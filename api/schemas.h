/* schemas.json, as it was when this program was built: the `components` of the OpenAPI document. */
#ifndef QIZHENG_API_SCHEMAS_H
#define QIZHENG_API_SCHEMAS_H

#include <stddef.h>

extern const unsigned char schemas_json[];
extern const size_t schemas_json_len;

#endif

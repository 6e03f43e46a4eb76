/* The ledger's parameters: from the genesis into state, so that all nodes judge alike. A genesis need not name them all: what it leaves out has the
 * default of protocol 1, and the row in state names every one. */
#ifndef QIZHENG_CONTRACTS_PARAMETERS_H
#define QIZHENG_CONTRACTS_PARAMETERS_H

#include "contracts/overlay.h"
#include "ledger/base/json.h"

struct parameters {
    int64_t
        admission_window_s; /* W of FORMATS.md section 1: how old a record may be when it is admitted */
};

/* For a new genesis: {"admission_window_s": 604800}. NULL without memory. */
struct json *machine_parameters_default(void);
/* ERR_PROTOCOL where an object of a genesis names a parameter that this program does not know, or gives it a value it may not have. */
enum err parameters_put(struct overlay *overlay, const struct json *object) MUST_CHECK;
enum err parameters_get(struct view view, struct parameters *ret) MUST_CHECK; /* ERR_CORRUPT */

#endif

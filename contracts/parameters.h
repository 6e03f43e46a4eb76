/* The ledger's parameters: from the genesis into state, so that all nodes judge alike. A genesis need not name them all: what it leaves out has the
 * default of protocol 1, and the row in state names every one. */
#ifndef QIZHENG_CONTRACTS_PARAMETERS_H
#define QIZHENG_CONTRACTS_PARAMETERS_H

#include "contracts/overlay.h"
#include "ledger/base/json.h"

/* Domains of pseudonymous tags (FORMATS.md section 7): a key each, so that tags of two domains cannot be joined. */
enum tag_domain { TAG_LABOUR, TAG_BENEFIT };
#define TAG_DOMAINS 2

const char *tag_domain_name(enum tag_domain domain); /* "labour" */
bool tag_domain_from_name(const char *name, enum tag_domain *ret);

struct parameters {
    int64_t
        admission_window_s; /* W of FORMATS.md section 1: how old a record may be when it is admitted */
    int64_t
        tag_versions[TAG_DOMAINS]; /* of the key that tags are made with now, by enum tag_domain */
};

/* For a new genesis: {"admission_window_s":604800,"tag_versions":{"benefit":1,"labour":1}}. NULL without memory. */
struct json *machine_parameters_default(void);
/* ERR_PROTOCOL where an object of a genesis names a parameter that this program does not know, or gives it a value it may not have. */
enum err parameters_put(struct overlay *overlay, const struct json *object) MUST_CHECK;
enum err parameters_get(struct view view, struct parameters *ret) MUST_CHECK; /* ERR_CORRUPT */

#endif

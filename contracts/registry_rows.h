/* Rows of participants and keys, for registry.c and registry_change.c alone; what others may ask is in registry.h. */
#ifndef QIZHENG_CONTRACTS_REGISTRY_ROWS_H
#define QIZHENG_CONTRACTS_REGISTRY_ROWS_H

#include "contracts/registry.h"

/* The row as it is stored: its JSON without what other rows say. registry_participant_done. ERR_NOT_FOUND. */
enum err registry_row_get(struct view view, const char *id, bool with_json,
                          struct registry_participant *ret) MUST_CHECK;
enum err registry_participant_put(struct overlay *overlay, const char *id,
                                  const struct registry_participant *participant) MUST_CHECK;
enum err registry_key_put(struct overlay *overlay, const char *kid,
                          const struct registry_key *key) MUST_CHECK;
/* A new key's row. */
enum err registry_key_bind(struct overlay *overlay, const char *id,
                           const struct participant_key *bound, uint64_t index) MUST_CHECK;

#endif

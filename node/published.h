/* The newest final checkpoint, as readers see it: immutable, reference counted, swapped when a larger or fresher one is published. */
#ifndef QIZHENG_NODE_PUBLISHED_H
#define QIZHENG_NODE_PUBLISHED_H

#include "api/api.h"

struct published;

enum err published_open(struct published **ret) MUST_CHECK;
void published_close(struct published *published);
/* Copies the note; wakes published_wait. Sizes never fall: asserted. */
enum err published_put(struct published *published, uint64_t size, const uint8_t root[HASH_LEN],
                       uint64_t time_s, struct bytes note) MUST_CHECK;
/* ERR_NOT_FINAL before the first. Release with published_release. */
enum err published_get(struct published *published, struct api_checkpoint *ret) MUST_CHECK;
void published_release(struct api_checkpoint *checkpoint);
/* Sleeps up to timeout_ms until the size is above index. */
bool published_wait(struct published *published, uint64_t index, uint64_t timeout_ms);

#endif

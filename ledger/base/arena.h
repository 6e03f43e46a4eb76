/* One request's memory: many small allocations, freed together.
 *
 * An arena never gives memory back before arena_done, never moves what it gave, and refuses (NULL) beyond its maximum, so
 * what one request can take is bounded. Not shared between threads. */
#ifndef QIZHENG_BASE_ARENA_H
#define QIZHENG_BASE_ARENA_H

#include "ledger/base/bytes.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used; /* bytes given out and lost to alignment */
    size_t max;
};

void arena_init(struct arena *arena, size_t max);
void arena_done(struct arena *arena); /* accepts a zeroed arena */
/* len zeroed bytes aligned for any type; NULL beyond max or without memory. */
void *arena_take(struct arena *arena, size_t len);
/* Copies; data is NULL only on failure or where len is 0. */
struct bytes arena_copy(struct arena *arena, struct bytes in);
/* The bytes as a NUL-terminated string; NULL on failure. */
char *arena_text(struct arena *arena, struct bytes in);

#endif

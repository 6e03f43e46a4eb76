/* See arena.h. */
#include "ledger/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (8 * 1024) /* holds what an ordinary request needs */

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t cap;
    alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *arena, size_t max) {
    memset(arena, 0, sizeof *arena);
    arena->max = max;
}

void arena_done(struct arena *arena) {
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    memset(arena, 0, sizeof *arena);
}

static struct arena_block *block_with(struct arena *arena, size_t len) {
    struct arena_block *block = arena->blocks;
    if (block && block->cap - block->used >= len) return block;
    size_t cap = len > BLOCK ? len : BLOCK;
    block = malloc(sizeof *block + cap);
    if (!block) return NULL;
    block->next = arena->blocks;
    block->used = 0;
    block->cap = cap;
    arena->blocks = block;
    return block;
}

void *arena_take(struct arena *arena, size_t len) {
    size_t align = alignof(max_align_t);
    if (len > arena->max) return NULL;
    size_t rounded = (len + align - 1) / align * align;
    if (rounded > arena->max - arena->used) return NULL;
    struct arena_block *block = block_with(arena, rounded ? rounded : align);
    if (!block) return NULL;
    void *given = block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    memset(given, 0, len);
    return given;
}

struct bytes arena_copy(struct arena *arena, struct bytes in) {
    if (!in.len) return bytes_of(NULL, 0);
    uint8_t *copy = arena_take(arena, in.len);
    if (!copy) return bytes_of(NULL, 0);
    memcpy(copy, in.data, in.len);
    return bytes_of(copy, in.len);
}

char *arena_text(struct arena *arena, struct bytes in) {
    char *copy = arena_take(arena, in.len + 1);
    if (copy && in.len) memcpy(copy, in.data, in.len);
    return copy;
}

/* The public log of a node or of any mirror (C2SP tlog-tiles), read over HTTP: /checkpoint, /tile/..., /tile/entries/... Nothing read here is trusted. */
#ifndef QIZHENG_API_CLI_MIRROR_H
#define QIZHENG_API_CLI_MIRROR_H

#include "api/client.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/tile.h"

struct mirror {
    struct client *client;
    struct problem why; /* of the last failure of the tile reader, which has no room for it */
};

/* A signed checkpoint. *ret_note holds the bytes that the others borrow from; note_done and buf_done both. */
struct mirror_checkpoint {
    struct buf text;
    struct note note;
    struct checkpoint checkpoint;
};
enum err mirror_checkpoint_get(struct mirror *mirror, struct mirror_checkpoint *ret,
                               struct problem *ret_why) MUST_CHECK;
/* The same from bytes at hand, which are copied. ERR_NOTE ERR_CHECKPOINT. */
enum err mirror_checkpoint_parse(struct bytes text, struct mirror_checkpoint *ret,
                                 struct problem *ret_why) MUST_CHECK;
void mirror_checkpoint_done(struct mirror_checkpoint *checkpoint); /* accepts zeroed */

/* For tile_source_init. A mirror may keep only the full tile where a partial one was: then its beginning is taken. */
struct tile_reader mirror_tiles(struct mirror *mirror);
/* Hashes of one tile; ret has width * 32 bytes. */
enum err mirror_tile(struct mirror *mirror, unsigned level, uint64_t index, unsigned width,
                     uint8_t *ret) MUST_CHECK;
/* An entry bundle of at least width entries, into *ret (which is cleared). */
enum err mirror_bundle(struct mirror *mirror, uint64_t index, unsigned width,
                       struct buf *ret) MUST_CHECK;

#endif

/* Checkpoints (C2SP tlog-checkpoint v1) and cosignatures (C2SP tlog-cosignature v1).
 *
 *   <origin>\n<size>\n<base64 root>\n   then, in foreign logs only, extension lines
 *
 * A log line signs that text; a cosignature is time (u64 BE seconds) || Ed25519 over "cosignature/v1\ntime <sec>\n" || text. */
#ifndef QIZHENG_PROOF_CHECKPOINT_H
#define QIZHENG_PROOF_CHECKPOINT_H

#include "ledger/proof/merkle.h"
#include "ledger/proof/note.h"

struct checkpoint {
    struct bytes origin; /* borrowed */
    uint64_t size;
    uint8_t root[HASH_LEN];
    bool has_extensions; /* never in ours */
};

/* text: a note's. ERR_CHECKPOINT. A tree of size 0 must have the empty root. */
enum err checkpoint_parse(struct bytes text, struct checkpoint *ret) MUST_CHECK;
enum err checkpoint_format(const char *origin, uint64_t size, const uint8_t root[HASH_LEN],
                           struct buf *out) MUST_CHECK;

/* Appends the log's note line for that text. vkey type must be NOTE_TYPE_ED25519. */
enum err checkpoint_sign(const struct vkey *vkey, const struct key_secret *key, struct bytes text,
                         struct buf *out) MUST_CHECK;
/* Appends a cosignature line made at time_s (seconds since 1970). */
enum err checkpoint_cosign(const struct vkey *vkey, const struct key_secret *key, struct bytes text,
                           uint64_t time_s, struct buf *out) MUST_CHECK;

/* One line against its key: type decides how. For a cosignature *ret_time_s is its time, else 0. ERR_SIGNATURE_INVALID, ERR_NOTE (wrong length). */
enum err checkpoint_line_verify(const struct note_line *line, const struct vkey *vkey,
                                struct bytes text, uint64_t *ret_time_s) MUST_CHECK;

#endif

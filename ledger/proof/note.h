/* Signed notes (C2SP signed-note v1) and their verifier keys.
 *
 * A note is text that ends in a newline, an empty line, and lines `— <name> base64(key id || signature)`. Key id =
 * SHA-256(name || 0x0A || type || public key)[:4]. Unknown (name, id) pairs are ignored; a known key whose line fails rejects the note. */
#ifndef QIZHENG_PROOF_NOTE_H
#define QIZHENG_PROOF_NOTE_H

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/key.h"

#define NOTE_TYPE_ED25519 0x01     /* signs the text */
#define NOTE_TYPE_COSIGNATURE 0x04 /* C2SP tlog-cosignature v1 */

struct vkey {
    char name[LIMIT_VKEY_NAME + 1]; /* UTF-8, no space, no plus */
    uint32_t id;
    uint8_t type;
    struct key_public
        key; /* Ed25519; nothing in it needs key_public_done, so a vkey may be copied */
};

/* name+hex8+base64(type||key). The id must match. ERR_NOTE with a reason. */
enum err vkey_parse(struct bytes text, struct vkey *ret, struct problem *ret_why) MUST_CHECK;
enum err vkey_format(const struct vkey *vkey, struct buf *out) MUST_CHECK;
/* From a node's Ed25519 key. ERR_NOTE where the name is not allowed. */
enum err vkey_make(const char *name, uint8_t type, const struct key_public *key,
                   struct vkey *ret) MUST_CHECK;
bool vkey_same(const struct vkey *a, const struct vkey *b);

struct note_line {
    struct bytes name; /* borrowed */
    uint32_t id;
    struct bytes sig; /* decoded, without the key id; in the note's own memory */
    struct bytes raw; /* the whole line without its newline; borrowed */
};

struct note {
    struct bytes text;       /* with its last newline; borrowed from the input */
    struct note_line *lines; /* owned */
    size_t count;            /* 1..LIMIT_NOTE_LINES */
    struct buf decoded;
};

/* Strict. ERR_NOTE ERR_TOO_LARGE. note_done also after nothing was parsed (zeroed). */
enum err note_parse(struct bytes raw, struct note *ret, struct problem *ret_why) MUST_CHECK;
void note_done(struct note *note);
/* Does that line claim to be by that key (name and id)? "Verifiers MUST ignore signatures from unknown keys." A key may have several
 * lines, and each must verify: who decides whether to trust a note goes through all of them. */
bool note_line_by(const struct note_line *line, const struct vkey *vkey);
/* Appends `— name base64(id || sig)\n`. */
enum err note_line_format(const struct vkey *vkey, struct bytes sig, struct buf *out) MUST_CHECK;

#endif

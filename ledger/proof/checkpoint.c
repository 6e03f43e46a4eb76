/* Checkpoints and cosignatures. See checkpoint.h; the standards are C2SP tlog-checkpoint v1 and tlog-cosignature v1.
 *
 * Happy path: the log formats a checkpoint and signs it, each cosigner appends its line, a reader parses the note's text and
 * verifies the lines of the keys it trusts.
 * Failure modes: ERR_CHECKPOINT for a text that is not the one text of its value (also before anything is signed),
 * ERR_NOTE for a signature of the wrong form, ERR_SIGNATURE_INVALID for one that does not verify.
 * Invariant: these keys never sign anything but a well-formed checkpoint, so no other meaning can be lent to a signature. */
#include "ledger/proof/checkpoint.h"

#include "ledger/base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define TIME_LEN 8
#define TIME_MAX ((uint64_t)INT64_MAX)
#define MESSAGE_MAX (2 * LIMIT_NOTE)

/* "Any following lines are extension lines, opaque and OPTIONAL. Extension lines, if any, MUST be non-empty." */
static bool extensions_ok(struct bytes rest, bool *ret_any) {
    struct bytes line;
    *ret_any = rest.len > 0;
    while (bytes_line(&rest, &line)) {
        if (line.len == 0) return false;
    }
    return rest.len == 0;
}

/* "The note text is a sequence of at least three non-empty lines, separated by newlines (U+000A)." */
enum err checkpoint_parse(struct bytes text, struct checkpoint *ret) {
    struct checkpoint checkpoint;
    struct bytes size, root;
    if (!bytes_line(&text, &checkpoint.origin) || checkpoint.origin.len == 0) {
        return ERR_CHECKPOINT;
    }
    /* "the ASCII decimal representation of the number of leaves in the tree, with no leading zeroes" */
    if (!bytes_line(&text, &size) || decimal_parse(size, &checkpoint.size)) return ERR_CHECKPOINT;
    /* "the base64 encoding of the root of the [RFC 6962] Merkle hash tree at the specified tree size" */
    if (!bytes_line(&text, &root) || base64_decode_fixed(root, checkpoint.root, HASH_LEN)) {
        return ERR_CHECKPOINT;
    }
    if (!extensions_ok(text, &checkpoint.has_extensions)) return ERR_CHECKPOINT;
    if (checkpoint.size == 0) {
        uint8_t empty[HASH_LEN];
        merkle_empty(empty);
        if (memcmp(checkpoint.root, empty, HASH_LEN) != 0) return ERR_CHECKPOINT;
    }
    *ret = checkpoint;
    return ERR_OK;
}

static bool origin_ok(struct bytes origin) {
    for (size_t i = 0; i < origin.len; i++) {
        if (origin.data[i] < 0x20) return false;
    }
    return origin.len > 0 && utf8_valid(origin);
}

enum err checkpoint_format(const char *origin, uint64_t size, const uint8_t root[HASH_LEN],
                           struct buf *out) {
    if (!origin_ok(bytes_text(origin))) return ERR_CHECKPOINT;
    enum err err = buf_format(out, "%s\n%" PRIu64 "\n", origin, size);
    if (!err) err = base64_encode(bytes_of(root, HASH_LEN), out);
    return err ? err : buf_add_byte(out, '\n');
}

static void key_assert(const struct vkey *vkey, uint8_t type, const struct key_secret *key) {
    assert(vkey->type == type);
    assert(memcmp(vkey->key.point, key_secret_public(key)->point, sizeof vkey->key.point) == 0);
}

/* "Ed25519 signatures are generated according to RFC 8032 over the note text." */
enum err checkpoint_sign(const struct vkey *vkey, const struct key_secret *key, struct bytes text,
                         struct buf *out) {
    struct checkpoint checkpoint;
    uint8_t sig[KEY_SIG_LEN];
    key_assert(vkey, NOTE_TYPE_ED25519, key);
    enum err err = checkpoint_parse(text, &checkpoint);
    if (!err) err = key_sign(key, text, sig);
    return err ? err : note_line_format(vkey, bytes_of(sig, sizeof sig), out);
}

/* "The signed message MUST be two newline (U+000A) terminated lines (one header line and one timestamp line) followed by the
 * whole note body of the cosigned checkpoint (including the final newline, but not including any signature lines)." */
static enum err cosignature_message(uint64_t time_s, struct bytes text, struct buf *out) {
    enum err err = buf_format(out, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    return err ? err : buf_add(out, text);
}

enum err checkpoint_cosign(const struct vkey *vkey, const struct key_secret *key, struct bytes text,
                           uint64_t time_s, struct buf *out) {
    struct checkpoint checkpoint;
    uint8_t stamped[TIME_LEN + KEY_SIG_LEN];
    struct buf message;
    key_assert(vkey, NOTE_TYPE_COSIGNATURE, key);
    assert(time_s <= TIME_MAX);
    enum err err = checkpoint_parse(text, &checkpoint);
    if (err) return err;
    buf_init(&message, MESSAGE_MAX);
    err = cosignature_message(time_s, text, &message);
    if (!err) err = key_sign(key, buf_bytes(&message), stamped + TIME_LEN);
    buf_done(&message);
    /* "with the timestamp encoded in big-endian order" */
    put_u64(stamped, time_s);
    return err ? err : note_line_format(vkey, bytes_of(stamped, sizeof stamped), out);
}

static enum err cosignature_verify(const struct note_line *line, const struct vkey *vkey,
                                   struct bytes text, uint64_t *ret_time_s) {
    if (line->sig.len != TIME_LEN + KEY_SIG_LEN) return ERR_NOTE;
    uint64_t time_s = get_u64(line->sig.data);
    /* "It MUST NOT exceed 2^63 - 1" */
    if (time_s > TIME_MAX) return ERR_NOTE;
    struct buf message;
    buf_init(&message, MESSAGE_MAX);
    enum err err = cosignature_message(time_s, text, &message);
    if (!err) err = key_verify(&vkey->key, buf_bytes(&message), line->sig.data + TIME_LEN);
    buf_done(&message);
    if (!err) *ret_time_s = time_s;
    return err;
}

static enum err signature_verify(const struct note_line *line, const struct vkey *vkey,
                                 struct bytes text, uint64_t *ret_time_s) {
    if (line->sig.len != KEY_SIG_LEN) return ERR_NOTE;
    enum err err = key_verify(&vkey->key, text, line->sig.data);
    if (!err) *ret_time_s = 0;
    return err;
}

enum err checkpoint_line_verify(const struct note_line *line, const struct vkey *vkey,
                                struct bytes text, uint64_t *ret_time_s) {
    if (!note_line_by(line, vkey)) return ERR_SIGNATURE_INVALID;
    if (vkey->type == NOTE_TYPE_COSIGNATURE) {
        return cosignature_verify(line, vkey, text, ret_time_s);
    }
    assert(vkey->type == NOTE_TYPE_ED25519);
    return signature_verify(line, vkey, text, ret_time_s);
}

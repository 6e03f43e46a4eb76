/* Signed notes and verifier keys. See note.h; the standard is C2SP signed-note v1.
 *
 * Happy path: note_parse cuts text and lines and decodes each line; the caller finds the lines of the keys it trusts and
 * verifies them (checkpoint.h). Nothing here trusts anything.
 * Failure modes: whatever is not the one text of its value is ERR_NOTE with a reason; LIMIT_NOTE and LIMIT_NOTE_LINES bound
 * the work.
 * Invariants:
 *   1. text ends in a newline and the raw note is text, "\n", then the lines: joining them gives the input byte for byte.
 *   2. A key name that vkey_parse or vkey_make lets through can stand in a note line.
 *   3. note->decoded never moves after note_parse, so the lines may point into it. */
#include "ledger/proof/note.h"

#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* "em dash (U+2014), space (U+0020), key name, space, base64-encoded signature, newline" */
#define LINE_PREFIX "\xe2\x80\x94 "
#define KEY_ID_LEN 4
#define ED25519_LEN 32
#define VKEY_KEY_LEN (1 + ED25519_LEN)
#define HEX_ID_LEN (2 * KEY_ID_LEN)

/* -- key names -- */

/* Code points with the Unicode property White_Space from U+0080 on; below that the space is the only one that a note may hold. */
static bool unicode_space(uint32_t c) {
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Reads one code point of valid UTF-8 at *at. */
static uint32_t utf8_next(struct bytes text, size_t *at) {
    uint8_t lead = text.data[(*at)++];
    if (lead < 0x80) return lead;
    unsigned more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    uint32_t c = lead & (0x3Fu >> more);
    for (; more; more--) c = (c << 6) | (text.data[(*at)++] & 0x3Fu);
    return c;
}

/* "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus (U+002B) characters." And, as any part of a
 * note, they are UTF-8 without control characters. */
static bool name_ok(struct bytes name) {
    if (name.len == 0 || !utf8_valid(name)) return false;
    for (size_t at = 0; at < name.len;) {
        uint32_t c = utf8_next(name, &at);
        if (c <= ' ' || c == '+' || unicode_space(c)) return false;
    }
    return true;
}

/* -- verifier keys -- */

/* "key ID = SHA-256(key name || 0x0A || signature type || public key)[:4]" */
static uint32_t key_id(struct bytes name, uint8_t type, const uint8_t key[ED25519_LEN]) {
    const uint8_t middle[] = {0x0A, type};
    struct bytes parts[] = {name, bytes_of(middle, sizeof middle), bytes_of(key, ED25519_LEN)};
    uint8_t hash[SHA256_LEN];
    sha256_parts(parts, 3, hash);
    return get_u32(hash);
}

static bool type_ok(uint8_t type) {
    return type == NOTE_TYPE_ED25519 || type == NOTE_TYPE_COSIGNATURE;
}

enum err vkey_make(const char *name, uint8_t type, const struct key_public *key, struct vkey *ret) {
    assert(type_ok(type) && key->alg == KEY_ED25519);
    struct bytes text = bytes_text(name);
    if (text.len > LIMIT_VKEY_NAME || !name_ok(text)) return ERR_NOTE;
    struct vkey vkey = {.type = type, .key = *key};
    memcpy(vkey.name, text.data, text.len);
    vkey.id = key_id(text, type, key->point);
    *ret = vkey;
    return ERR_OK;
}

struct vkey_parts {
    struct bytes name, id, key;
};

/* The name holds no plus, so the first two end the name and the id; base64 may hold further ones. */
static bool vkey_cut(struct bytes text, struct vkey_parts *ret) {
    size_t first = bytes_find(text, '+', 0);
    size_t second = bytes_find(text, '+', first + 1);
    if (second == text.len) return false;
    ret->name = bytes_slice(text, 0, first);
    ret->id = bytes_slice(text, first + 1, second);
    ret->key = bytes_slice(text, second + 1, text.len);
    return true;
}

static enum err vkey_name_set(struct bytes name, struct vkey *vkey, struct problem *ret_why) {
    if (name.len > LIMIT_VKEY_NAME) {
        return problem_set(ret_why, ERR_NOTE, "A key name may take %d bytes, not %zu.",
                           LIMIT_VKEY_NAME, name.len);
    }
    if (!name_ok(name)) {
        return problem_set(ret_why, ERR_NOTE,
                           "A key name must be UTF-8 and not empty, without spaces, plus signs and "
                           "control characters.");
    }
    memcpy(vkey->name, name.data, name.len);
    return ERR_OK;
}

static enum err vkey_key_set(struct bytes text, struct vkey *vkey, struct problem *ret_why) {
    uint8_t key[VKEY_KEY_LEN];
    if (base64_decode_fixed(text, key, sizeof key)) {
        return problem_set(ret_why, ERR_NOTE,
                           "A verifier key must end in the base64 of %d bytes: the signature type "
                           "and an Ed25519 public key.",
                           VKEY_KEY_LEN);
    }
    vkey->type = key[0];
    if (!type_ok(vkey->type)) {
        return problem_set(ret_why, ERR_NOTE,
                           "Signature type 0x%02x is not supported; use 0x01 (Ed25519) or 0x04 "
                           "(cosignature).",
                           vkey->type);
    }
    if (key_public_from_point(KEY_ED25519, bytes_of(key + 1, ED25519_LEN), &vkey->key)) {
        return problem_set(ret_why, ERR_NOTE, "The verifier key holds no usable Ed25519 key.");
    }
    return ERR_OK;
}

enum err vkey_parse(struct bytes text, struct vkey *ret, struct problem *ret_why) {
    struct vkey_parts parts;
    struct vkey vkey = {0};
    uint8_t id[KEY_ID_LEN];
    if (!vkey_cut(text, &parts)) {
        return problem_set(ret_why, ERR_NOTE,
                           "A verifier key has three parts with plus signs between them: name, key "
                           "id, key.");
    }
    enum err err = vkey_name_set(parts.name, &vkey, ret_why);
    if (!err) err = vkey_key_set(parts.key, &vkey, ret_why);
    if (err) return err;
    vkey.id = key_id(parts.name, vkey.type, vkey.key.point);
    if (hex_decode(parts.id, id, sizeof id) || get_u32(id) != vkey.id) {
        return problem_set(
            ret_why, ERR_NOTE,
            "The key id must be %08x, %d lower-case hex digits that follow from name "
            "and key; check that neither was changed.",
            vkey.id, HEX_ID_LEN);
    }
    *ret = vkey;
    return ERR_OK;
}

enum err vkey_format(const struct vkey *vkey, struct buf *out) {
    uint8_t key[VKEY_KEY_LEN] = {vkey->type};
    memcpy(key + 1, vkey->key.point, ED25519_LEN);
    enum err err = buf_format(out, "%s+%08x+", vkey->name, vkey->id);
    return err ? err : base64_encode(bytes_of(key, sizeof key), out);
}

bool vkey_same(const struct vkey *a, const struct vkey *b) {
    return strcmp(a->name, b->name) == 0 && a->id == b->id && a->type == b->type &&
           memcmp(a->key.point, b->key.point, ED25519_LEN) == 0;
}

/* -- notes -- */

/* "Signed notes MUST be valid UTF-8 and MUST NOT contain any ASCII control characters (those below U+0020) other than newline." */
static enum err characters_check(struct bytes raw, struct problem *ret_why) {
    if (!utf8_valid(raw)) return problem_set(ret_why, ERR_NOTE, "The note is not UTF-8.");
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.data[i] < 0x20 && raw.data[i] != '\n') {
            return problem_set(ret_why, ERR_NOTE,
                               "The note holds control character 0x%02x at byte %zu.", raw.data[i],
                               i);
        }
    }
    return ERR_OK;
}

/* "the text is separated from the signatures by the last empty line in the note" */
static enum err text_cut(struct bytes raw, struct bytes *ret_text, struct bytes *ret_lines,
                         struct problem *ret_why) {
    if (raw.len == 0 || raw.data[raw.len - 1] != '\n') {
        return problem_set(ret_why, ERR_NOTE, "The note does not end in a newline.");
    }
    for (size_t i = raw.len - 1; i > 0; i--) {
        if (raw.data[i] == '\n' && raw.data[i - 1] == '\n') {
            *ret_text = bytes_slice(raw, 0, i);
            *ret_lines = bytes_slice(raw, i + 1, raw.len);
            return ERR_OK;
        }
    }
    return problem_set(ret_why, ERR_NOTE,
                       "The note has no empty line between its text and its signatures.");
}

static enum err lines_count(struct bytes lines, size_t *ret, struct problem *ret_why) {
    size_t count = 0;
    struct bytes line;
    while (bytes_line(&lines, &line)) count++;
    if (count == 0) return problem_set(ret_why, ERR_NOTE, "The note has no signature.");
    if (count > LIMIT_NOTE_LINES) {
        return problem_set(ret_why, ERR_TOO_LARGE, "A note may have %d signatures, not %zu.",
                           LIMIT_NOTE_LINES, count);
    }
    *ret = count;
    return ERR_OK;
}

/* "Signatures are the base64 encoding of 4+n bytes. The first four bytes in the signature are the uint32 key ID stored in
 * big-endian order." A signature of no bytes at all is none: n >= 1. */
static bool line_parse(struct bytes raw, struct buf *decoded, struct note_line *ret) {
    if (!bytes_starts(raw, LINE_PREFIX)) return false;
    struct bytes rest = bytes_slice(raw, strlen(LINE_PREFIX), raw.len);
    size_t space = bytes_find(rest, ' ', 0), start = decoded->len;
    if (space == rest.len) return false;
    struct bytes name = bytes_slice(rest, 0, space);
    if (!name_ok(name)) return false;
    if (base64_decode(bytes_slice(rest, space + 1, rest.len), decoded)) return false;
    struct bytes sig = bytes_slice(buf_bytes(decoded), start, decoded->len);
    if (sig.len <= KEY_ID_LEN) return false;
    *ret = (struct note_line){.name = name,
                              .id = get_u32(sig.data),
                              .sig = bytes_slice(sig, KEY_ID_LEN, sig.len),
                              .raw = raw};
    return true;
}

static enum err lines_parse(struct bytes lines, struct note *note, struct problem *ret_why) {
    struct bytes line;
    note->lines = calloc(note->count, sizeof *note->lines);
    buf_init(&note->decoded, lines.len);
    /* decoded bytes are fewer than their base64, so with this room nothing moves */
    if (!note->lines || buf_reserve(&note->decoded, lines.len)) {
        return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    }
    for (size_t i = 0; bytes_line(&lines, &line); i++) {
        assert(i < note->count);
        if (!line_parse(line, &note->decoded, &note->lines[i])) {
            return problem_set(ret_why, ERR_NOTE,
                               "Signature line %zu is not an em dash, a key name and the base64 of "
                               "key id and signature, with single spaces between them.",
                               i + 1);
        }
    }
    return ERR_OK;
}

enum err note_parse(struct bytes raw, struct note *ret, struct problem *ret_why) {
    struct note note = {0};
    struct bytes lines;
    if (raw.len > LIMIT_NOTE) {
        return problem_set(ret_why, ERR_TOO_LARGE, "A signed note may take %d bytes, not %zu.",
                           LIMIT_NOTE, raw.len);
    }
    enum err err = characters_check(raw, ret_why);
    if (!err) err = text_cut(raw, &note.text, &lines, ret_why);
    if (!err) err = lines_count(lines, &note.count, ret_why);
    if (!err) err = lines_parse(lines, &note, ret_why);
    if (err) {
        note_done(&note);
        return err;
    }
    *ret = note;
    return ERR_OK;
}

void note_done(struct note *note) {
    free(note->lines);
    buf_done(&note->decoded);
    memset(note, 0, sizeof *note);
}

/* "The tuple of key name and key ID uniquely identifies the key that performed the signature and the algorithm it used." */
bool note_line_by(const struct note_line *line, const struct vkey *vkey) {
    return line->id == vkey->id && bytes_is(line->name, vkey->name);
}

enum err note_line_format(const struct vkey *vkey, struct bytes sig, struct buf *out) {
    struct buf signed_by;
    buf_init(&signed_by, KEY_ID_LEN + sig.len);
    enum err err = buf_add_u32(&signed_by, vkey->id);
    if (!err) err = buf_add(&signed_by, sig);
    if (!err) err = buf_format(out, LINE_PREFIX "%s ", vkey->name);
    if (!err) err = base64_encode(buf_bytes(&signed_by), out);
    if (!err) err = buf_add_byte(out, '\n');
    buf_done(&signed_by);
    return err;
}

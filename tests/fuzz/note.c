/* Signed notes: what was read, put together again line by line, is the input.
 * fuzz: max_len=4096 dict=note */
#include "tests/fuzz/lib/fuzz.h"

#include "api/cli/mirror.h"
#include "ledger/base/text.h"
#include "ledger/proof/note.h"

static void line_run(const struct note_line *line, struct buf *whole) {
    struct buf raw, sig;
    uint8_t id[4];
    struct vkey vkey = {.id = line->id};
    buf_init(&raw, LIMIT_NOTE);
    buf_init(&sig, LIMIT_NOTE);
    put_u32(id, line->id);
    FUZZ_CHECK(buf_add(&sig, bytes_of(id, 4)) == ERR_OK && buf_add(&sig, line->sig) == ERR_OK);
    FUZZ_CHECK(buf_add_text(&raw, "\u2014 ") == ERR_OK && buf_add(&raw, line->name) == ERR_OK);
    FUZZ_CHECK(buf_add_byte(&raw, ' ') == ERR_OK);
    FUZZ_CHECK(base64_encode(buf_bytes(&sig), &raw) == ERR_OK);
    FUZZ_CHECK(bytes_equal(buf_bytes(&raw), line->raw));
    if (line->name.len <= LIMIT_VKEY_NAME) {
        memcpy(vkey.name, line->name.data, line->name.len);
        FUZZ_CHECK(note_line_by(line, &vkey));
        buf_clear(&raw);
        FUZZ_CHECK(note_line_format(&vkey, line->sig, &raw) == ERR_OK);
        FUZZ_CHECK(bytes_equal(bytes_slice(buf_bytes(&raw), 0, raw.len - 1), line->raw));
    }
    FUZZ_CHECK(buf_add(whole, line->raw) == ERR_OK && buf_add_byte(whole, '\n') == ERR_OK);
    buf_done(&raw);
    buf_done(&sig);
}

/* A mirror's word is judged like the note that it is. */
static void mirror_run(struct bytes in, bool is_note) {
    struct mirror_checkpoint checkpoint;
    struct problem why = {0};
    memset(&checkpoint, 0, sizeof checkpoint);
    enum err err = mirror_checkpoint_parse(in, &checkpoint, &why);
    if (!err) FUZZ_CHECK(is_note && checkpoint.checkpoint.origin.len > 0);
    if (err) fuzz_refused(err);
    if (!err) mirror_checkpoint_done(&checkpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct note note = {0};
    struct problem why = {0};
    struct buf whole;
    enum err err = note_parse(bytes_of(data, size), &note, &why);
    mirror_run(bytes_of(data, size), err == ERR_OK);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
    } else {
        buf_init(&whole, LIMIT_NOTE);
        FUZZ_CHECK(note.count >= 1 && note.count <= LIMIT_NOTE_LINES && utf8_valid(note.text));
        FUZZ_CHECK(buf_add(&whole, note.text) == ERR_OK && buf_add_byte(&whole, '\n') == ERR_OK);
        for (size_t i = 0; i < note.count; i++) line_run(&note.lines[i], &whole);
        FUZZ_CHECK(bytes_equal(buf_bytes(&whole), bytes_of(data, size)));
        buf_done(&whole);
    }
    note_done(&note);
    return 0;
}

/* A segment file with any content behind any committed end: opened and cut, or refused; reads of any place give a body of just that length or refuse; and what is
 * appended then is read back. The input: end u16, a place u16, a length u16, the file.
 * fuzz: max_len=512 */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/folder.h"

#include "ledger/store/segment.h"

static const uint8_t ledger_id[32] = {7};
static char dir[FOLDER_LEN];

static void dir_remove(void) {
    folder_remove(dir);
}

static void answered(enum err err) {
    FUZZ_CHECK(err == ERR_OK || err == ERR_CORRUPT);
}

static void append(struct segments *segments) {
    struct problem why = {0};
    struct buf body;
    uint32_t segment = 0;
    uint64_t offset = 0;
    struct bytes text = bytes_text("a body");
    buf_init(&body, SEGMENT_BODY_MAX);
    FUZZ_CHECK(segment_append(segments, text, &segment, &offset, &why) == ERR_OK);
    FUZZ_CHECK(segment_sync(segments, &why) == ERR_OK);
    FUZZ_CHECK(segment_read(segments, segment, offset, (uint32_t)text.len, &body) == ERR_OK);
    FUZZ_CHECK(bytes_equal(buf_bytes(&body), text));
    answered(segment_read(segments, segment, offset, (uint32_t)text.len + 1, &body));
    buf_done(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cursor cursor = cursor_of(bytes_of(data, size));
    uint16_t end = cursor_u16(&cursor), place = cursor_u16(&cursor), len = cursor_u16(&cursor);
    struct segments *segments = NULL;
    struct problem why = {0};
    struct buf body;
    if (cursor.failed) return 0;
    if (!dir[0]) {
        folder_make(dir);
        (void)atexit(dir_remove);
    }
    folder_write(dir, "00000000.seg", cursor.rest.len ? cursor.rest : bytes_of("", 0));
    enum err err = segment_open(dir, ledger_id, 0, end, &segments, &why);
    answered(err);
    if (err) {
        FUZZ_CHECK(why.detail[0]);
        return 0;
    }
    buf_init(&body, SEGMENT_BODY_MAX);
    err = segment_read(segments, 0, place, len, &body);
    answered(err);
    if (!err) FUZZ_CHECK(body.len == len && place + SEGMENT_PREFIX_LEN + len <= end);
    answered(segment_read(segments, len, place, len, &body));
    append(segments);
    buf_done(&body);
    segment_close(segments);
    return 0;
}

/* A log of LevelDB of any content: what is kept is a part of it that is whole, or nothing is cut. And a log that is written by the book here, of records of any lengths (a batch takes 12 bytes at least), with
 * one stretch of it spoilt: the last record is cut off where the damage is in it and nothing before is touched. The input: u8; where that is odd, the stretch's place u16 and
 * length u8, then lengths of records u16 each; else the log.
 * fuzz: max_len=40000 */
#include "tests/fuzz/lib/fuzz.h"

#include "ledger/store/kv_mend.h"

#define LOG_LEN (512 * 1024)
#define BLOCK 32768

static uint8_t text[LOG_LEN];

static uint32_t crc_of(const uint8_t *data, size_t len) {
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1)));
    }
    crc = ~crc;
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

/* A record of that length behind the first `at` bytes of text; where the next one begins. */
static size_t write_record(size_t at, size_t len) {
    bool is_first = true;
    for (bool is_last = false; !is_last; is_first = false) {
        size_t left = BLOCK - at % BLOCK;
        if (left < 7) {
            memset(text + at, 0, left);
            at += left;
            left = BLOCK;
        }
        size_t part = len < left - 7 ? len : left - 7;
        is_last = part == len;
        uint8_t *head = text + at;
        head[4] = (uint8_t)part;
        head[5] = (uint8_t)(part >> 8);
        head[6] = is_first ? (is_last ? 1 : 2) : (is_last ? 4 : 3);
        memset(head + 7, 'z', part);
        uint32_t crc = crc_of(head + 6, part + 1);
        for (int i = 0; i < 4; i++) head[i] = (uint8_t)(crc >> (8 * i));
        at += 7 + part;
        len -= part;
    }
    return at;
}

static void written_run(struct cursor cursor) {
    size_t len = 0, last = 0, keep = 0;
    uint16_t place = cursor_u16(&cursor);
    uint8_t more = cursor_u8(&cursor);
    for (int records = 0; records < 8 && cursor.rest.len >= 2; records++) {
        last = len;
        len = write_record(len, 12 + cursor_u16(&cursor) % 40000);
    }
    if (cursor.failed || len == 0) return;
    FUZZ_CHECK(kv_log_keep(bytes_of(text, len), &keep) == ERR_CORRUPT);
    size_t from = (size_t)place * 3 % len, to = from + more + 1 < len ? from + more + 1 : len;
    size_t begin = last;
    if (BLOCK - begin % BLOCK < 7) begin += BLOCK - begin % BLOCK; /* behind the trailer */
    if (to <= begin && from >= last) return; /* a trailer's bytes mean nothing */
    for (size_t i = from; i < to; i++) text[i] ^= 0x55;
    enum err err = kv_log_keep(bytes_of(text, len), &keep);
    if (from >= begin)
        FUZZ_CHECK(err == ERR_OK && keep == begin);
    else
        FUZZ_CHECK(err == ERR_CORRUPT || keep <= from);
    if (to <= begin) FUZZ_CHECK(err == ERR_CORRUPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cursor cursor = cursor_of(bytes_of(data, size));
    size_t keep = size + 1, again = 0;
    if (cursor_u8(&cursor) % 2) {
        written_run(cursor);
        return 0;
    }
    struct bytes log = cursor.rest;
    enum err err = kv_log_keep(log, &keep);
    FUZZ_CHECK(err == ERR_OK || err == ERR_CORRUPT);
    if (err) {
        FUZZ_CHECK(keep == size + 1);
        return 0;
    }
    FUZZ_CHECK(keep < log.len);
    FUZZ_CHECK(kv_log_keep(bytes_of(log.data, keep), &again) == ERR_CORRUPT);
    return 0;
}

/* OUT/.progress.ndjson of `qizheng batch`, spoilt in any way. It opens, or it is refused; what it remembers is never thrown away but for a last line that was cut, and
 * what is refused is left as it is. What is added then is read back, also after another opening. The input: a file where its first byte is odd, else edits
 * (lib/edits.h) of a good file of three rows.
 * fuzz: max_len=1024 dict=record */
#include "tests/fuzz/lib/edits.h"

#include "api/cli/batch_progress.h"
#include "tests/lib/folder.h"
#include "tests/lib/vector.h"

#include <fcntl.h>

#define LEDGER "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ROWS 4
#define SIGNED 3
#define FILE_MAX (64 * 1024)

static char dir[FOLDER_LEN], path[FOLDER_LEN];
static struct batch_rows rows;
static struct parcel parcels[ROWS];
static struct buf good;

static void dir_remove(void) {
    folder_remove(dir);
}

/* -- a good file -- */

static enum err progress_here(struct progress **ret, struct problem *ret_why) {
    return progress_open(path, &rows, "payer", LEDGER, ret, ret_why);
}

static struct buf file_read(void) {
    struct buf text;
    int fd = open(path, O_RDONLY);
    buf_init(&text, FILE_MAX);
    FUZZ_CHECK(fd >= 0 && buf_reserve(&text, FILE_MAX) == ERR_OK);
    ssize_t got = read(fd, text.data, FILE_MAX);
    FUZZ_CHECK(got >= 0 && got < FILE_MAX && close(fd) == 0);
    text.len = (size_t)got;
    return text;
}

static void parcel_make(size_t row, struct parcel *ret) {
    char claims[512], jti[32];
    uint8_t raw[16] = {(uint8_t)row};
    struct buf jws, text;
    struct record *record = NULL;
    struct json *json = NULL;
    char id[2 * RECORD_ID_LEN + 1];
    struct key_secret *key = vector_key(KEY_ES256K, "payer");
    base64url_write(bytes_of(raw, sizeof raw), jti);
    (void)snprintf(claims, sizeof claims,
                   "{\"act\":\"disburse\",\"aud\":\"" LEDGER "\",\"iat\":1795420542,"
                   "\"iss\":\"payer\",\"jti\":\"%s\",\"vct\":\"urn:qizheng:benefit:1\"}",
                   jti);
    buf_init(&jws, LIMIT_RECORD);
    buf_init(&text, 4 * LIMIT_RECORD);
    FUZZ_CHECK(jws_sign(key, JWS_TYP_RECORD, bytes_text(claims), &jws) == ERR_OK);
    FUZZ_CHECK(record_parse(buf_bytes(&jws), &record, NULL) == ERR_OK);
    hex_encode(bytes_of(record->id, RECORD_ID_LEN), id);
    FUZZ_CHECK(buf_format(&text, "{\"disclosures\":[],\"id\":\"%s\",\"record\":\"%s\"}", id,
                          buf_text(&jws)) == ERR_OK);
    FUZZ_CHECK(json_parse(buf_bytes(&text), &json, NULL) == ERR_OK);
    FUZZ_CHECK(parcel_parse(json, ret, NULL) == ERR_OK);
    json_done(json);
    record_done(record);
    buf_done(&jws);
    buf_done(&text);
    key_secret_done(key);
}

static void begin(void) {
    struct progress *progress = NULL;
    struct problem why = {0};
    struct buf table;
    folder_make(dir);
    folder_path(dir, ".progress.ndjson", path);
    (void)atexit(dir_remove);
    buf_init(&table, 1024);
    FUZZ_CHECK(buf_add_text(&table, "name\na\nb\n\"c\nc\"\nd\n") == ERR_OK);
    FUZZ_CHECK(csv_parse(table, &rows.csv, &why) == ERR_OK && rows.csv.rows == ROWS);
    FUZZ_CHECK(progress_here(&progress, &why) == ERR_OK);
    for (size_t i = 0; i < ROWS; i++) parcel_make(i, &parcels[i]);
    for (size_t i = 0; i < SIGNED; i++)
        FUZZ_CHECK(progress_add(progress, &parcels[i], &why) == ERR_OK);
    progress_close(progress);
    good = file_read();
}

/* -- what must hold -- */

/* All that was whole is still there; only behind the last newline something may be gone, and all only where not even the first line was whole. */
static void memory_kept(struct bytes before) {
    struct buf now = file_read();
    while (before.len && before.data[before.len - 1] != '\n') before.len--;
    if (before.len)
        FUZZ_CHECK(bytes_equal(buf_bytes(&now), before));
    else
        FUZZ_CHECK(bytes_starts(buf_bytes(&now), "{\"format\":"));
    buf_done(&now);
}

static bool is_row(const struct parcel *parcel, size_t row) {
    return strcmp(parcel->id, parcels[row].id) == 0;
}

/* Gives whether all of them could be read. */
static bool rows_read(const struct progress *progress) {
    bool all = true;
    FUZZ_CHECK(progress_count(progress) <= ROWS);
    for (size_t i = 0; i < progress_count(progress); i++) {
        struct parcel parcel;
        struct problem why = {0};
        enum err err = progress_parcel(progress, i, &parcel, &why);
        FUZZ_CHECK(err == ERR_OK || (err == ERR_CORRUPT && why.detail[0]));
        all = all && !err;
        if (!err) parcel_done(&parcel);
    }
    return all;
}

static void go_on(struct progress *progress) {
    struct problem why = {0};
    size_t had = progress_count(progress);
    bool all = rows_read(progress);
    for (size_t i = had; i < ROWS; i++)
        FUZZ_CHECK(progress_add(progress, &parcels[i], &why) == ERR_OK);
    FUZZ_CHECK(progress_sync(progress, &why) == ERR_OK);
    progress_close(progress);
    FUZZ_CHECK(progress_here(&progress, &why) == ERR_OK && progress_count(progress) == ROWS);
    FUZZ_CHECK(rows_read(progress) == all);
    for (size_t i = had; i < ROWS; i++) {
        struct parcel parcel;
        FUZZ_CHECK(progress_parcel(progress, i, &parcel, &why) == ERR_OK && is_row(&parcel, i));
        parcel_done(&parcel);
    }
    progress_close(progress);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct progress *progress = NULL;
    struct problem why = {0};
    struct buf text;
    if (size == 0) return 0;
    if (!dir[0]) begin();
    struct bytes in = bytes_of(data + 1, size - 1);
    buf_init(&text, FILE_MAX / 2);
    if (data[0] & 1) {
        FUZZ_CHECK(buf_add(&text, in) == ERR_OK);
    } else {
        FUZZ_CHECK(buf_add(&text, buf_bytes(&good)) == ERR_OK);
        edits_run(&text, in);
    }
    struct bytes before = text.len ? buf_bytes(&text) : bytes_of("", 0);
    folder_write(dir, ".progress.ndjson", before);
    enum err err = progress_here(&progress, &why);
    FUZZ_CHECK(err == ERR_OK || err == ERR_CORRUPT || err == ERR_STATE);
    if (err) {
        struct buf now = file_read();
        FUZZ_CHECK(why.detail[0] && bytes_equal(buf_bytes(&now), before));
        buf_done(&now);
    } else {
        /* without a whole first line nothing can have been signed, unless there is more than such a line */
        bool is_begun = bytes_find(before, '\n', 0) < before.len;
        if (!is_begun) FUZZ_CHECK(before.len <= bytes_find(buf_bytes(&good), '\n', 0));
        memory_kept(before);
        go_on(progress);
    }
    buf_done(&text);
    return 0;
}

/* Tables to records: values without floats, maps, rows, tags, and the progress file that keeps a payment from being signed twice. */
#include "api/cli/batch_progress.h"
#include "api/cli/batch_rows.h"
#include "api/cli/batch_send.h"
#include "api/cli/batch_value.h"
#include "ledger/store/fault.h"
#include "tests/lib/folder.h"
#include "tests/lib/vector.h"

#include <sys/stat.h>

#define LEDGER "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TAG "EGJTFwjr0wU-rUYhBx_bO7RLavmLxJzAcRG4M46OXig"

/* -- values -- */

static void gives(enum batch_kind kind, const char *text, const char *want) {
    struct json *value = NULL;
    struct buf got;
    buf_init(&got, 256);
    cr_assert(batch_value(kind, bytes_text(text), &value) == ERR_OK, "%s", text);
    cr_assert(json_format(value, &got) == ERR_OK);
    cr_assert_str_eq(buf_text(&got), want);
    json_done(value);
    buf_done(&got);
}

static void gives_none(enum batch_kind kind, const char *const *texts) {
    for (; *texts; texts++) {
        struct json *value = NULL;
        cr_assert(batch_value(kind, bytes_text(*texts), &value) == ERR_SCHEMA, "%s", *texts);
        cr_assert(!value);
    }
}

Test(batch, yuan_become_fen_exactly) {
    gives(BATCH_YUAN, "0", "0");
    gives(BATCH_YUAN, "0.01", "1");
    gives(BATCH_YUAN, "0.1", "10");
    gives(BATCH_YUAN, "3215", "321500");
    gives(BATCH_YUAN, "3215.5", "321550");
    gives(BATCH_YUAN, "3215.05", "321505");
    gives(BATCH_YUAN, "1.15", "115"); /* 114.99999999999999 as a double */
    gives(BATCH_YUAN, "4.35", "435");
    gives(BATCH_YUAN, "90071992547409.91", "9007199254740991");
    static const char *const bad[] = {"",
                                      ".",
                                      "1.",
                                      ".5",
                                      "1.234",
                                      "1,234.00",
                                      "-1",
                                      "+1",
                                      "1e2",
                                      " 1",
                                      "1 ",
                                      "01",
                                      "00.10",
                                      "¥1",
                                      "1.0x",
                                      "1..0",
                                      "1.-1",
                                      "0x1",
                                      "90071992547409.92",
                                      "99999999999999999999",
                                      "一百",
                                      "1.２",
                                      NULL};
    gives_none(BATCH_YUAN, bad);
}

/* Against the plain definition, all sums below 100 yuan. */
Test(batch, every_sum_of_two_decimals_is_its_fen) {
    for (int fen = 0; fen < 10000; fen++) {
        char text[16], want[16];
        (void)snprintf(text, sizeof text, "%d.%02d", fen / 100, fen % 100);
        (void)snprintf(want, sizeof want, "%d", fen);
        gives(BATCH_YUAN, text, want);
    }
}

Test(batch, dates_and_months_exist) {
    gives(BATCH_DATE, "2026-02-28", "\"2026-02-28\"");
    gives(BATCH_DATE, "20240229", "\"2024-02-29\"");
    gives(BATCH_PERIOD, "2026-11", "\"2026-11\"");
    gives(BATCH_PERIOD, "202611", "\"2026-11\"");
    static const char *const dates[] = {
        "",       "2026-02-29", "20260229",   "2026-13-01", "20261301", "2026-1-1",    "2026/1/1",
        "202611", "2026-11",    "2026-11-31", "20261131 ",  "260101",   "2026-11-010", NULL};
    static const char *const months[] = {"",         "2026-13", "202613",     "202600", "2026-1",
                                         "20261101", "26-11",   "2026-11-01", NULL};
    gives_none(BATCH_DATE, dates);
    gives_none(BATCH_PERIOD, months);
}

Test(batch, numbers_texts_and_truth) {
    gives(BATCH_INT, "-12", "-12");
    gives(BATCH_INT, "9007199254740991", "9007199254740991");
    gives(BATCH_FEN, "150", "150");
    gives(BATCH_TEXT, "样例 1", "\"样例 1\"");
    gives(BATCH_BOOL, "true", "true");
    static const char *const ints[] = {"",  "-", "--1", "-0", "1.0", "007", "9007199254740992",
                                       NULL};
    static const char *const fens[] = {"", "-1", "1.5", NULL};
    static const char *const texts[] = {"", "a\nb", "a\tb", "\x7f", NULL};
    static const char *const bools[] = {"", "TRUE", "1", "是", NULL};
    gives_none(BATCH_INT, ints);
    gives_none(BATCH_FEN, fens);
    gives_none(BATCH_TEXT, texts);
    gives_none(BATCH_BOOL, bools);
}

/* -- maps -- */

#define MAP                                                                                        \
    "type: benefit\nact: disburse\nclaims:\n"                                                      \
    "  item: {const: pension-monthly}\n"                                                           \
    "  period: {column: month, kind: period}\n"                                                    \
    "  batch_no: {const: R1}\n"                                                                    \
    "  result: {const: paid}\n"                                                                    \
    "  amount: {column: sum, kind: yuan}\n"                                                        \
    "  person_name: {column: name, optional: true}\n"                                              \
    "hide: [amount, person_name]\n"                                                                \
    "tags:\n  person: {domain: benefit, column: tag, ready: true, version: 1}\n"                   \
    "doc: {column: digest, alg: sm3, optional: true}\n"

Test(batch, a_map_says_where_each_claim_comes_from) {
    struct batch_map *map = NULL;
    struct problem why = {0};
    cr_assert(batch_map_parse(bytes_text(MAP), &map, &why) == ERR_OK, "%s", why.detail);
    cr_assert_str_eq(map->type, "benefit");
    cr_assert_str_eq(map->act, "disburse");
    cr_assert(map->encoding == CSV_UTF8 && map->claim_count == 6 && map->tag_count == 1);
    const struct map_claim *amount = &map->claims[4];
    cr_assert_str_eq(amount->name, "amount");
    cr_assert_str_eq(amount->source.column, "sum");
    cr_assert(amount->is_hidden && amount->source.kind == BATCH_YUAN && amount->source.line == 8);
    cr_assert(!map->claims[0].is_hidden &&
              !strcmp(map->claims[0].source.constant, "pension-monthly"));
    cr_assert(map->tags[0].is_ready && map->tags[0].version == 1 && map->doc_alg == DIGEST_SM3);
    batch_map_done(map);
}

static void map_refused(const char *text, const char *want) {
    struct batch_map *map = NULL;
    struct problem why = {0};
    cr_assert(batch_map_parse(bytes_text(text), &map, &why) == ERR_SCHEMA && !map, "%s", text);
    cr_assert(strstr(why.detail, want), "%s: \"%s\" is not \"%s\"", text, why.detail, want);
}

Test(batch, a_map_is_read_strictly) {
    map_refused("", "empty");
    map_refused("- a\n", "Line 1: a mapping");
    map_refused("type: benefit\n", "needs type, act and claims");
    map_refused("type: a\nact: b\nclaims: {}\n", "needs type, act and claims");
    map_refused("type: a\ntype: b\n", "Line 2: this name stands twice");
    map_refused("typ: a\n", "Line 1: only encoding, type");
    map_refused("type: a\nact: b\nclaims:\n  x: {column: c, kind: money}\n", "Line 4: kind is");
    map_refused("type: a\nact: b\nclaims:\n  x: {column: c, const: d}\n", "Line 4: a claim has");
    map_refused("type: a\nact: b\nclaims:\n  x: {}\n", "Line 4: a claim has");
    map_refused("type: a\nact: b\nclaims:\n  x: {column: c}\n  x: {column: d}\n",
                "Line 5: this name");
    map_refused("type: a\nact: b\nclaims:\n  x: {const: y, kind: int}\n", "Line 4: the const");
    map_refused("type: a\nact: b\nclaims:\n  x: {column: c, default: 1}\n", "Line 4: only column");
    map_refused("type: a\nact: b\nclaims:\n  x: {column: c}\nhide: [y]\n",
                "Line 5: what is hidden");
    map_refused("type: a\nact: b\nclaims:\n  x: {column: c}\nhide: [x, x]\n",
                "Line 5: what is hidden");
    map_refused("type: a\nact: b\nclaims:\n  x: {column: c}\nhide: x\n", "Line 5: a list");
    map_refused("encoding: utf-16\n", "Line 1: encoding is");
    map_refused("tags:\n  p: {domain: d, column: c}\n", "Line 2: a tag has");
    map_refused("tags:\n  p: {domain: d, column: c, ready: true, id_type: x}\n",
                "Line 2: a tag has");
    map_refused("tags:\n  p: {domain: d, column: c, ready: yes}\n", "Line 2: true or false");
    map_refused("tags:\n  p: {domain: d, column: c, ready: true, version: 0}\n", "Line 2: version");
    map_refused("doc: {column: c, alg: md5}\n", "Line 1: alg is");
    map_refused("doc: {alg: sm3}\n", "Line 1: a column");
    map_refused("ref: {}\n", "Line 1: a column");
    map_refused("type: &a x\nact: *a\n", "Line 1: a map has no anchors");
    map_refused("type: !!str x\n", "Line 1: a map has no anchors");
    map_refused("type: x\n---\ntype: y\n", "no anchors, aliases, tags or second document");
    map_refused("type: [unclosed\n", "Line 2:");
    map_refused("type: {a: b}\n", "Line 1: a text");
    map_refused("type: \"a\\0b\"\n", "Line 1: a text");
}

/* -- rows -- */

static char dir[FOLDER_LEN];

#define TABLE_HEAD "name,tag,month,sum,digest\n"
#define ROW_A "甲," TAG ",202611,3215.50,\n"
#define ROW_B                                                                                      \
    "," TAG ",2026-11,1.15,66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0\n"

static enum err load(const char *table, const char *map, struct batch_rows *ret,
                     struct problem *ret_why) {
    char csv_path[FOLDER_LEN], map_path[FOLDER_LEN];
    folder_write(dir, "t.csv", bytes_text(table));
    folder_write(dir, "m.yaml", bytes_text(map));
    folder_path(dir, "t.csv", csv_path);
    folder_path(dir, "m.yaml", map_path);
    enum err err = batch_rows_load(csv_path, map_path, ret, ret_why);
    if (err) return err;
    ret->csv_path = "t.csv";
    return batch_tags_read(ret->map, &ret->csv, ret->tags, ret_why);
}

static struct batch_rows loaded(const char *table) {
    struct batch_rows rows;
    struct problem why = {0};
    cr_assert(load(table, MAP, &rows, &why) == ERR_OK, "%s", why.detail);
    return rows;
}

static struct draft drafted(const struct batch_rows *rows, size_t row) {
    struct draft draft;
    struct problem why = {0};
    cr_assert(batch_rows_draft(rows, row, "payer", LEDGER, &draft, &why) == ERR_OK, "%s",
              why.detail);
    return draft;
}

Test(batch, a_row_becomes_a_record_with_its_hidden_part_and_its_tag) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A ROW_B);
    struct draft a = drafted(&rows, 0), b = drafted(&rows, 1);
    int64_t fen = 0;
    cr_assert(json_int(json_member(a.claims, "amount"), &fen) && fen == 321550);
    cr_assert_str_eq(json_text(json_member(a.payload, "period")), "2026-11");
    cr_assert(!json_member(a.payload, "amount") && json_count(json_member(a.payload, "_sd")) == 2);
    cr_assert(!json_member(a.payload, "doc") && json_count(json_member(b.payload, "doc")) == 1);
    cr_assert(json_count(json_member(b.payload, "_sd")) == 1, "an empty optional cell is no claim");
    const struct json *tag = json_member(json_member(a.payload, "tags"), "person");
    cr_assert_str_eq(json_text(json_member(tag, "t")), TAG);
    cr_assert(json_int(json_member(b.claims, "amount"), &fen) && fen == 115);
    draft_done(&a);
    draft_done(&b);
    batch_rows_done(&rows);
    folder_remove(dir);
}

static void row_refused(const char *table, const char *want) {
    struct batch_rows rows = {0};
    struct draft draft;
    struct problem why = {0};
    enum err err = load(table, MAP, &rows, &why);
    if (!err) err = batch_rows_draft(&rows, rows.csv.rows - 1, "payer", LEDGER, &draft, &why);
    cr_assert(err == ERR_SCHEMA, "%s: %s", table, err_code(err));
    cr_assert(strstr(why.detail, want), "\"%s\" is not \"%s\"", why.detail, want);
    batch_rows_done(&rows);
}

Test(batch, what_is_wrong_in_a_row_is_told_with_line_and_column) {
    folder_make(dir);
    row_refused(TABLE_HEAD ROW_A "乙," TAG ",202613,1.00,\n",
                "t.csv: line 3, column 3 (month): must be a month");
    row_refused(TABLE_HEAD ROW_A "乙," TAG ",202611,1.005,\n",
                "t.csv: line 3, column 4 (sum): must be a sum in yuan");
    row_refused(TABLE_HEAD "乙," TAG ",202611,,\n", "t.csv: line 2, column 4 (sum)");
    row_refused(TABLE_HEAD "乙," TAG ",202611,1.00,abc\n",
                "t.csv: line 2, column 5 (digest): must be a digest");
    row_refused(TABLE_HEAD "乙,AAAA,202611,1.00,\n", "Line 2, column 2 (tag): a tag is 43");
    row_refused(TABLE_HEAD "\"乙\n丙\"," TAG ",202611,1.00,\n",
                "line 2, column 1 (name): must be text");
    row_refused("name,tag,month,sum\n甲," TAG ",202611,1.00\n", "no column digest");
    folder_remove(dir);
}

/* -- progress -- */

static char progress_path[FOLDER_LEN];

static enum err progress(const struct batch_rows *rows, struct progress **ret,
                         struct problem *ret_why) {
    folder_path(dir, ".progress.ndjson", progress_path);
    return progress_open(progress_path, rows, "payer", LEDGER, ret, ret_why);
}

static struct progress *opened(const struct batch_rows *rows) {
    struct progress *p = NULL;
    struct problem why = {0};
    cr_assert(progress(rows, &p, &why) == ERR_OK, "%s", why.detail);
    return p;
}

static void sign_next(const struct batch_rows *rows, struct progress *p, char ret_id[65]) {
    struct key_secret *key = vector_key(KEY_ES256K, "payer");
    struct draft draft = drafted(rows, progress_count(p));
    struct parcel parcel;
    cr_assert(draft_sign(&draft, key, &parcel, NULL) == ERR_OK);
    cr_assert(progress_add(p, &parcel, NULL) == ERR_OK);
    (void)snprintf(ret_id, 65, "%s", parcel.id);
    parcel_done(&parcel);
    draft_done(&draft);
    key_secret_done(key);
}

static void id_is(const struct progress *p, size_t row, const char *want) {
    struct parcel parcel;
    struct problem why = {0};
    cr_assert(progress_parcel(p, row, &parcel, &why) == ERR_OK, "%s", why.detail);
    cr_assert_str_eq(parcel.id, want);
    parcel_done(&parcel);
}

Test(batch, what_was_signed_is_there_after_any_cut) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A ROW_B ROW_A);
    struct progress *p = opened(&rows);
    struct stat one, two;
    char ids[3][65];
    sign_next(&rows, p, ids[0]);
    cr_assert(progress_sync(p, NULL) == ERR_OK && stat(progress_path, &one) == 0);
    sign_next(&rows, p, ids[1]);
    progress_close(p);
    cr_assert(stat(progress_path, &two) == 0 && (two.st_mode & 0777) == 0600);
    for (off_t len = two.st_size - 1; len > one.st_size; len -= 37) {
        cr_assert(truncate(progress_path, len) == 0);
        p = opened(&rows);
        cr_assert_eq(progress_count(p), 1);
        id_is(p, 0, ids[0]);
        progress_close(p);
    }
    p = opened(&rows);
    sign_next(&rows, p, ids[1]);
    sign_next(&rows, p, ids[2]);
    progress_close(p);
    p = opened(&rows);
    cr_assert_eq(progress_count(p), 3);
    for (size_t i = 0; i < 3; i++) id_is(p, i, ids[i]);
    progress_close(p);
    batch_rows_done(&rows);
    folder_remove(dir);
}

Test(batch, a_first_line_that_was_cut_begins_anew) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A);
    progress_close(opened(&rows));
    for (off_t len = 100; len >= 0; len -= 50) {
        cr_assert(truncate(progress_path, len) == 0);
        struct progress *p = opened(&rows);
        cr_assert_eq(progress_count(p), 0);
        progress_close(p);
    }
    batch_rows_done(&rows);
    folder_remove(dir);
}

/* One flipped byte must not make a run forget what it has signed: behind a lost first newline stands more than a first line that was cut could be. */
Test(batch, a_file_whose_newlines_are_lost_is_not_begun_anew) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A ROW_B ROW_A);
    struct progress *p = opened(&rows);
    struct problem why = {0};
    char ids[3][65];
    for (size_t i = 0; i < 3; i++) sign_next(&rows, p, ids[i]);
    progress_close(p);
    for (size_t lost = 1; lost <= 4; lost++) {
        struct stat before, after;
        FILE *file = fopen(progress_path, "r+b");
        cr_assert(file);
        size_t newlines = 0;
        for (int c; newlines < 1 && (c = getc(file)) != EOF;) newlines += c == '\n';
        cr_assert(newlines == 1 && fseek(file, -1, SEEK_CUR) == 0 && putc('?', file) == '?');
        cr_assert(fclose(file) == 0 && stat(progress_path, &before) == 0);
        cr_assert(progress(&rows, &p, &why) == ERR_CORRUPT && strstr(why.detail, "ask for help"),
                  "%zu: %s", lost, why.detail);
        cr_assert(stat(progress_path, &after) == 0 && after.st_size == before.st_size);
    }
    batch_rows_done(&rows);
    folder_remove(dir);
}

Test(batch, another_table_map_or_issuer_is_refused) {
    folder_make(dir);
    struct progress *p = NULL;
    struct problem why = {0};
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A), other = loaded(TABLE_HEAD ROW_B);
    progress_close(opened(&rows));
    cr_assert(progress(&other, &p, &why) == ERR_STATE && strstr(why.detail, "its table differs"));
    rows.map_digest[0] ^= 1;
    cr_assert(progress(&rows, &p, &why) == ERR_STATE && strstr(why.detail, "its map differs"));
    rows.map_digest[0] ^= 1;
    cr_assert(progress_open(progress_path, &rows, "payer2", LEDGER, &p, &why) == ERR_STATE);
    cr_assert(strstr(why.detail, "its issuer differs"));
    cr_assert(progress_open(progress_path, &rows, "payer", "ff", &p, &why) == ERR_STATE);
    progress_close(opened(&rows));
    batch_rows_done(&rows);
    batch_rows_done(&other);
    folder_remove(dir);
}

Test(batch, two_runs_at_a_time_are_refused) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A);
    struct progress *first = opened(&rows), *second = NULL;
    struct problem why = {0};
    cr_assert(progress(&rows, &second, &why) == ERR_LOCKED && strstr(why.detail, "another run"));
    progress_close(first);
    progress_close(opened(&rows));
    batch_rows_done(&rows);
    folder_remove(dir);
}

Test(batch, a_progress_file_that_contradicts_itself_stops_the_run) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A ROW_B);
    struct progress *p = opened(&rows);
    struct problem why = {0};
    struct parcel parcel;
    char ids[2][65];
    sign_next(&rows, p, ids[0]);
    sign_next(&rows, p, ids[1]);
    progress_close(p);
    FILE *file = fopen(progress_path, "r+b");
    cr_assert(file && fseek(file, -40, SEEK_END) == 0 && fputs("!!!!", file) >= 0);
    cr_assert(fclose(file) == 0);
    p = opened(&rows);
    id_is(p, 0, ids[0]);
    cr_assert(progress_parcel(p, 1, &parcel, &why) == ERR_CORRUPT &&
              strstr(why.detail, "ask for help"));
    progress_close(p);
    file = fopen(progress_path, "ab");
    cr_assert(file && fputs("{}\n", file) >= 0 && fclose(file) == 0);
    cr_assert(progress(&rows, &p, &why) == ERR_CORRUPT && strstr(why.detail, "too many lines"));
    batch_rows_done(&rows);
    folder_remove(dir);
}

static enum err sync_fails(const char *step, bool before) {
    return before && strcmp(step, "progress_sync") == 0 ? ERR_DISK_FULL : ERR_OK;
}

Test(batch, what_cannot_be_synced_is_told) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A);
    struct progress *p = NULL;
    struct problem why = {0};
    store_fault = sync_fails;
    cr_assert(progress(&rows, &p, &why) == ERR_DISK_FULL && !p);
    store_fault = NULL;
    p = opened(&rows);
    store_fault = sync_fails;
    cr_assert(progress_sync(p, &why) == ERR_DISK_FULL);
    store_fault = NULL;
    progress_close(p);
    batch_rows_done(&rows);
    folder_remove(dir);
}

/* A run may have ended between the write of its lines and their sync: the next one sends nothing that stands on them before they are synced. */
Test(batch, what_an_earlier_run_wrote_is_synced_before_the_run_goes_on) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A ROW_B);
    struct progress *p = opened(&rows);
    struct problem why = {0};
    char id[65];
    sign_next(&rows, p, id);
    progress_close(p); /* without progress_sync */
    p = NULL;
    store_fault = sync_fails;
    cr_assert(progress(&rows, &p, &why) == ERR_DISK_FULL && !p && strstr(why.detail, "synced"));
    store_fault = NULL;
    p = opened(&rows);
    cr_assert_eq(progress_count(p), 1);
    id_is(p, 0, id);
    progress_close(p);
    batch_rows_done(&rows);
    folder_remove(dir);
}

/* At each size of an upload: whole lines, as many as fit, never none. */
Test(batch, an_upload_holds_as_many_rows_as_its_bytes_allow) {
    folder_make(dir);
    struct batch_rows rows = loaded(TABLE_HEAD ROW_A ROW_B ROW_A);
    struct progress *p = opened(&rows);
    size_t ends[4] = {0}, numbers[3] = {0, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        struct parcel parcel;
        char id[65];
        sign_next(&rows, p, id);
        cr_assert(progress_parcel(p, i, &parcel, NULL) == ERR_OK);
        ends[i + 1] = ends[i] + parcel.record.len + 1;
        parcel_done(&parcel);
    }
    for (size_t max = ends[1] - 1; max <= ends[3] + 1; max++) {
        struct buf body;
        struct problem why = {0};
        size_t count = 0, want = 0;
        while (want < 3 && max >= ends[want + 1]) want++;
        buf_init(&body, max);
        enum err err = batch_body(p, numbers, 3, &body, &count, &why);
        cr_assert((err == ERR_OK) == (want > 0) && count == want, "%zu: %zu", max, count);
        if (!err) cr_assert_eq(body.len, ends[want]);
        buf_done(&body);
    }
    progress_close(p);
    batch_rows_done(&rows);
    folder_remove(dir);
}

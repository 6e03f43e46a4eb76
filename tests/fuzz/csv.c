/* Tables: the first byte chooses the encoding. What is read has as many cells in every row as the header; written again as UTF-8 it is read as the same table.
 * fuzz: max_len=1024 dict=csv */
#include "tests/fuzz/lib/fuzz.h"

#include "api/cli/batch_value.h"
#include "api/cli/csv.h"
#include "ledger/base/text.h"

static void cell_put(struct buf *out, struct bytes cell, bool is_last) {
    char *text = fuzz_text(cell);
    FUZZ_CHECK(strlen(text) == cell.len); /* no field holds a NUL */
    FUZZ_CHECK(csv_put(out, text) == ERR_OK);
    FUZZ_CHECK(buf_add_byte(out, is_last ? '\n' : ',') == ERR_OK);
    free(text);
}

static void write_again(const struct csv *csv, struct buf *out) {
    buf_init(out, 64 * 1024);
    for (size_t i = 0; i < csv->columns; i++) cell_put(out, csv->names[i], i + 1 == csv->columns);
    for (size_t row = 0; row < csv->rows; row++)
        for (size_t i = 0; i < csv->columns; i++)
            cell_put(out, csv_cell(csv, row, i), i + 1 == csv->columns);
}

static void taken(const struct csv *csv) {
    struct buf text;
    struct csv again = {0};
    struct problem why = {0};
    write_again(csv, &text);
    FUZZ_CHECK(csv_parse(text, &again, &why) == ERR_OK);
    FUZZ_CHECK(again.columns == csv->columns && again.rows == csv->rows);
    for (size_t i = 0; i < csv->columns; i++) {
        char *name = fuzz_text(csv->names[i]);
        FUZZ_CHECK(csv_column(csv, name) == i && csv_column(&again, name) == i);
        free(name);
    }
    for (size_t row = 0; row < csv->rows; row++) {
        FUZZ_CHECK(csv_line(csv, row) > (row ? csv_line(csv, row - 1) : 0));
        for (size_t i = 0; i < csv->columns; i++)
            FUZZ_CHECK(bytes_equal(csv_cell(csv, row, i), csv_cell(&again, row, i)));
    }
    csv_done(&again);
}

/* Every cell as a value of every kind. */
static void values_run(const struct csv *csv) {
    for (size_t at = 0; at < csv->columns && csv->rows > 0; at++) {
        for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
            struct json *value = NULL;
            enum err err = batch_value((enum batch_kind)kind, csv_cell(csv, 0, at), &value);
            FUZZ_CHECK(err == ERR_OK ? value != NULL : err == ERR_SCHEMA);
            json_done(value);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf text;
    struct csv csv = {0};
    struct problem why = {0};
    if (size == 0) return 0;
    enum csv_encoding encoding = data[0] & 1 ? CSV_GB18030 : CSV_UTF8;
    enum err err = csv_decode(bytes_of(data + 1, size - 1), encoding, &text, &why);
    if (!err) {
        FUZZ_CHECK(utf8_valid(buf_bytes(&text)));
        err = csv_parse(text, &csv, &why);
    }
    FUZZ_CHECK(err == ERR_OK || (err == ERR_SCHEMA && why.detail[0]));
    if (err) return 0;
    taken(&csv);
    values_run(&csv);
    csv_done(&csv);
    return 0;
}

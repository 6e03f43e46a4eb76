/* CSV: what RFC 4180 has comes back as it was, and everything else is refused with its place. */
#include "api/cli/csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static enum err parse(struct bytes raw, enum csv_encoding encoding, struct csv *ret,
                      struct problem *ret_why) {
    struct buf text;
    enum err err = csv_decode(raw, encoding, &text, ret_why);
    return err ? err : csv_parse(text, ret, ret_why);
}

/* Rows as "a|b;c|d". */
static void rows_are(const char *text, const char *want) {
    struct csv csv;
    struct problem why = {0};
    struct buf got;
    buf_init(&got, 4096);
    cr_assert(parse(bytes_text(text), CSV_UTF8, &csv, &why) == ERR_OK, "%s: %s", text, why.detail);
    for (size_t row = 0; row < csv.rows; row++) {
        for (size_t i = 0; i < csv.columns; i++) {
            if (i) cr_assert(buf_add_byte(&got, '|') == ERR_OK);
            cr_assert(buf_add(&got, csv_cell(&csv, row, i)) == ERR_OK);
        }
        if (row + 1 < csv.rows) cr_assert(buf_add_byte(&got, ';') == ERR_OK);
    }
    cr_assert(bytes_is(buf_bytes(&got), want), "%s gives %s", text, buf_text(&got));
    buf_done(&got);
    csv_done(&csv);
}

static void refused(struct bytes raw, enum csv_encoding encoding, const char *want) {
    struct csv csv;
    struct problem why = {0};
    cr_assert(parse(raw, encoding, &csv, &why) == ERR_SCHEMA, "%.*s", (int)raw.len, raw.data);
    cr_assert(strstr(why.detail, want), "\"%s\" is not \"%s\"", why.detail, want);
}

static void text_refused(const char *text, const char *want) {
    refused(bytes_text(text), CSV_UTF8, want);
}

Test(csv, rows_come_back_as_they_were) {
    rows_are("a,b\n1,2\n", "1|2");
    rows_are("a,b\r\n1,2\r\n3,4", "1|2;3|4");
    rows_are("a,b\n,\n", "|");
    rows_are("a\n1\n\n", "1;");
    rows_are("a,b\n\"1\",\"\"\n", "1|");
    rows_are("a,b\n\"x,y\",\"say \"\"no\"\"\"\n", "x,y|say \"no\"");
    rows_are("a,b\n\"two\r\nlines\",2\n", "two\r\nlines|2");
    rows_are("\xef\xbb\xbf"
             "a,b\n1,2\n",
             "1|2");
    rows_are("姓名,金额\n样例,1.00\n", "样例|1.00");
    rows_are("a,b\n 1 ,2\n", " 1 |2"); /* RFC 4180: "Spaces are considered part of a field" */
    rows_are("a,b\n\"\"\"\",\"\n\"\n", "\"|\n");
}

Test(csv, lines_are_those_of_the_file) {
    struct csv csv;
    cr_assert(parse(bytes_text("a,b\n\"1\n2\n3\",x\ny,z\r\n\"\n\",w\nu,v"), CSV_UTF8, &csv, NULL) ==
              ERR_OK);
    static const uint32_t want[] = {2, 5, 6, 8};
    cr_assert_eq(csv.rows, 4);
    for (size_t i = 0; i < 4; i++) cr_assert_eq(csv_line(&csv, i), want[i]);
    cr_assert(csv_column(&csv, "b") == 1 && csv_column(&csv, "c") == 2);
    csv_done(&csv);
}

Test(csv, what_is_no_table_is_refused_with_its_place) {
    text_refused("", "empty");
    text_refused("a,b\n", "no rows");
    text_refused("a,b", "no rows");
    text_refused("a,b\n1\n", "Line 2, column 2: the row has 1 fields and the header 2.");
    text_refused("a,b\n1,2\n1,2,3\n", "Line 3, column 3: the row has 3 fields and the header 2.");
    text_refused("a,b\n1,2\n\n3,4\n", "Line 3, column 2");
    text_refused("a,b\n\"1\n\",2\n3\n", "Line 4, column 2");
    text_refused("a,b\n1,\"2\n", "Line 2, column 2: a quoted field does not end.");
    text_refused("a,b\n1,\"2\"x\n", "Line 2, column 2: something stands behind");
    text_refused("a,b\n1,\"2\" \n", "Line 2, column 2: something stands behind");
    text_refused("a,b\n1,2\"3\"\n", "Line 2, column 2: a quote stands in a field");
    text_refused("a,b\n1,2\r3,4\n", "Line 2, column 2: a carriage return");
    text_refused("a,b\r1,2\r", "Line 1, column 2: a carriage return");
    text_refused("a,,c\n1,2,3\n", "Line 1, column 2: the column has no name.");
    text_refused("a,b,a\n1,2,3\n", "Line 1, column 3: column 1 has the same name.");
    refused(bytes_of("a,b\n1,\0\n", 8), CSV_UTF8, "Line 2, column 2: a field holds a NUL.");
    refused(bytes_of("a,b\n1,\"\0\"\n", 10), CSV_UTF8, "NUL");
}

Test(csv, more_columns_than_anybody_needs_are_refused) {
    char text[3 * CSV_COLUMNS_MAX];
    size_t at = 0;
    for (int i = 0; i < CSV_COLUMNS_MAX; i++) text[at++] = ',';
    text[at++] = '\n';
    refused(bytes_of(text, at), CSV_UTF8, "256 columns");
}

/* -- encodings -- */

Test(csv, gb18030_is_read_with_all_its_planes) {
    /* 姓名,备注 / 样例,𠀀 (four bytes) */
    static const char raw[] =
        "\xd0\xd5\xc3\xfb,\xb1\xb8\xd7\xa2\n\xd1\xf9\xc0\xfd,\x95\x32\x82\x36\n";
    struct csv csv;
    cr_assert(parse(bytes_of(raw, sizeof raw - 1), CSV_GB18030, &csv, NULL) == ERR_OK);
    cr_assert(csv_column(&csv, "备注") == 1 && bytes_is(csv_cell(&csv, 0, 0), "样例"));
    cr_assert(bytes_is(csv_cell(&csv, 0, 1), "\xf0\xa0\x80\x80"));
    csv_done(&csv);
}

Test(csv, the_wrong_encoding_is_told_with_its_place) {
    static const char gb[] = "a,b\n1,\xd1\xf9\n", utf8[] = "a,b\n样,例样\n";
    refused(bytes_of(gb, sizeof gb - 1), CSV_UTF8, "Line 2, character 3: this is not UTF-8.");
    refused(bytes_of("a,b\n1,\xc0\x80\n", 9), CSV_UTF8, "Line 2, character 3");
    refused(bytes_of("a\n\xe6\xa0", 4), CSV_UTF8, "Line 2, character 1");
    refused(bytes_of("a,b\n1,\xff\n", 8), CSV_GB18030, "Line 2, character 3: this is not GB18030.");
    refused(bytes_of("a,b\n1,\xd1", 7), CSV_GB18030, "Line 2, character 3");
    /* UTF-8 of two characters is GB18030 of three, most of the time: an odd number of them is not. */
    refused(bytes_of(utf8, sizeof utf8 - 1), CSV_GB18030, "this is not GB18030");
}

/* Conversion goes through pieces of its own: no character is lost where one ends. */
Test(csv, a_table_longer_than_one_piece_is_converted_whole) {
    struct buf raw;
    struct csv csv;
    buf_init(&raw, 1 << 20);
    cr_assert(buf_add_text(&raw, "a\n") == ERR_OK);
    for (int i = 0; i < 5000; i++)
        cr_assert(buf_add_text(&raw, i % 2 ? "\xd1\xf9\n" : "x\xd1\xf9\n") == ERR_OK);
    cr_assert(parse(buf_bytes(&raw), CSV_GB18030, &csv, NULL) == ERR_OK);
    cr_assert_eq(csv.rows, 5000);
    for (size_t i = 0; i < 5000; i++)
        cr_assert(bytes_is(csv_cell(&csv, i, 0), i % 2 ? "样" : "x样"));
    csv_done(&csv);
    buf_done(&raw);
}

/* What we write is read back by what we read. */
Test(csv, fields_are_quoted_where_they_must_be) {
    static const char *const fields[] = {"plain",      "",   "a,b", "say \"no\"",
                                         "two\nlines", "\"", "样"};
    struct buf text;
    struct csv csv;
    buf_init(&text, 4096);
    cr_assert(buf_add_text(&text, "a\n") == ERR_OK);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        cr_assert(csv_put(&text, fields[i]) == ERR_OK);
        cr_assert(buf_add_text(&text, "\r\n") == ERR_OK);
    }
    cr_assert(csv_parse(text, &csv, NULL) == ERR_OK);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        cr_assert(bytes_is(csv_cell(&csv, i, 0), fields[i]), "%s", fields[i]);
    csv_done(&csv);
}

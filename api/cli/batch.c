/* qizheng batch: a table of rows, each a signed record with a receipt of its own.
 *
 * Happy path: table and map -> every row read and judged -> a part of them signed, kept in OUT/.progress.ndjson and synced -> uploaded -> receipts -> the next part
 * -> the table of refusals -> with --close the record that closes the pay run. Run again after anything that interrupted it, it goes on; rows that were refused are
 * sent once more, under the same signature, since what refused them may have been put right. */
#include "api/cli/batch_payrun.h"
#include "api/cli/batch_send.h"
#include "api/cli/disk.h"
#include "api/cli/remote.h"
#include "api/cli/signer.h"
#include "api/cli/submit.h"
#include "ledger/base/text.h"
#include "ledger/store/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_S 120
#define PART_DEFAULT 1000
#define ERRORS_SAID 20

static const struct option_spec options[] = {
    {"map", "YAML", "how columns become claims", true, false},
    {"key", "PEM", "the issuer's secret key", true, false},
    {"as", "ID", "the issuer: a participant's id", true, false},
    {"out", "FOLDER", "where receipts go; kept between runs", true, false},
    {"passphrase-file", "FILE", "passphrase of the key (mode 0600)", false, false},
    {"close", NULL, "then close the pay run: count, sum and root of its payments", false, false},
    {"part", "ROWS", "rows signed and uploaded at a time (default 1000)", false, false},
    {"timeout", "SECONDS", "give up where nothing moves for so long (default 120)", false, false},
    {NULL, NULL, NULL, false, false},
};

struct job {
    const struct cli *cli;
    struct batch_rows rows;
    struct key_secret *key;
    struct client *client;
    struct access *access; /* with tagging: NULL where no tag is to be made */
    struct tagging *tagging;
    char ledger[65];
    struct progress *progress;
    struct sender sender;
    size_t *part; /* row numbers of one upload */
    uint64_t part_max;
    struct problem why;
};

/* -- before anything is signed -- */

static enum err row_check(struct job *job, size_t row) {
    struct draft draft;
    enum err err = batch_rows_draft(&job->rows, row, option_text(job->cli, "as"), job->ledger,
                                    &draft, &job->why);
    if (!err) draft_done(&draft);
    return err;
}

/* All rows, so that a person sees all that is wrong at once, or the beginning of it. */
static enum err rows_check(struct job *job) {
    size_t bad = 0, rows = job->rows.csv.rows;
    struct problem first = {ERR_OK, "", "", "", ""};
    for (size_t row = 0; row < rows; row++) {
        enum err err = row_check(job, row);
        if (err == ERR_NO_MEMORY) return err;
        if (err && bad == 0) first = job->why;
        if (err && bad > 0 && bad < ERRORS_SAID) say_note("%s", job->why.detail);
        bad += err != ERR_OK;
    }
    job->why = first;
    if (bad > 1)
        say_note("%zu of %zu rows are wrong. Nothing was signed or sent. The first:", bad, rows);
    return first.err;
}

static enum err folder_make(struct job *job, const char *out) {
    char path[DISK_PATH];
    enum err err = file_make_dir(out, &job->why);
    if (!err) err = disk_path(path, &job->why, "%s/.progress.ndjson", out);
    if (!err)
        err = progress_open(path, &job->rows, option_text(job->cli, "as"), job->ledger,
                            &job->progress, &job->why);
    return err;
}

static enum err tagging_begin(struct job *job) {
    enum err err = access_open(job->cli, &job->access, &job->why);
    return err ? err : tagging_open(job->access, job->ledger, &job->tagging, &job->why);
}

static enum err prepare(struct job *job) {
    const struct cli *cli = job->cli;
    struct sender *sender = &job->sender;
    enum err err = option_number(cli, "part", 1, LIMIT_UPLOAD_RECORDS, PART_DEFAULT, &job->part_max,
                                 &job->why);
    if (!err)
        err = option_number(cli, "timeout", 1, 86400, TIMEOUT_DEFAULT_S, &sender->timeout_s,
                            &job->why);
    if (!err)
        err = batch_rows_load(operand(cli, 0), option_text(cli, "map"), &job->rows, &job->why);
    if (!err)
        err = signer_open(option_text(cli, "key"), option_text(cli, "passphrase-file"), &job->key,
                          &job->why);
    if (!err) err = remote_open(cli, &job->client, &job->why);
    if (!err) err = remote_ledger(job->client, job->ledger, &job->why);
    if (!err) err = batch_tags_read(job->rows.map, &job->rows.csv, job->rows.tags, &job->why);
    if (!err) err = rows_check(job);
    if (!err && batch_tags_ask(job->rows.map)) err = tagging_begin(job);
    if (!err) err = folder_make(job, option_text(cli, "out"));
    if (!err && !(job->part = calloc(job->part_max, sizeof *job->part))) err = ERR_NO_MEMORY;
    sender->client = job->client;
    sender->rows = &job->rows;
    sender->progress = job->progress;
    sender->out = option_text(cli, "out");
    sender->began_ms = now_ms();
    return err;
}

/* -- signing and sending -- */

static enum err row_sign(struct job *job, size_t row) {
    struct draft draft;
    struct parcel parcel;
    enum err err = batch_rows_draft(&job->rows, row, option_text(job->cli, "as"), job->ledger,
                                    &draft, &job->why);
    if (err) return err;
    err = draft_sign(&draft, job->key, &parcel, &job->why);
    draft_done(&draft);
    if (err) return err;
    err = progress_add(job->progress, &parcel, &job->why);
    parcel_done(&parcel);
    return err;
}

/* Rows from..to that are not signed yet; durable before the first of them may be sent. */
static enum err part_sign(struct job *job, size_t to) {
    size_t from = progress_count(job->progress);
    if (from >= to) return ERR_OK;
    enum err err = batch_tags_make(job->rows.map, &job->rows.csv, from, to, job->tagging,
                                   job->rows.tags, &job->why);
    while (!err && progress_count(job->progress) < to)
        err = row_sign(job, progress_count(job->progress));
    return err ? err : progress_sync(job->progress, &job->why);
}

/* Which of them have no receipt. */
static enum err part_open(struct job *job, size_t from, size_t to, size_t *ret_count) {
    char path[DISK_PATH];
    size_t count = 0;
    for (size_t row = from; row < to; row++) {
        struct parcel parcel;
        enum err err = batch_receipt_path(&job->sender, row, path, &job->why);
        if (err) return err;
        bool is_done = false;
        if (disk_exists(path)) {
            err = progress_parcel(job->progress, row, &parcel, &job->why);
            if (err) return err;
            is_done = parcel_receipt_is(path, parcel.id);
            parcel_done(&parcel);
        }
        if (!is_done) job->part[count++] = row;
        job->sender.before += is_done;
    }
    *ret_count = count;
    return ERR_OK;
}

static enum err all_send(struct job *job) {
    size_t rows = job->rows.csv.rows, count = 0;
    enum err err = ERR_OK;
    for (size_t from = 0; !err && from < rows; from += job->part_max) {
        size_t to = rows - from < job->part_max ? rows : from + job->part_max;
        err = part_sign(job, to);
        if (!err) err = part_open(job, from, to, &count);
        if (!err && count > 0) err = batch_send(&job->sender, job->part, count, &job->why);
    }
    return err;
}

/* -- after -- */

/* With a byte order mark: spreadsheets take the file for another encoding without it. */
static enum err refusals_write(struct job *job) {
    char path[DISK_PATH];
    struct buf text;
    const struct sender *sender = &job->sender;
    enum err err = disk_path(path, &job->why, "%s/refusals.csv", sender->out);
    if (err) return err;
    if (sender->refused == 0) {
        (void)unlink(path); /* of an earlier run, if there was one */
        return ERR_OK;
    }
    buf_init(&text, sender->refusals.max + 256);
    err = buf_add_text(&text, "\xef\xbb\xbf" REFUSALS_HEADER);
    if (!err) err = buf_add(&text, buf_bytes(&sender->refusals));
    if (!err) err = disk_write(path, buf_bytes(&text), 0600, DISK_REPLACE, &job->why);
    buf_done(&text);
    return err;
}

static int report_json(const struct job *job) {
    const struct sender *s = &job->sender;
    struct json *json = json_new_object();
    enum err err = json ? json_put_int(json, "rows", (int64_t)job->rows.csv.rows) : ERR_NO_MEMORY;
    if (!err) err = json_put_int(json, "recorded", (int64_t)s->recorded);
    if (!err) err = json_put_int(json, "known", (int64_t)s->known);
    if (!err) err = json_put_int(json, "before", (int64_t)s->before);
    if (!err) err = json_put_int(json, "refused", (int64_t)s->refused);
    if (!err) err = json_put_text(json, "receipts", s->out);
    if (!err) err = json_put_bool(json, "closed", option_has(job->cli, "close"));
    if (!err) return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(job->cli, err, NULL);
}

static int report(const struct job *job) {
    const struct sender *s = &job->sender;
    if (job->cli->is_json) {
        int status = report_json(job);
        return status == EXIT_DONE && s->refused ? EXIT_REFUSED : status;
    }
    (void)printf("%zu rows: %zu recorded, %zu in the ledger already, %zu refused 已拒绝.\n"
                 "  receipts     %s (with what is hidden in them: personal data)\n",
                 job->rows.csv.rows, s->recorded, s->known + s->before, s->refused, s->out);
    if (s->refused) (void)printf("  refusals     %s/refusals.csv\n", s->out);
    if (option_has(job->cli, "close"))
        (void)printf("  pay run      %s/payrun.receipt.json\n", s->out);
    return s->refused ? EXIT_REFUSED : EXIT_DONE;
}

static int finish(struct job *job) {
    const struct cli *cli = job->cli;
    enum err err = refusals_write(job);
    if (!err) err = disk_sync_all(job->sender.out, &job->why);
    if (err) return say_trouble(cli, err, &job->why);
    if (option_has(cli, "close")) {
        int status =
            batch_payrun_close(cli, &job->sender, option_text(cli, "as"), job->ledger, job->key);
        if (status != EXIT_DONE) return status;
    }
    return report(job);
}

static int fail(struct job *job, enum err err) {
    int status = say_trouble(job->cli, err, &job->why);
    if (job->progress && progress_count(job->progress))
        say_note("What is signed is kept in %s: run the same command again and it goes on.",
                 job->sender.out);
    return status;
}

static int run(struct cli *cli) {
    struct job *job = calloc(1, sizeof *job);
    if (!job) return say_trouble(cli, ERR_NO_MEMORY, NULL);
    job->cli = cli;
    buf_init(&job->sender.refusals, 2 * (size_t)CSV_BYTES_MAX);
    enum err err = prepare(job);
    if (!err) err = all_send(job);
    int status = err ? fail(job, err) : finish(job);
    buf_done(&job->sender.refusals);
    progress_close(job->progress);
    tagging_close(job->tagging);
    access_close(job->access);
    client_close(job->client);
    key_secret_done(job->key);
    batch_rows_done(&job->rows);
    free(job->part);
    free(job);
    return status;
}

const struct command command_batch = {
    .name = "batch",
    .operands = "TABLE",
    .min = 1,
    .max = 1,
    .summary = "Record each row of a CSV table, and keep a receipt for each",
    .details =
        "Reads TABLE (RFC 4180) by the map, checks every row, and only then signs and uploads "
        "them, in parts.\nA row on line N of the table gets FOLDER/N.receipt.json, which proves it "
        "to anybody and holds what was hidden.\nRefused rows stand in FOLDER/refusals.csv with the "
        "reason.\n\nInterrupted? Run the same command again: FOLDER/.progress.ndjson holds every "
        "signed record, and none is signed twice.\n\n"
        "The map:\n"
        "  encoding: gb18030                      # or utf-8\n"
        "  type: benefit\n"
        "  act: disburse\n"
        "  claims:\n"
        "    item: {const: pension-monthly}\n"
        "    period: {column: 所属期, kind: period}\n"
        "    amount: {column: 金额, kind: yuan}   # text int fen yuan date period bool\n"
        "    ...\n"
        "  hide: [amount]                         # nodes see a salted digest only\n"
        "  tags:\n"
        "    person: {domain: benefit, id_type: resident-id, column: 证件号}\n"
        "  ref: {column: 核定编号, optional: true} # the record that each follows\n"
        "  doc: {column: 凭证摘要, alg: sha-256}",
    .options = options,
    .is_online = true,
    .run = run,
};

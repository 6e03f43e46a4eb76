/* The spool: nothing is known of an upload before it is kept, its outcomes follow its lines, and whatever was cut short is taken up or taken away at the next
 * start. Every durable step fails undone, and fails although it was done. */
#include "api/spool.h"
#include "api/spool_outcome.h"
#include "ledger/store/fault.h"
#include "tests/lib/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static char dir[FOLDER_LEN];

static struct spool *open_at(const char *path) {
    struct spool *spool = NULL;
    struct problem why = {0};
    cr_assert(spool_open(path, &spool, &why) == ERR_OK, "%s", why.detail);
    return spool;
}

static struct spool *begin(void) {
    folder_make(dir);
    return open_at(dir);
}

static void end(struct spool *spool) {
    store_fault = NULL;
    spool_close(spool);
    folder_remove(dir);
}

static struct spool *again(struct spool *spool) {
    spool_close(spool);
    return open_at(dir);
}

static enum err keep_from(struct spool *spool, const char *source, const char *text,
                          struct spool_id *ret) {
    struct spool_draft *draft = NULL;
    struct problem why = {0};
    enum err err = spool_begin(spool, source, strlen(text), &draft, &why);
    if (err) return err;
    size_t half = strlen(text) / 2;
    err = spool_add(draft, bytes_of(text, half), &why);
    if (!err) err = spool_add(draft, bytes_text(text + half), &why);
    if (!err) return spool_keep(draft, ret, &why);
    cr_assert(why.detail[0]);
    spool_drop(draft);
    return err;
}

/* Another one each time. */
static const char *any_source(void) {
    static char source[32];
    static unsigned asked;
    asked++;
    (void)snprintf(source, sizeof source, "198.51.%u.%u", asked / 256, asked % 256);
    return source;
}

static enum err keep(struct spool *spool, const char *text, struct spool_id *ret) {
    return keep_from(spool, any_source(), text, ret);
}

static struct spool_id kept(struct spool *spool, const char *text) {
    struct spool_id id;
    cr_assert(keep(spool, text, &id) == ERR_OK);
    return id;
}

static unsigned files(void) {
    unsigned count = 0;
    DIR *all = opendir(dir);
    for (const struct dirent *entry; (entry = readdir(all));) count += entry->d_name[0] != '.';
    (void)closedir(all);
    return count;
}

static struct spool_progress progress_of(struct spool *spool, const struct spool_id *id) {
    struct spool_progress progress;
    cr_assert(spool_progress(spool, bytes_text(id->text), &progress) == ERR_OK);
    return progress;
}

static struct spool_outcome outcome(enum spool_kind kind, uint64_t n) {
    struct spool_outcome out = {.kind = kind, .has_id = n % 3 != 0, .index = n};
    if (out.has_id) memset(out.id, (int)n, sizeof out.id);
    if (kind != SPOOL_REFUSED) return out;
    out.index = 0;
    (void)problem_at(&out.problem, ERR_RULE, "/start", "Number %llu.", (unsigned long long)n);
    (void)snprintf(out.problem.rule, sizeof out.problem.rule, "LC-03");
    (void)snprintf(out.problem.law, sizeof out.problem.law, "劳动合同法第十九条");
    return out;
}

static void same(const struct spool_outcome *a, const struct spool_outcome *b) {
    cr_assert(a->kind == b->kind && a->has_id == b->has_id && a->index == b->index);
    cr_assert(memcmp(a->id, b->id, sizeof a->id) == 0 && a->problem.err == b->problem.err);
    cr_assert_str_eq(a->problem.detail, b->problem.detail);
    cr_assert_str_eq(a->problem.pointer, b->problem.pointer);
    cr_assert_str_eq(a->problem.rule, b->problem.rule);
    cr_assert_str_eq(a->problem.law, b->problem.law);
}

/* The kind of the n-th outcome in what follows. */
static enum spool_kind kind_of(uint64_t n) {
    return (enum spool_kind)(SPOOL_RECORDED + n % 3);
}

static void settle(struct spool *spool, const struct spool_id *id, uint64_t from, uint64_t to) {
    for (uint64_t n = from; n < to; n++) {
        struct spool_outcome one = outcome(kind_of(n), n);
        cr_assert(spool_settle(spool, id, &one, 1) == ERR_OK);
    }
}

static void results_are(struct spool *spool, const struct spool_id *id, uint64_t count) {
    struct spool_results *results = NULL;
    struct spool_outcome got;
    cr_assert(spool_results_open(spool, bytes_text(id->text), &results) == ERR_OK);
    for (uint64_t n = 0; n < count; n++) {
        struct spool_outcome want = outcome(kind_of(n), n);
        cr_assert(spool_result(results, &got) == ERR_OK);
        same(&got, &want);
    }
    cr_assert(spool_result(results, &got) == ERR_NOT_FOUND);
    spool_results_close(results);
}

static void lines_are(struct spool *spool, const struct spool_id *id, const char *const *want) {
    struct spool_lines *lines = NULL;
    struct buf line;
    bool is_long = true;
    buf_init(&line, LIMIT_RECORD_PRESENTED);
    cr_assert(spool_lines_open(spool, id, &lines) == ERR_OK);
    for (; *want; want++) {
        cr_assert(spool_line(lines, &line, &is_long) == ERR_OK && !is_long);
        cr_assert(bytes_is(buf_bytes(&line), *want), "%s", *want);
    }
    cr_assert(spool_line(lines, &line, &is_long) == ERR_NOT_FOUND);
    spool_lines_close(lines);
    buf_done(&line);
}

Test(spool, an_upload_is_known_when_it_is_kept_and_its_lines_come_back) {
    struct spool *spool = begin();
    struct spool_id id = kept(spool, "one\r\ntwo\n\nfour"), next;
    static const char *const lines[] = {"one", "two", "", "four", NULL};
    cr_assert(progress_of(spool, &id).lines == 4 && !progress_of(spool, &id).is_done);
    lines_are(spool, &id, lines);
    cr_assert(spool_next(spool, 0, &next) && strcmp(next.text, id.text) == 0);
    struct spool_totals totals = spool_totals(spool);
    cr_assert(totals.uploads == 1 && totals.waiting == 1 && totals.bytes == 14);
    end(spool);
}

Test(spool, a_last_line_with_or_without_its_end_is_one_line) {
    struct spool *spool = begin();
    static const char *const texts[] = {"a", "a\n", "\n", "a\r\n"};
    for (size_t i = 0; i < 4; i++) {
        struct spool_id id = kept(spool, texts[i]);
        cr_assert_eq(progress_of(spool, &id).lines, 1, "%zu", i);
    }
    end(spool);
}

Test(spool, nothing_is_left_of_a_draft_that_is_dropped) {
    struct spool *spool = begin();
    struct spool_draft *draft = NULL;
    struct spool_id id;
    cr_assert(spool_begin(spool, any_source(), 100, &draft, NULL) == ERR_OK);
    cr_assert(spool_add(draft, bytes_text("half of a li"), NULL) == ERR_OK);
    cr_assert_eq(files(), 1);
    spool_drop(draft);
    cr_assert(files() == 0 && !spool_next(spool, 0, &id) && spool_totals(spool).uploads == 0);
    end(spool);
}

Test(spool, a_draft_that_a_crash_left_is_removed_at_start_and_strangers_are_not) {
    struct spool *spool = begin();
    folder_write(dir, "00112233445566778899aabbccddeeff.part", bytes_text("x\n"));
    folder_write(dir, "00112233445566778899AABBCCDDEEFF.part", bytes_text("x\n"));
    folder_write(dir, "notes.txt", bytes_text("x\n"));
    spool = again(spool);
    cr_assert(files() == 2 && spool_totals(spool).uploads == 0);
    end(spool);
}

Test(spool, more_lines_or_bytes_than_allowed_are_refused) {
    struct spool *spool = begin();
    struct spool_draft *draft = NULL;
    struct problem why = {0};
    static char many[LIMIT_UPLOAD_RECORDS + 2];
    struct spool_id id;
    memset(many, '\n', LIMIT_UPLOAD_RECORDS);
    cr_assert(keep(spool, many, &id) == ERR_OK);
    many[LIMIT_UPLOAD_RECORDS] = 'x';
    cr_assert(keep(spool, many, &id) == ERR_TOO_LARGE);
    many[LIMIT_UPLOAD_RECORDS] = '\n';
    cr_assert(keep(spool, many, &id) == ERR_TOO_LARGE);
    cr_assert(spool_begin(spool, any_source(), 3, &draft, &why) == ERR_OK);
    cr_assert(spool_add(draft, bytes_text("four"), &why) == ERR_TOO_LARGE);
    spool_drop(draft);
    cr_assert_eq(spool_totals(spool).uploads, 1);
    end(spool);
}

Test(spool, the_oldest_comes_first_also_after_a_start) {
    struct spool *spool = begin();
    struct spool_id ids[3], next;
    for (size_t i = 0; i < 3; i++) {
        ids[i] = kept(spool, "x\n");
        (void)usleep(20000); /* times of files are as coarse as the kernel's clock ticks */
    }
    for (size_t i = 0; i < 3; i++) {
        spool = again(spool);
        cr_assert(spool_next(spool, 0, &next) && strcmp(next.text, ids[i].text) == 0, "%zu", i);
        settle(spool, &ids[i], 0, 1);
        cr_assert(spool_finish(spool, &ids[i], 1000) == ERR_OK);
    }
    cr_assert(!spool_next(spool, 10, &next));
    end(spool);
}

Test(spool, outcomes_come_back_in_order_and_a_start_goes_on_behind_them) {
    struct spool *spool = begin();
    struct spool_id id = kept(spool, "a\nb\nc\nd\ne\n");
    static const char *const rest[] = {"d", "e", NULL}, *const none[] = {NULL};
    results_are(spool, &id, 0);
    settle(spool, &id, 0, 3);
    spool = again(spool);
    results_are(spool, &id, 3);
    lines_are(spool, &id, rest);
    struct spool_progress progress = progress_of(spool, &id);
    cr_assert(progress.lines == 5 && progress.checked == 3 && progress.ordered == 2);
    cr_assert(progress.recorded == 1 && progress.known == 1 && progress.refused == 1);
    settle(spool, &id, 3, 5);
    lines_are(spool, &id, none);
    cr_assert(spool_finish(spool, &id, 1000) == ERR_OK && files() == 1);
    spool = again(spool);
    progress = progress_of(spool, &id);
    cr_assert(progress.is_done && progress.lines == 5 && progress.refused == 1);
    results_are(spool, &id, 5);
    end(spool);
}

/* Found by the fuzzer: bytes that can be read and that nobody wrote. */
Test(spool, outcomes_that_refuse_without_an_error_or_hide_behind_a_nul_are_corrupt) {
    struct spool_outcome one = {.kind = SPOOL_REFUSED}, got;
    struct buf out;
    buf_init(&out, 4 + SPOOL_OUTCOME_MAX);
    (void)problem_set(&one.problem, ERR_RULE, "No.");
    cr_assert(spool_outcome_encode(&one, &out) == ERR_OK);
    struct bytes in = bytes_slice(buf_bytes(&out), 4, out.len);
    cr_assert(spool_outcome_decode(in, &got) == ERR_OK && got.problem.err == ERR_RULE);
    out.data[4 + 2 + 2 + 4 + 2] = 0; /* the first letter of the detail */
    cr_assert(spool_outcome_decode(in, &got) == ERR_CORRUPT);
    const char fine[] = "\3\0\0\2ok\0\0\0\0\0\0\0\0";
    cr_assert(spool_outcome_decode(bytes_of(fine, sizeof fine - 1), &got) == ERR_CORRUPT);
    buf_done(&out);
}

/* More of them than are read at a time, of all lengths. */
Test(spool, a_start_counts_the_outcomes_of_a_whole_upload) {
    struct spool *spool = begin();
    struct buf lines;
    buf_init(&lines, 2 * LIMIT_UPLOAD_RECORDS);
    for (int i = 0; i < LIMIT_UPLOAD_RECORDS; i++) cr_assert(buf_add_text(&lines, "a\n") == ERR_OK);
    struct spool_id id = kept(spool, buf_text(&lines));
    for (uint64_t done = 0; done < LIMIT_UPLOAD_RECORDS; done += 2500) {
        settle(spool, &id, done, done + 2500);
        spool = again(spool);
        struct spool_progress progress = progress_of(spool, &id);
        cr_assert_eq(progress.checked, done + 2500);
        cr_assert_eq(progress.recorded, (done + 2502) / 3);
        cr_assert_eq(progress.known, (done + 2501) / 3);
        cr_assert_eq(progress.refused, (done + 2500) / 3);
    }
    results_are(spool, &id, LIMIT_UPLOAD_RECORDS);
    buf_done(&lines);
    end(spool);
}

/* Whatever the length at which the file of outcomes was cut. */
Test(spool, an_outcome_that_was_cut_is_settled_again) {
    struct spool *spool = begin();
    struct spool_id id = kept(spool, "a\nb\nc\n");
    char path[FOLDER_LEN];
    struct stat stat_;
    settle(spool, &id, 0, 2);
    (void)snprintf(path, sizeof path, "%.400s/%s.out", dir, id.text);
    cr_assert(stat(path, &stat_) == 0);
    off_t two = stat_.st_size;
    settle(spool, &id, 2, 3);
    cr_assert(stat(path, &stat_) == 0);
    for (off_t len = two + 1; len < stat_.st_size; len++) {
        cr_assert(truncate(path, len) == 0);
        spool = again(spool);
        results_are(spool, &id, 2);
        settle(spool, &id, 2, 3);
        results_are(spool, &id, 3);
    }
    end(spool);
}

Test(spool, a_line_that_is_longer_than_a_record_is_cut_and_told) {
    struct spool *spool = begin();
    struct spool_draft *draft = NULL;
    struct spool_lines *lines = NULL;
    struct spool_id id;
    struct buf text, line;
    bool is_long = false;
    buf_init(&text, 1 << 20);
    buf_init(&line, LIMIT_RECORD_PRESENTED);
    for (size_t i = 0; i < LIMIT_RECORD_PRESENTED + 1; i++)
        cr_assert(buf_add_byte(&text, 'x') == ERR_OK);
    cr_assert(buf_add_text(&text, "\nnext\n") == ERR_OK);
    cr_assert(spool_begin(spool, any_source(), text.len, &draft, NULL) == ERR_OK);
    cr_assert(spool_add(draft, buf_bytes(&text), NULL) == ERR_OK);
    cr_assert(spool_keep(draft, &id, NULL) == ERR_OK);
    cr_assert(spool_lines_open(spool, &id, &lines) == ERR_OK);
    cr_assert(spool_line(lines, &line, &is_long) == ERR_OK && is_long);
    cr_assert(spool_line(lines, &line, &is_long) == ERR_OK && !is_long);
    cr_assert(bytes_is(buf_bytes(&line), "next"));
    spool_lines_close(lines);
    buf_done(&line);
    buf_done(&text);
    end(spool);
}

/* Lines of all lengths over several pieces of the file, the last one without an end; and from any of them on. */
Test(spool, lines_come_back_wherever_the_pieces_that_are_read_end) {
    enum { COUNT = 400, PRIME = 997 };
    struct spool *spool = begin();
    struct spool_id id;
    struct buf text, line;
    buf_init(&text, 1 << 20);
    buf_init(&line, LIMIT_RECORD_PRESENTED);
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < i * 37 % PRIME; j++)
            cr_assert(buf_add_byte(&text, (uint8_t)('a' + i % 26)) == ERR_OK);
        if (i + 1 < COUNT) cr_assert(buf_add_byte(&text, '\n') == ERR_OK);
    }
    cr_assert(text.len > 2 * 65536 && text.data[65535] != '\n');
    cr_assert(buf_add_byte(&text, 0) == ERR_OK); /* for kept() */
    id = kept(spool, (const char *)text.data);
    for (uint64_t from = 0; from < COUNT; from += 199) {
        struct spool_lines *lines = NULL;
        bool is_long = true;
        cr_assert(spool_lines_open(spool, &id, &lines) == ERR_OK);
        for (uint64_t i = from; i < COUNT; i++) {
            cr_assert(spool_line(lines, &line, &is_long) == ERR_OK && !is_long);
            cr_assert_eq(line.len, i * 37 % PRIME);
            for (size_t j = 0; j < line.len; j++) cr_assert_eq(line.data[j], 'a' + i % 26);
        }
        cr_assert(spool_line(lines, &line, &is_long) == ERR_NOT_FOUND);
        spool_lines_close(lines);
        if (from + 199 < COUNT) settle(spool, &id, from, from + 199);
    }
    buf_done(&line);
    buf_done(&text);
    end(spool);
}

/* -- bounds and the end -- */

Test(spool, so_many_wait_and_no_more) {
    struct spool *spool = begin();
    struct spool_id id, first;
    for (int i = 0; i < LIMIT_UPLOADS_WAITING; i++) {
        id = kept(spool, "x\n");
        if (i == 0) first = id;
    }
    cr_assert(keep(spool, "x\n", &id) == ERR_RATE);
    cr_assert_eq(files(), LIMIT_UPLOADS_WAITING);
    settle(spool, &first, 0, 1);
    cr_assert(spool_finish(spool, &first, 0) == ERR_OK);
    cr_assert(keep(spool, "x\n", &id) == ERR_OK);
    end(spool);
}

Test(spool, drafts_take_places_and_bytes_too) {
    struct spool *spool = begin();
    struct spool_draft *drafts[LIMIT_UPLOADS_WAITING], *more = NULL;
    struct problem why = {0};
    for (int i = 0; i < LIMIT_UPLOADS_WAITING; i++)
        cr_assert(spool_begin(spool, any_source(), 1, &drafts[i], NULL) == ERR_OK);
    cr_assert(spool_begin(spool, any_source(), 1, &more, &why) == ERR_RATE &&
              strstr(why.detail, "waiting"));
    for (int i = 0; i < LIMIT_UPLOADS_WAITING; i++) spool_drop(drafts[i]);
    cr_assert(spool_begin(spool, any_source(), 1, &more, NULL) == ERR_OK);
    spool_drop(more);
    end(spool);
}

Test(spool, more_than_the_disk_has_is_refused_as_a_full_disk) {
    struct spool *spool = begin();
    struct spool_draft *draft = NULL;
    struct problem why = {0};
    cr_assert(spool_begin(spool, any_source(), 1ull << 60, &draft, &why) == ERR_DISK_FULL);
    cr_assert(strstr(why.detail, "no room") && files() == 0);
    end(spool);
}

static enum err begin_and_drop(struct spool *spool, const char *source, uint64_t len) {
    struct spool_draft *draft = NULL;
    struct problem why = {0};
    enum err err = spool_begin(spool, source, len, &draft, &why);
    cr_assert(!err == !why.detail[0]);
    if (!err) spool_drop(draft);
    return err;
}

/* Drafts that end, uploads that are done and those set aside give their place back. */
Test(spool, so_many_of_one_address_wait_and_others_are_not_shut_out) {
    struct spool *spool = begin();
    struct spool_id ids[LIMIT_UPLOADS_SOURCE], id;
    for (int i = 0; i < LIMIT_UPLOADS_SOURCE; i++) {
        cr_assert(begin_and_drop(spool, "192.0.2.1", 5) == ERR_OK);
        cr_assert(keep_from(spool, "192.0.2.1", "x\n", &ids[i]) == ERR_OK, "%d", i);
    }
    cr_assert(begin_and_drop(spool, "192.0.2.1", 5) == ERR_RATE);
    cr_assert(begin_and_drop(spool, "192.0.2.2", 5) == ERR_OK);
    settle(spool, &ids[3], 0, 1);
    cr_assert(spool_finish(spool, &ids[3], 0) == ERR_OK);
    cr_assert(keep_from(spool, "192.0.2.1", "x\n", &id) == ERR_OK);
    cr_assert(begin_and_drop(spool, "192.0.2.1", 5) == ERR_RATE);
    spool_set_aside(spool, &ids[4]);
    cr_assert(begin_and_drop(spool, "192.0.2.1", 5) == ERR_OK);
    end(spool);
}

Test(spool, what_is_set_aside_is_passed_over_until_the_next_start) {
    struct spool *spool = begin();
    struct spool_id first = kept(spool, "x\n"), next;
    (void)usleep(20000);
    struct spool_id second = kept(spool, "x\n");
    spool_set_aside(spool, &first);
    cr_assert(spool_next(spool, 0, &next) && strcmp(next.text, second.text) == 0);
    struct spool_totals totals = spool_totals(spool);
    cr_assert(totals.uploads == 2 && totals.aside == 1 && totals.waiting == 1);
    settle(spool, &second, 0, 1);
    cr_assert(spool_finish(spool, &second, 0) == ERR_OK && !spool_next(spool, 0, &next));
    spool = again(spool);
    cr_assert(spool_next(spool, 0, &next) && strcmp(next.text, first.text) == 0);
    cr_assert_eq(spool_totals(spool).aside, 0);
    end(spool);
}

static struct spool_id finished(struct spool *spool, enum spool_kind kind, int64_t at_s) {
    struct spool_id id = kept(spool, "x\n");
    struct spool_outcome one = outcome(kind, 1);
    cr_assert(spool_settle(spool, &id, &one, 1) == ERR_OK);
    cr_assert(spool_finish(spool, &id, at_s) == ERR_OK);
    return id;
}

Test(spool, results_stay_a_week_and_an_hour_where_nothing_was_recorded) {
    struct spool *spool = begin();
    struct spool_progress progress;
    struct spool_id good = finished(spool, SPOOL_RECORDED, 1000),
                    bad = finished(spool, SPOOL_REFUSED, 1000), open = kept(spool, "x\n");
    spool_expire(spool, 1000 + LIMIT_UPLOAD_IDLE_S);
    cr_assert_eq(files(), 3);
    spool_expire(spool, 1001 + LIMIT_UPLOAD_IDLE_S);
    cr_assert(spool_progress(spool, bytes_text(bad.text), &progress) == ERR_NOT_FOUND);
    spool_expire(spool, 1000 + 7 * 86400);
    cr_assert(progress_of(spool, &good).is_done);
    spool_expire(spool, 1001 + 7 * 86400);
    cr_assert(spool_progress(spool, bytes_text(good.text), &progress) == ERR_NOT_FOUND);
    spool_expire(spool, INT64_MAX);
    cr_assert(!progress_of(spool, &open).is_done && files() == 1);
    end(spool);
}

/* What is in the ledger anybody may send again. */
Test(spool, lines_that_were_known_keep_results_no_longer_than_refused_ones) {
    struct spool *spool = begin();
    struct spool_progress progress;
    struct spool_id known = finished(spool, SPOOL_KNOWN, 1000);
    spool_expire(spool, 1000 + LIMIT_UPLOAD_IDLE_S);
    cr_assert(progress_of(spool, &known).is_done);
    spool_expire(spool, 1001 + LIMIT_UPLOAD_IDLE_S);
    cr_assert(spool_progress(spool, bytes_text(known.text), &progress) == ERR_NOT_FOUND);
    cr_assert_eq(files(), 0);
    end(spool);
}

/* So many finished uploads, each with the outcomes of that one; the id of the n-th is n. Number `oldest` was finished before the others. */
static struct spool *filled(struct spool *spool, const struct spool_id *like, unsigned count,
                            unsigned oldest) {
    char path[FOLDER_LEN], name[64];
    uint8_t text[SPOOL_ID_LEN * 64];
    (void)snprintf(path, sizeof path, "%.400s/%s.out", dir, like->text);
    FILE *file = fopen(path, "rbe");
    size_t len = file ? fread(text, 1, sizeof text, file) : 0;
    cr_assert(len > 0 && fclose(file) == 0);
    for (unsigned n = 0; n < count; n++) {
        (void)snprintf(name, sizeof name, "%032x.out", n);
        folder_write(dir, name, bytes_of(text, len));
        struct timespec times[2] = {{n == oldest ? 1000 : 2000, 0}, {n == oldest ? 1000 : 2000, 0}};
        (void)snprintf(path, sizeof path, "%.400s/%s", dir, name);
        cr_assert(utimensat(AT_FDCWD, path, times, 0) == 0);
    }
    return again(spool);
}

static bool is_there(struct spool *spool, unsigned n) {
    char id[SPOOL_ID_LEN + 1];
    struct spool_progress progress;
    (void)snprintf(id, sizeof id, "%032x", n);
    return spool_progress(spool, bytes_text(id), &progress) == ERR_OK;
}

Test(spool, a_spool_full_of_worthless_uploads_takes_a_new_one_in_place_of_the_oldest) {
    static const enum spool_kind kinds[] = {SPOOL_KNOWN, SPOOL_REFUSED};
    for (size_t i = 0; i < 2; i++) {
        struct spool *spool = begin();
        struct spool_id like = finished(spool, kinds[i], 3000);
        spool = filled(spool, &like, LIMIT_UPLOADS - 1, 77);
        cr_assert_eq(spool_totals(spool).uploads, LIMIT_UPLOADS);
        (void)kept(spool, "x\n");
        cr_assert(!is_there(spool, 77) && is_there(spool, 76) && is_there(spool, 0));
        cr_assert_eq(spool_totals(spool).uploads, LIMIT_UPLOADS);
        cr_assert_eq(files(), LIMIT_UPLOADS);
        (void)kept(spool, "x\n");
        cr_assert_eq(spool_totals(spool).waiting, 2);
        end(spool);
    }
}

Test(spool, results_of_what_was_recorded_give_way_to_nobody) {
    struct spool *spool = begin();
    struct spool_id like = finished(spool, SPOOL_RECORDED, 3000), id;
    spool = filled(spool, &like, LIMIT_UPLOADS - 1, 77);
    cr_assert(keep(spool, "x\n", &id) == ERR_RATE);
    cr_assert_eq(files(), LIMIT_UPLOADS);
    end(spool);
}

Test(spool, worthless_results_give_their_bytes_too) {
    struct spool *spool = begin();
    (void)finished(spool, SPOOL_REFUSED, 1000);
    uint64_t bytes = spool_totals(spool).bytes;
    enum err err = begin_and_drop(spool, any_source(), LIMIT_UPLOADS_BYTES - bytes + 1);
    if (err == ERR_DISK_FULL)
        printf("skipped: this disk has less than 2 GiB\n");
    else
        cr_assert(bytes > 0 && err == ERR_OK && files() == 0);
    end(spool);
}

/* -- a disk that fills -- */

/* A file system of that size over the empty directory, seen by this process only. */
static bool mount_small(const char *options) {
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", dir, "tmpfs", 0, options) == 0;
}

Test(spool, outcomes_leave_the_ledger_its_reserve) {
    char options[32], ballast[FOLDER_LEN];
    folder_make(dir);
    (void)snprintf(options, sizeof options, "size=%um", LIMIT_DISK_RESERVE / (1024 * 1024) + 8);
    if (!mount_small(options)) {
        printf("skipped: mounting needs root\n");
        folder_remove(dir);
        return;
    }
    struct spool *spool = open_at(dir);
    struct spool_id id = kept(spool, "a\nb\nc\n");
    struct spool_outcome one = outcome(kind_of(1), 1);
    settle(spool, &id, 0, 1);
    (void)snprintf(ballast, sizeof ballast, "%.400s/ballast", dir);
    int fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert(fd >= 0 && posix_fallocate(fd, 0, 16 * 1024 * 1024) == 0 && close(fd) == 0);
    cr_assert(spool_settle(spool, &id, &one, 1) == ERR_DISK_FULL);
    results_are(spool, &id, 1);
    cr_assert(unlink(ballast) == 0);
    settle(spool, &id, 1, 3);
    results_are(spool, &id, 3);
    spool_close(spool);
    cr_assert(umount2(dir, MNT_DETACH) == 0 && rmdir(dir) == 0);
}

Test(spool, results_that_are_being_read_may_end_meanwhile) {
    struct spool *spool = begin();
    struct spool_results *results = NULL;
    struct spool_outcome got;
    struct spool_id id = finished(spool, SPOOL_RECORDED, 0);
    cr_assert(spool_results_open(spool, bytes_text(id.text), &results) == ERR_OK);
    spool_expire(spool, INT64_MAX);
    cr_assert(files() == 0 && spool_result(results, &got) == ERR_OK);
    spool_results_close(results);
    end(spool);
}

/* -- faults -- */

static const char *fault_step;
static bool fault_is_before;
static enum err fault_err;

static enum err fault(const char *step, bool before) {
    return strcmp(step, fault_step) == 0 && before == fault_is_before ? fault_err : ERR_OK;
}

static void fault_at(const char *step, bool before, enum err err) {
    fault_step = step;
    fault_is_before = before;
    fault_err = err;
    store_fault = fault;
}

Test(spool, an_upload_that_cannot_be_written_or_synced_is_not_there) {
    static const char *const steps[] = {"spool_write", "spool_sync"};
    static const enum err errs[] = {ERR_DISK_FULL, ERR_IO};
    for (int i = 0; i < 8; i++) {
        struct spool *spool = begin();
        struct spool_id id, next;
        fault_at(steps[i & 1], i & 2, errs[i >> 2]);
        cr_assert(keep(spool, "a\nb\n", &id) == errs[i >> 2], "%d", i);
        cr_assert(files() == 0 && !spool_next(spool, 0, &next), "%d", i);
        store_fault = NULL;
        cr_assert(keep(spool, "a\nb\n", &id) == ERR_OK); /* and its place is free again */
        spool = again(spool);
        cr_assert_eq(spool_totals(spool).uploads, 1);
        end(spool);
    }
}

/* Fails undone, and fails although it was written: either way it is settled again, once. */
Test(spool, an_outcome_whose_write_fails_is_settled_again) {
    for (int before = 0; before < 2; before++) {
        struct spool *spool = begin();
        struct spool_id id = kept(spool, "a\nb\n");
        struct spool_outcome one = outcome(kind_of(1), 1);
        settle(spool, &id, 0, 1);
        fault_at("spool_settle", before, ERR_DISK_FULL);
        cr_assert(spool_settle(spool, &id, &one, 1) == ERR_DISK_FULL);
        results_are(spool, &id, 1);
        store_fault = NULL;
        settle(spool, &id, 1, 2);
        results_are(spool, &id, 2);
        spool = again(spool);
        results_are(spool, &id, 2);
        end(spool);
    }
}

/* What was written of three must not stand behind one that takes their place, also after a crash. */
Test(spool, of_outcomes_that_are_settled_together_all_are_there_or_none) {
    struct spool_outcome many[] = {outcome(SPOOL_REFUSED, 0), outcome(SPOOL_REFUSED, 1),
                                   outcome(SPOOL_REFUSED, 2)};
    for (int before = 0; before < 2; before++) {
        struct spool *spool = begin();
        struct spool_id id = kept(spool, "a\nb\nc\nd\n");
        fault_at("spool_settle", before, ERR_IO);
        cr_assert(spool_settle(spool, &id, many, 3) == ERR_IO);
        store_fault = NULL;
        cr_assert_eq(progress_of(spool, &id).refused, 0);
        cr_assert(spool_settle(spool, &id, many, 1) == ERR_OK);
        cr_assert_eq(progress_of(spool, &id).refused, 1);
        spool = again(spool);
        cr_assert_eq(progress_of(spool, &id).refused, 1);
        cr_assert(spool_settle(spool, &id, many + 1, 2) == ERR_OK);
        spool = again(spool);
        cr_assert_eq(progress_of(spool, &id).refused, 3);
        end(spool);
    }
}

Test(spool, an_end_that_fails_is_done_again) {
    for (int before = 0; before < 2; before++) {
        struct spool *spool = begin();
        struct spool_id id = kept(spool, "a\n");
        settle(spool, &id, 0, 1);
        fault_at("spool_finish", before, ERR_IO);
        cr_assert(spool_finish(spool, &id, 5) == ERR_IO && !progress_of(spool, &id).is_done);
        store_fault = NULL;
        /* the worker begins anew: it finds no line to do, even where the lines are gone already */
        struct spool_lines *lines = NULL;
        struct buf line;
        bool is_long = false;
        buf_init(&line, 1024);
        cr_assert(spool_lines_open(spool, &id, &lines) == ERR_OK);
        cr_assert(spool_line(lines, &line, &is_long) == ERR_NOT_FOUND);
        spool_lines_close(lines);
        buf_done(&line);
        cr_assert(spool_finish(spool, &id, 5) == ERR_OK && progress_of(spool, &id).is_done);
        cr_assert_eq(files(), 1);
        end(spool);
    }
}

Test(spool, a_folder_that_cannot_be_made_is_told) {
    struct spool *spool = NULL;
    struct problem why = {0};
    cr_assert(spool_open("/proc/nowhere/uploads", &spool, &why) == ERR_IO && why.detail[0]);
}

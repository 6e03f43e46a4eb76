/* The file of tag budgets with anything in it: it opens, nobody gets more than a day's budget at one moment, nobody waits longer than a day, and closing and opening between two
 * asks changes no answer. The input: how many slots stand in the file and how many asks come, a byte each; then the slots, each a byte of how it is written (1: its checksum is
 * right, 2: it is one of ours), a participant or 32 bytes, and a time; then the asks; what is left lies behind the last slot.
 * fuzz: max_len=512 */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/folder.h"

#include "ledger/crypto/sha256.h"
#include "node/tagbudget.h"

#define SLOT_LEN 64
#define SUM_AT 40
#define CONTEXT "qizheng tag budget v1\n"
#define DAY_S 86400
#define PEOPLE 4
#define ASKS 16
#define NOW_MAX (1ULL << 62) /* 146,000 years of microseconds */

static const char *const people[PEOPLE] = {"acme", "zeta", "court", "registrar"};

struct answer {
    enum err err;
    uint64_t retry_s;
};

static char dir[FOLDER_LEN], path[FOLDER_LEN];

static void dir_remove(void) {
    folder_remove(dir);
}

/* -- the file -- */

static void slot_put(struct cursor *cursor, struct buf *file) {
    uint8_t raw[SLOT_LEN] = {0}, sum[SHA256_LEN], how = cursor_u8(cursor);
    if (how & 2)
        sha256(bytes_text(people[cursor_u8(cursor) % PEOPLE]), raw);
    else
        cursor_copy(cursor, raw, 32);
    put_u64(raw + 32, cursor_u64(cursor));
    struct bytes parts[] = {bytes_text(CONTEXT), bytes_of(raw, SUM_AT)};
    sha256_parts(parts, 2, sum);
    if (how & 1) memcpy(raw + SUM_AT, sum, SLOT_LEN - SUM_AT);
    FUZZ_CHECK(buf_add(file, bytes_of(raw, sizeof raw)) == ERR_OK);
}

static struct tagbudget *open_it(size_t slots) {
    struct tagbudget *budget = NULL;
    struct problem why = {0};
    size_t damaged = 0;
    FUZZ_CHECK(tagbudget_open(path, &budget, &damaged, &why) == ERR_OK);
    FUZZ_CHECK(damaged <= slots + 1);
    return budget;
}

/* -- asking -- */

static void take(struct tagbudget *budget, const struct tagbudget_ask *ask, struct answer *ret) {
    ret->retry_s = 0;
    ret->err = tagbudget_take(budget, ask, &ret->retry_s);
    FUZZ_CHECK(ret->err == ERR_OK || ret->err == ERR_TOO_LARGE || ret->err == ERR_RATE);
    FUZZ_CHECK((ret->err == ERR_TOO_LARGE) == (ask->count > ask->per_day));
    FUZZ_CHECK(ret->retry_s <= DAY_S);
    if (ret->err == ERR_RATE)
        FUZZ_CHECK(ret->retry_s > 0); /* there are fewer than LIMIT_TAG_BORROWERS */
}

/* What one participant got while the clock stood still, in shares of a day: never more than the whole of it. */
static void budget_holds(const struct tagbudget_ask *asks, const struct answer *answers,
                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        double share = 0;
        for (size_t at = i; at < count && asks[at].now_us == asks[i].now_us; at++)
            if (answers[at].err == ERR_OK && asks[at].participant == asks[i].participant)
                share += (double)asks[at].count / (double)asks[at].per_day;
        FUZZ_CHECK(
            share <
            1.01); /* a tag's share is cut to whole microseconds: at most a hundredth in all */
    }
}

static size_t asks_read(struct cursor *cursor, size_t count, struct tagbudget_ask *ret) {
    size_t have = 0;
    for (; have < count; have++) {
        struct tagbudget_ask *ask = &ret[have];
        ask->participant = people[cursor_u8(cursor) % PEOPLE];
        ask->per_day = cursor_u32(cursor) % LIMIT_TAGS_PER_DAY + 1;
        ask->count = cursor_u32(cursor) % (ask->per_day + 2);
        ask->count += ask->count == 0;
        uint64_t now_us = cursor_u64(cursor) % NOW_MAX; /* 0: the clock stands still */
        ask->now_us = now_us || have == 0 ? now_us : ret[have - 1].now_us;
        if (cursor->failed) break;
    }
    return have;
}

/* All asks, with the file closed and opened behind the first `reopen` of them. */
static void run(struct bytes file, size_t slots, const struct tagbudget_ask *asks, size_t count,
                size_t reopen, struct answer *ret) {
    folder_write(dir, "tags.budget", file);
    struct tagbudget *budget = open_it(slots);
    for (size_t i = 0; i < count; i++) {
        if (i == reopen) {
            tagbudget_close(budget);
            budget = open_it(slots + i);
        }
        take(budget, &asks[i], &ret[i]);
    }
    tagbudget_close(budget);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cursor cursor = cursor_of(bytes_of(data, size));
    struct tagbudget_ask asks[ASKS];
    struct answer once[ASKS], twice[ASKS];
    struct buf file;
    size_t slots = cursor_u8(&cursor) % 16, wanted = cursor_u8(&cursor) % ASKS;
    if (!dir[0]) {
        folder_make(dir);
        folder_path(dir, "tags.budget", path);
        (void)atexit(dir_remove);
    }
    buf_init(&file, 4096);
    for (size_t i = 0; i < slots; i++) slot_put(&cursor, &file);
    size_t count = asks_read(&cursor, wanted, asks);
    if (!cursor.failed) FUZZ_CHECK(buf_add(&file, cursor.rest) == ERR_OK);
    struct bytes content = file.len ? buf_bytes(&file) : bytes_of("", 0);
    run(content, file.len / SLOT_LEN, asks, count, count, once);
    budget_holds(asks, once, count);
    for (size_t at = 0; at < count; at++) {
        run(content, file.len / SLOT_LEN, asks, count, at, twice);
        for (size_t i = 0; i < count; i++)
            FUZZ_CHECK(once[i].err == twice[i].err && once[i].retry_s == twice[i].retry_s);
    }
    buf_done(&file);
    return 0;
}

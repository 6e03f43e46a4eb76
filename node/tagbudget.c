/* See tagbudget.h. */
#include "node/tagbudget.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/sha256.h"
#include "ledger/store/fault.h"
#include "ledger/store/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_US 86400000000ULL
#define SECOND_US 1000000ULL
#define SLOT_LEN 64
#define WHO_LEN 32
#define SUM_AT 40
#define SUM_LEN (SLOT_LEN - SUM_AT)
#define CONTEXT "qizheng tag budget v1\n"

_Static_assert(DAY_US / LIMIT_TAGS_PER_DAY >= 1000, "a tag's share of the day is not rounded away");

struct slot {
    uint8_t who[WHO_LEN];
    uint64_t paid_us; /* when all that was taken is paid back; 0: free */
};

struct tagbudget {
    pthread_mutex_t lock; /* guards everything below, and the file */
    int fd;
    struct slot slots[LIMIT_TAG_BORROWERS];
    size_t count;
};

/* -- one slot -- */

static void slot_sum(const uint8_t raw[SLOT_LEN], uint8_t ret[SUM_LEN]) {
    uint8_t text[sizeof CONTEXT - 1 + SUM_AT], digest[SHA256_LEN];
    memcpy(text, CONTEXT, sizeof CONTEXT - 1);
    memcpy(text + sizeof CONTEXT - 1, raw, SUM_AT);
    sha256(bytes_of(text, sizeof text), digest);
    memcpy(ret, digest, SUM_LEN);
}

static void slot_encode(const struct slot *slot, uint8_t ret[SLOT_LEN]) {
    memcpy(ret, slot->who, WHO_LEN);
    put_u64(ret + WHO_LEN, slot->paid_us);
    slot_sum(ret, ret + SUM_AT);
}

/* False where it is damaged; *ret is free then. */
static bool slot_decode(const uint8_t raw[SLOT_LEN], struct slot *ret) {
    uint8_t sum[SUM_LEN];
    slot_sum(raw, sum);
    memset(ret, 0, sizeof *ret);
    if (memcmp(sum, raw + SUM_AT, SUM_LEN) != 0) return false;
    memcpy(ret->who, raw, WHO_LEN);
    ret->paid_us = get_u64(raw + WHO_LEN);
    return true;
}

/* -- the file -- */

static enum err slots_read(struct tagbudget *budget, size_t *ret_damaged) {
    uint8_t raw[SLOT_LEN];
    struct stat stat;
    enum err err = ERR_OK;
    if (fstat(budget->fd, &stat)) return file_err(errno);
    if (!S_ISREG(stat.st_mode)) return ERR_KEY_MODE;
    size_t whole = (size_t)stat.st_size / SLOT_LEN;
    budget->count = whole < LIMIT_TAG_BORROWERS ? whole : LIMIT_TAG_BORROWERS;
    *ret_damaged = (size_t)stat.st_size % SLOT_LEN != 0;
    for (size_t i = 0; !err && i < budget->count; i++) {
        err = file_read_at(budget->fd, raw, sizeof raw, i * SLOT_LEN);
        if (!err && !slot_decode(raw, &budget->slots[i])) (*ret_damaged)++;
    }
    return err;
}

enum err tagbudget_open(const char *path, struct tagbudget **ret, size_t *ret_damaged,
                        struct problem *ret_why) {
    struct tagbudget *budget = calloc(1, sizeof *budget);
    if (!budget) return problem_set(ret_why, ERR_NO_MEMORY, "No memory for the tag budgets.");
    (void)pthread_mutex_init(&budget->lock, NULL);
    budget->fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    enum err err = budget->fd < 0 ? file_err(errno) : slots_read(budget, ret_damaged);
    if (!err) err = file_sync_parent_dir(path);
    if (err) {
        tagbudget_close(budget);
        return problem_set(ret_why, err, "%s cannot be used as the file of tag budgets.", path);
    }
    *ret = budget;
    return ERR_OK;
}

void tagbudget_close(struct tagbudget *budget) {
    if (!budget) return;
    (void)pthread_mutex_destroy(&budget->lock);
    if (budget->fd >= 0) close(budget->fd);
    free(budget);
}

static enum err slot_write(const struct tagbudget *budget, size_t at) {
    uint8_t raw[SLOT_LEN];
    slot_encode(&budget->slots[at], raw);
    enum err err = fault_before(FAULT_TAGBUDGET_PUT);
    if (!err) err = file_write_at(budget->fd, bytes_of(raw, sizeof raw), at * SLOT_LEN);
    if (!err && fdatasync(budget->fd)) err = file_err(errno);
    return err ? err : fault_after(FAULT_TAGBUDGET_PUT);
}

/* -- taking -- */

/* The participant's slot, else one that is free or paid back, else a new one at the end; count where there is none. */
static size_t slot_find(struct tagbudget *budget, const uint8_t who[WHO_LEN], uint64_t now_us) {
    size_t open = LIMIT_TAG_BORROWERS;
    for (size_t i = 0; i < budget->count; i++) {
        if (budget->slots[i].paid_us && memcmp(budget->slots[i].who, who, WHO_LEN) == 0) return i;
        if (open == LIMIT_TAG_BORROWERS && budget->slots[i].paid_us <= now_us) open = i;
    }
    if (open == LIMIT_TAG_BORROWERS && budget->count < LIMIT_TAG_BORROWERS) open = budget->count++;
    if (open == LIMIT_TAG_BORROWERS) return open;
    memcpy(budget->slots[open].who, who, WHO_LEN);
    budget->slots[open].paid_us = 0;
    return open;
}

/* What is owed, as time: never more than a day, wherever the clock has gone. */
static uint64_t debt_of(const struct slot *slot, uint64_t now_us) {
    uint64_t debt = slot->paid_us > now_us ? slot->paid_us - now_us : 0;
    return debt < DAY_US ? debt : DAY_US;
}

static enum err take(struct tagbudget *budget, const struct tagbudget_ask *ask,
                     uint64_t *ret_retry_s) {
    uint8_t who[WHO_LEN];
    sha256(bytes_text(ask->participant), who);
    uint64_t cost = ask->count * (DAY_US / ask->per_day);
    size_t at = slot_find(budget, who, ask->now_us);
    *ret_retry_s = 0;
    if (at == LIMIT_TAG_BORROWERS) return ERR_RATE;
    uint64_t debt = debt_of(&budget->slots[at], ask->now_us);
    if (debt + cost > DAY_US) {
        *ret_retry_s = (debt + cost - DAY_US + SECOND_US - 1) / SECOND_US;
        return ERR_RATE;
    }
    budget->slots[at].paid_us = ask->now_us + debt + cost;
    return slot_write(budget, at);
}

enum err tagbudget_take(struct tagbudget *budget, const struct tagbudget_ask *ask,
                        uint64_t *ret_retry_s) {
    assert(ask->count && ask->per_day && ask->per_day <= LIMIT_TAGS_PER_DAY);
    if (ask->count > ask->per_day) return ERR_TOO_LARGE;
    (void)pthread_mutex_lock(&budget->lock);
    enum err err = take(budget, ask, ret_retry_s);
    (void)pthread_mutex_unlock(&budget->lock);
    return err;
}

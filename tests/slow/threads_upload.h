/* The uploads of threads_node.c: what their lines are and may become, how one is sent, followed, read while it grows and left in the middle; and what all answers said. */
#ifndef QIZHENG_TESTS_SLOW_THREADS_UPLOAD_H
#define QIZHENG_TESTS_SLOW_THREADS_UPLOAD_H

#include "ledger/proof/verify.h"
#include "tests/slow/threads_node.h"

#define LINES 2000
#define POOL 120 /* admissions that uploads and single records share */
#define POSTED 4096
#define MEDIA "Content-Type: application/vnd.qizheng.jose-lines\r\n"

static struct buf pool[POOL];
static atomic_bool is_over;
static atomic_uint uploads, lines_done, cuts, rotation, receipts;

/* -- what answers said: which record stands where -- */

struct told {
    uint8_t id[RECORD_ID_LEN];
    uint64_t index;
    bool is_new; /* this answer was that of the one that made the leaf */
};

static struct {
    pthread_mutex_t lock;
    struct told *list;
    size_t count, room;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void told_add(const uint8_t id[RECORD_ID_LEN], uint64_t index, bool is_new) {
    pthread_mutex_lock(&told.lock);
    if (told.count == told.room) {
        told.room = told.room ? 2 * told.room : 1024;
        told.list = realloc(told.list, told.room * sizeof *told.list);
        cr_assert(told.list);
    }
    struct told *one = &told.list[told.count++];
    memcpy(one->id, id, RECORD_ID_LEN);
    one->index = index;
    one->is_new = is_new;
    pthread_mutex_unlock(&told.lock);
}

/* Any of them, as hex; false where there is none. */
static inline bool told_any(uint32_t *state, char ret[2 * RECORD_ID_LEN + 1]) {
    pthread_mutex_lock(&told.lock);
    bool has = told.count > 0;
    if (has) {
        const struct told *one = &told.list[random_next(state) % told.count];
        hex_encode(bytes_of(one->id, RECORD_ID_LEN), ret);
    }
    pthread_mutex_unlock(&told.lock);
    return has;
}

/* Uploads that were taken, for those who read what others sent. */
static struct {
    pthread_mutex_t lock;
    struct {
        char path[64];
        size_t lines;
    } list[POSTED];
    size_t count;
} posted = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void posted_add(const char *path, size_t lines) {
    pthread_mutex_lock(&posted.lock);
    cr_assert(posted.count < POSTED);
    (void)snprintf(posted.list[posted.count].path, sizeof posted.list[0].path, "%s", path);
    posted.list[posted.count++].lines = lines;
    pthread_mutex_unlock(&posted.lock);
}

/* Mostly the newest. */
static inline bool posted_any(uint32_t *state, char ret[80], size_t *ret_lines) {
    pthread_mutex_lock(&posted.lock);
    size_t count = posted.count, back = random_next(state) % 4;
    if (count) {
        size_t at = back < count ? count - 1 - back : random_next(state) % count;
        (void)snprintf(ret, 80, "%s/results", posted.list[at].path);
        *ret_lines = posted.list[at].lines;
    }
    pthread_mutex_unlock(&posted.lock);
    return count > 0;
}

/* -- receipts -- */

static inline void receipt_check(const struct json *receipt, const uint8_t id[RECORD_ID_LEN],
                                 uint64_t index, struct verify_memory *memory) {
    struct buf text;
    struct verdict *verdict = NULL;
    buf_init(&text, LIMIT_RECEIPT);
    cr_assert(json_format(receipt, &text) == ERR_OK);
    struct verify_input input = {
        .receipt = buf_bytes(&text), .policy = buf_bytes(&policy), .memory = memory};
    cr_assert(verify(&input, &verdict) == ERR_OK);
    cr_assert(verdict->outcome == VERDICT_VALID);
    cr_assert(verdict->index == index && verdict->size > index);
    cr_assert(verdict->has_record && memcmp(verdict->record_id, id, RECORD_ID_LEN) == 0);
    verdict_done(verdict);
    buf_done(&text);
    atomic_fetch_add(&receipts, 1);
}

/* -- an upload: its lines and what each may become -- */

enum { RECORDED = 1, KNOWN = 2, REFUSED = 4 };

struct line {
    unsigned may;  /* bits */
    unsigned seen; /* 0: nothing yet */
    bool has_id;
    uint8_t id[RECORD_ID_LEN];
    int employer; /* whose contract it is; -1: none */
    uint64_t index;
    size_t at, len; /* in the text */
};

struct upload {
    unsigned who;
    uint32_t random;
    unsigned stops; /* that had begun when it was signed */
    struct buf text;
    struct line lines[LINES];
    size_t count, settled;
    uint64_t told; /* outcomes, as progress said */
    char path[64];
    struct verify_memory *memory;
};

static inline struct upload *upload_new(unsigned who) {
    struct upload *upload = calloc(1, sizeof *upload);
    cr_assert(upload && verify_memory_new(&upload->memory) == ERR_OK);
    upload->who = who;
    upload->random = who * 7919 + 1;
    buf_init(&upload->text, LIMIT_UPLOAD);
    return upload;
}

static inline void upload_free(struct upload *upload) {
    verify_memory_done(upload->memory);
    buf_done(&upload->text);
    free(upload);
}

static inline void upload_clear(struct upload *upload) {
    buf_clear(&upload->text);
    memset(upload->lines, 0, upload->count * sizeof upload->lines[0]);
    upload->count = upload->settled = 0;
    upload->told = 0;
    upload->path[0] = 0;
    upload->stops = atomic_load(&stops);
}

static inline struct line *line_add(struct upload *upload, struct bytes text, unsigned may) {
    struct line *line = &upload->lines[upload->count++];
    cr_assert(upload->count <= LINES);
    line->may = may;
    line->employer = -1;
    line->at = upload->text.len;
    line->len = text.len;
    cr_assert(buf_add(&upload->text, text) == ERR_OK);
    cr_assert(buf_add_byte(&upload->text, '\n') == ERR_OK);
    return line;
}

/* jws is freed. */
static inline struct line *record_add(struct upload *upload, struct buf jws, unsigned may) {
    struct line *line = line_add(upload, buf_bytes(&jws), may);
    line->has_id = true;
    record_id_of(&jws, line->id);
    buf_done(&jws);
    return line;
}

static inline void fresh_add(struct upload *upload) {
    unsigned employer = random_next(&upload->random) % EMPLOYERS;
    record_add(upload, contract_of(employer), RECORDED)->employer = (int)employer;
}

static inline void pool_add(struct upload *upload) {
    const struct buf *one = &pool[random_next(&upload->random) % POOL];
    struct line *line = line_add(upload, buf_bytes(one), RECORDED | KNOWN);
    line->has_id = true;
    record_id_of(one, line->id);
}

/* A line that stands there already. */
static inline void again_add(struct upload *upload) {
    const struct line before = upload->lines[random_next(&upload->random) % upload->count];
    struct buf copy;
    if (!before.has_id) return;
    buf_init(&copy, LIMIT_RECORD);
    cr_assert(buf_add(&copy, bytes_of(upload->text.data + before.at, before.len)) == ERR_OK);
    (void)record_add(upload, copy, before.may & REFUSED ? before.may | KNOWN : KNOWN);
}

/* Taken where what it is about is final by then. */
static inline void amendment_add(struct upload *upload) {
    const struct line *before = &upload->lines[random_next(&upload->random) % upload->count];
    char iss[32];
    if (before->employer < 0) return;
    struct json *claims =
        json_text_of("{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}");
    json_put_id(claims, "ref", before->id);
    (void)snprintf(iss, sizeof iss, "employer-%d", before->employer);
    (void)record_add(
        upload, record_sign(claims, iss, "labour-contract", "amend", employers[before->employer]),
        RECORDED | REFUSED);
}

static inline struct key_secret *rotating_key(unsigned n) {
    char name[32];
    (void)snprintf(name, sizeof name, "rotating %u", n);
    return vector_key(KEY_ED25519, name);
}

/* Under a key that is to come, good or revoked. */
static inline void rotating_add(struct upload *upload) {
    struct key_secret *key =
        rotating_key(atomic_load(&rotation) + random_next(&upload->random) % 2);
    (void)record_add(upload, contract("rotating", key), RECORDED | REFUSED);
    key_secret_done(key);
}

static inline void long_add(struct upload *upload) {
    struct buf text;
    buf_init(&text, 1 << 20);
    size_t more = random_next(&upload->random) % 3;
    while (text.len < LIMIT_RECORD_PRESENTED + more) cr_assert(buf_add_byte(&text, 'x') == ERR_OK);
    (void)line_add(upload, buf_bytes(&text), REFUSED);
    buf_done(&text);
}

static inline void any_add(struct upload *upload) {
    uint32_t kind = random_next(&upload->random) % 20;
    if (upload->count == 0 || kind >= 12)
        fresh_add(upload);
    else if (kind < 2)
        pool_add(upload);
    else if (kind < 4)
        again_add(upload);
    else if (kind < 6)
        amendment_add(upload);
    else if (kind < 7)
        (void)record_add(upload, contract("suspended-one", suspended_one), RECORDED | REFUSED);
    else if (kind < 8)
        rotating_add(upload);
    else if (kind < 9)
        (void)record_add(upload, contract("stranger", auditor), REFUSED);
    else if (kind < 10)
        (void)line_add(upload, bytes_text("junk"), REFUSED);
    else if (kind < 11)
        (void)line_add(upload, bytes_text(""), REFUSED);
    else if (upload->count % 16 == 0)
        long_add(upload);
}

static inline void upload_fill(struct upload *upload, size_t count) {
    upload_clear(upload);
    while (upload->count < count) any_add(upload);
}

/* -- an upload: sent, followed, read -- */

/* False where the end of the test came first. */
static inline bool upload_post(struct upload *upload) {
    while (!atomic_load(&is_over)) {
        struct reply reply =
            ask(upload->who, "POST", "/v1/batches", MEDIA, buf_bytes(&upload->text));
        bool is_taken = reply.status == 202;
        expect_status(&reply, is_taken || is_later(&reply));
        if (is_taken) {
            struct json *json = json_of(reply.body);
            (void)snprintf(upload->path, sizeof upload->path, "/v1/batches/%s",
                           json_text(json_member(json, "id")));
            cr_assert(number_of(json, "received") == upload->count);
            json_done(json);
        }
        rest_after(&reply);
        buf_done(&reply.text);
        if (is_taken) return true;
    }
    return false;
}

/* Whether it is done; what progress says only grows, and holds together. */
static inline bool progress_ask(struct upload *upload) {
    struct reply reply = get(upload->who, upload->path);
    bool is_done = false;
    expect_status(&reply, reply.status == 200 || is_later(&reply));
    if (reply.status == 200) {
        struct json *json = json_of(reply.body);
        uint64_t final = number_of(json, "final"), outcomes = final + number_of(json, "refused");
        uint64_t checked = number_of(json, "checked"), ordered = number_of(json, "ordered");
        is_done = strcmp(json_text(json_member(json, "state")), "done") == 0;
        cr_assert(number_of(json, "received") == upload->count && checked <= upload->count);
        cr_assert(outcomes >= upload->told && checked >= outcomes && ordered >= final);
        cr_assert(!is_done || outcomes == upload->count);
        upload->told = outcomes;
        json_done(json);
    }
    rest_after(&reply);
    buf_done(&reply.text);
    return is_done;
}

static inline unsigned outcome_of(const struct json *json) {
    static const char *const words[] = {"received", "recorded", "known", "refused"};
    static const unsigned bits[] = {0, RECORDED, KNOWN, REFUSED};
    const char *status = json_text(json_member(json, "status"));
    for (size_t i = 0; i < 4; i++)
        if (strcmp(status, words[i]) == 0) return bits[i];
    cr_assert(!"a status");
    return 0;
}

/* An outcome that was given once stays as it is. */
static inline void line_take(struct upload *upload, struct line *line, const struct json *json) {
    unsigned outcome = outcome_of(json);
    char hex[2 * RECORD_ID_LEN + 1];
    const struct json *receipt = json_member(json, "receipt");
    cr_assert(!line->seen || line->seen == outcome);
    if (line->has_id) {
        hex_encode(bytes_of(line->id, RECORD_ID_LEN), hex);
        cr_assert(bytes_is(json_text_bytes(json_member(json, "id")), hex));
    }
    if (outcome == REFUSED) {
        cr_assert(json_text(json_member(json_member(json, "problem"), "code")) && !receipt);
    } else {
        uint64_t index = number_of(json, "index");
        cr_assert(line->has_id && receipt && (!line->seen || line->index == index));
        line->index = index;
        if (!line->seen && random_next(&upload->random) % 4 == 0)
            receipt_check(receipt, line->id, index, upload->memory);
    }
    line->seen = outcome;
}

/* A result for each line, in order: those that have an outcome, then those that wait. */
static inline void results_take(struct upload *upload, struct bytes body) {
    struct bytes text;
    size_t count = 0, settled = 0;
    while (bytes_line(&body, &text)) {
        cr_assert(count < upload->count);
        struct json *json = json_of(text);
        bool is_settled = outcome_of(json) != 0;
        cr_assert(number_of(json, "line") == count + 1);
        cr_assert(!is_settled || settled == count);
        if (is_settled) line_take(upload, &upload->lines[count], json);
        settled += is_settled;
        count++;
        json_done(json);
    }
    cr_assert(body.len == 0 && count == upload->count);
    cr_assert(settled >= upload->settled && settled >= upload->told);
    upload->settled = settled;
}

static inline void results_read(struct upload *upload) {
    char path[80];
    (void)snprintf(path, sizeof path, "%s/results", upload->path);
    struct reply reply = get(upload->who, path);
    expect_status(&reply, reply.status == 200 || is_later(&reply));
    if (reply.status == 200) results_take(upload, reply.body);
    rest_after(&reply);
    buf_done(&reply.text);
}

/* Leaves in the middle of an answer, as a program does that is stopped: with or without a word. */
static inline void leave(int fd, uint32_t *state) {
    struct linger at_once = {1, 0};
    if (random_next(state) % 2)
        cr_assert(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    (void)close(fd);
    atomic_fetch_add(&cuts, 1);
}

static inline void answer_cut(unsigned who, const char *path, uint32_t *state) {
    uint8_t some[4096];
    int fd = dial(who);
    if (fd < 0) return;
    (void)send_head(fd, "GET", path, "", 0);
    for (uint32_t pieces = random_next(state) % 8; pieces > 0; pieces--)
        if (recv(fd, some, sizeof some, 0) <= 0) break;
    leave(fd, state);
}

/* Every line has one outcome, which its kind allows. What was fed before a stop and again after it is known. */
static inline void upload_check(const struct upload *upload) {
    bool was_stopped = upload->stops != atomic_load(&stops);
    cr_assert(upload->settled == upload->count);
    for (size_t i = 0; i < upload->count; i++) {
        const struct line *line = &upload->lines[i];
        unsigned may = line->may;
        if (was_stopped && (may & RECORDED)) may |= KNOWN;
        if (!(line->seen & may))
            (void)fprintf(stderr, "line %zu of %s became %u, may %u\n", i + 1, upload->path,
                          line->seen, may);
        cr_assert(line->seen & may);
        if (line->seen != REFUSED) told_add(line->id, line->index, line->seen == RECORDED);
    }
    atomic_fetch_add(&uploads, 1);
    atomic_fetch_add(&lines_done, (unsigned)upload->count);
}

/* Until every line has its outcome. */
static inline void upload_follow(struct upload *upload) {
    char path[80];
    (void)snprintf(path, sizeof path, "%s/results", upload->path);
    while (!progress_ask(upload)) {
        uint32_t what = random_next(&upload->random) % 4;
        if (what == 0)
            results_read(upload);
        else if (what == 1)
            answer_cut(upload->who, path, &upload->random);
        else
            sleep_ms(random_next(&upload->random) % 100);
    }
    while (upload->settled < upload->count) results_read(upload);
    upload_check(upload);
}

#endif

/* A whole node under ThreadSanitizer, on a socket: uploads of every kind of line, which are followed, read while they grow and left in the middle, beside single records, governance, reads, lists and
 * metrics; and stops in the middle of an upload, each with a start that finishes it. Then every line of every upload has one outcome that its kind allows, what was recorded stands where the
 * answers said, what was cut has left nothing, and fsck is clean. Some outcomes meet a full disk on their way.
 *
 *   threads_node [SECONDS]     prints `ok ...` lines; exit status 0 where all holds and nothing was reported */
#include "tests/slow/threads_upload.h"

#include "api/spool.h"
#include "ledger/store/fault.h"
#include "ledger/store/fsck.h"

#define UPLOADERS 3
#define SINGLES 2
#define LINES_COMMON 200 /* of most uploads at most */
#define STOPS 2
#define CUT_LINES 200
#define JOSE "Content-Type: application/jose\r\n"

static atomic_uint singles, acts, reads, walks, tags, failed;

/* -- uploads -- */

static void *uploader_run(void *arg) {
    struct upload *upload = upload_new((unsigned)(uintptr_t)arg);
    while (!atomic_load(&is_over)) {
        bool is_large = random_next(&upload->random) % 3 == 0;
        upload_fill(upload, 1 + random_next(&upload->random) % (is_large ? LINES_COMMON : 20));
        if (!upload_post(upload)) break;
        posted_add(upload->path, upload->count);
        upload_follow(upload);
    }
    upload_free(upload);
    return NULL;
}

/* -- uploads that are cut: nothing of them is recorded -- */

static uint8_t cut_ids[CUT_LINES]
                      [RECORD_ID_LEN]; /* the thread's, and the main thread's when it has ended */

/* Longer than what the node takes at a time, so that it has kept some of it. ret_ends: of the lines. */
static struct buf cut_text(size_t ret_ends[CUT_LINES]) {
    struct buf text;
    buf_init(&text, LIMIT_UPLOAD);
    for (unsigned n = 0; n < CUT_LINES; n++) {
        struct buf jws = contract_of(n % EMPLOYERS);
        record_id_of(&jws, cut_ids[n]);
        cr_assert(buf_add(&text, buf_bytes(&jws)) == ERR_OK);
        cr_assert(buf_add_byte(&text, '\n') == ERR_OK);
        ret_ends[n] = text.len;
        buf_done(&jws);
    }
    return text;
}

static void *cutter_run(void *arg) {
    unsigned who = (unsigned)(uintptr_t)arg;
    uint32_t state = who;
    size_t ends[CUT_LINES];
    struct buf text = cut_text(ends);
    while (!atomic_load(&is_over)) {
        size_t len = ends[random_next(&state) % CUT_LINES];
        int fd = dial(who);
        if (fd >= 0 && send_head(fd, "POST", "/v1/batches", MEDIA, len))
            (void)send_all(fd, bytes_of(text.data, random_next(&state) % len));
        sleep_ms(random_next(&state) % 50);
        if (fd >= 0) leave(fd, &state);
        sleep_ms(50);
    }
    buf_done(&text);
    return NULL;
}

/* -- single records -- */

/* True where it is known what became of it. */
static bool single_send(unsigned who, struct bytes jws, const char *more, bool may_refuse,
                        struct verify_memory *memory) {
    uint8_t id[RECORD_ID_LEN];
    struct reply reply = ask(who, "POST", "/v1/records", more, jws);
    bool is_taken = reply.status == 200 || reply.status == 201;
    bool is_refused = reply.status >= 400 && reply.status < 500 && reply.status != 429;
    expect_status(&reply, is_taken || is_later(&reply) || reply.status == 202 ||
                              (is_refused && may_refuse));
    if (is_taken) {
        struct json *json = json_of(reply.body);
        uint64_t index = number_of(json, "index");
        cr_assert(hex_decode(json_text_bytes(json_member(json, "id")), id, sizeof id) == ERR_OK);
        receipt_check(json_member(json, "receipt"), id, index, memory);
        told_add(id, index, reply.status == 201);
        json_done(json);
    }
    rest_after(&reply);
    buf_done(&reply.text);
    return is_taken || is_refused;
}

static void single_cut(unsigned who, struct bytes jws, uint32_t *state) {
    int fd = dial(who);
    if (fd < 0) return;
    (void)(send_head(fd, "POST", "/v1/records", JOSE, jws.len) && send_all(fd, jws));
    leave(fd, state);
}

static void *singles_run(void *arg) {
    static const char *const more[] = {JOSE, JOSE "Prefer: wait=30\r\n",
                                       JOSE "Prefer: respond-async\r\n", JOSE "Prefer: wait=0\r\n"};
    unsigned who = (unsigned)(uintptr_t)arg;
    uint32_t state = who;
    struct verify_memory *memory = NULL;
    cr_assert(verify_memory_new(&memory) == ERR_OK);
    while (!atomic_load(&is_over)) {
        uint32_t kind = random_next(&state) % 8;
        struct buf fresh = {0};
        struct bytes jws = buf_bytes(&pool[random_next(&state) % POOL]);
        if (kind < 4) fresh = contract_of(random_next(&state) % EMPLOYERS);
        if (kind == 4) fresh = contract("suspended-one", suspended_one);
        if (kind < 5) jws = buf_bytes(&fresh);
        if (random_next(&state) % 8 == 0)
            single_cut(who, jws, &state);
        else if (single_send(who, jws, more[random_next(&state) % 4], kind == 4, memory))
            atomic_fetch_add(&singles, 1);
        buf_done(&fresh);
    }
    verify_memory_done(memory);
    return NULL;
}

/* -- governance: each act follows from the one before, so each must be taken -- */

static void act_send(unsigned who, struct buf jws, struct verify_memory *memory) {
    while (!atomic_load(&is_over))
        if (single_send(who, buf_bytes(&jws), JOSE "Prefer: wait=30\r\n", false, memory)) {
            atomic_fetch_add(&acts, 1);
            break;
        }
    buf_done(&jws);
}

static struct json *named(const char *id, const char *reason) {
    struct json *claims = json_new_object();
    cr_assert(json_put_text(claims, "id", id) == ERR_OK);
    cr_assert(json_put_text(claims, "reason", reason) == ERR_OK);
    return claims;
}

/* A new key, and the end of the one before it. */
static void rotate(unsigned who, struct verify_memory *memory) {
    unsigned n = atomic_load(&rotation);
    struct key_secret *old = rotating_key(n), *new = rotating_key(n + 1);
    struct json *revoked = named("rotating", "superseded");
    int64_t now_s = (int64_t)(clock_unix_ms() / 1000);
    act_send(who, governance("rotate", participant_claims("rotating", "employer", new, now_s)),
             memory);
    cr_assert(json_put_text(revoked, "kid", key_secret_public(old)->kid) == ERR_OK);
    act_send(who, governance("revoke", revoked), memory);
    atomic_store(&rotation, n + 1);
    key_secret_done(old);
    key_secret_done(new);
}

static void *registrar_run(void *arg) {
    unsigned who = (unsigned)(uintptr_t)arg;
    struct verify_memory *memory = NULL;
    cr_assert(verify_memory_new(&memory) == ERR_OK);
    while (!atomic_load(&is_over)) {
        act_send(who, governance("suspend", named("suspended-one", "at-own-request")), memory);
        rotate(who, memory);
        act_send(who, governance("resume", named("suspended-one", "cleared")), memory);
        sleep_ms(50);
    }
    verify_memory_done(memory);
    return NULL;
}

/* -- readers -- */

struct walk {
    char path[LIMIT_CURSOR + 128]; /* of the next page; empty: there is none */
    size_t count;
    uint64_t last; /* index */
};

/* Indices only grow, from page to page. */
static void page_take(struct walk *walk, struct bytes body) {
    struct json *json = json_of(body);
    const struct json *records = json_member(json, "records");
    const char *next = json_text(json_member(json, "next"));
    for (size_t i = 0; i < json_count(records); i++) {
        uint64_t index = number_of(json_at(records, i), "index");
        cr_assert(index > walk->last && index < number_of(json, "size"));
        walk->last = index;
        walk->count++;
    }
    walk->path[0] = 0;
    if (next) (void)snprintf(walk->path, sizeof walk->path, "/v1/records?limit=60&after=%s", next);
    json_done(json);
}

/* True behind the last page. 400: cursors are of one start of the node; 401: just behind it no token is taken. */
static bool list_walk(unsigned who, struct walk *walk) {
    *walk = (struct walk){.path = "/v1/records?limit=60"};
    bool goes_on = true;
    while (goes_on && walk->path[0]) {
        struct reply reply = ask_as_auditor(who, "GET", walk->path, "", bytes_of(NULL, 0));
        goes_on = reply.status == 200;
        expect_status(&reply,
                      goes_on || reply.status == 400 || reply.status == 401 || is_later(&reply));
        if (goes_on) page_take(walk, reply.body);
        rest_after(&reply);
        buf_done(&reply.text);
    }
    return goes_on;
}

/* What was there once is there whenever it is looked for again. */
static void *walker_run(void *arg) {
    unsigned who = (unsigned)(uintptr_t)arg;
    struct walk walk;
    for (size_t before = 0; !atomic_load(&is_over);) {
        if (list_walk(who, &walk)) {
            cr_assert(walk.count >= before);
            before = walk.count;
            atomic_fetch_add(&walks, 1);
        }
        sleep_ms(20);
    }
    return NULL;
}

static void read_open(unsigned who, uint32_t *state, const char *id) {
    static const char *const paths[] = {"/metrics",
                                        "/v1/status",
                                        "/checkpoint",
                                        "/tile/0/000.p/1",
                                        "/tile/entries/000.p/1",
                                        "/v1/participants?limit=50",
                                        "/v1/rules",
                                        "/v1/types",
                                        "/v1/policy",
                                        "/v1/genesis",
                                        "/healthz",
                                        "/readyz",
                                        "/openapi.json",
                                        "/v1/participants/suspended-one",
                                        "/v1/participants/rotating"};
    char path[256];
    uint32_t which = random_next(state) % (sizeof paths / sizeof paths[0] + 3);
    if (which < sizeof paths / sizeof paths[0])
        (void)snprintf(path, sizeof path, "%s", paths[which]);
    else if (!id[0])
        return;
    else
        (void)snprintf(path, sizeof path, "/v1/records/%s/receipt", id);
    struct reply reply = get(who, path);
    expect_status(&reply, reply.status == 200 || is_later(&reply) ||
                              (strncmp(path, "/tile/", 6) == 0 && reply.status == 404));
    rest_after(&reply);
    buf_done(&reply.text);
}

static void read_as_auditor(unsigned who, uint32_t *state, const char *id) {
    static const char *const paths[] = {"/v1/findings?limit=20", "/v1/statistics",
                                        "/v1/events?from=0&limit=30", "/v1/events?limit=3",
                                        "/v1/records?issuer=employer-1&limit=20"};
    char path[256];
    uint32_t which = random_next(state) % 8;
    if (which < 5)
        (void)snprintf(path, sizeof path, "%s", paths[which]);
    else if (!id[0])
        return;
    else
        (void)snprintf(path, sizeof path, "/v1/%s/%s%s", which == 5 ? "contracts" : "records", id,
                       which == 6 ? "/receipt" : "");
    struct reply reply = ask_as_auditor(who, "GET", path, "Prefer: wait=2\r\n", bytes_of(NULL, 0));
    /* 401: just after a start no token is taken; 404: of a participant there is no contract */
    expect_status(&reply, reply.status == 200 || reply.status == 401 || is_later(&reply) ||
                              (which == 5 && reply.status == 404));
    rest_after(&reply);
    buf_done(&reply.text);
}

static void evaluate(unsigned who) {
    struct bytes body =
        bytes_text("{\"domain\":\"labour\",\"version\":1,\"blinded\":[\"" ELEMENT "\"]}");
    struct reply reply =
        ask_as_auditor(who, "POST", "/v1/tags", "Content-Type: application/json\r\n", body);
    expect_status(&reply, reply.status == 200 || reply.status == 401 || is_later(&reply));
    atomic_fetch_add(&tags, reply.status == 200);
    rest_after(&reply);
    buf_done(&reply.text);
}

/* Results of others while they grow: a line for each line, or left in the middle. */
static void read_results(unsigned who, uint32_t *state) {
    char path[80];
    size_t lines = 0, count = 0;
    if (!posted_any(state, path, &lines)) return;
    if (random_next(state) % 2) {
        answer_cut(who, path, state);
        return;
    }
    struct reply reply = get(who, path);
    expect_status(&reply, reply.status == 200 || is_later(&reply));
    for (size_t i = 0; i < reply.body.len; i++) count += reply.body.data[i] == '\n';
    cr_assert(reply.status != 200 || count == lines);
    rest_after(&reply);
    buf_done(&reply.text);
}

static void *reader_run(void *arg) {
    unsigned who = (unsigned)(uintptr_t)arg;
    uint32_t state = who;
    while (!atomic_load(&is_over)) {
        char id[2 * RECORD_ID_LEN + 1] = "";
        (void)told_any(&state, id);
        read_open(who, &state, id);
        read_as_auditor(who, &state, id);
        evaluate(who);
        read_results(who, &state);
        atomic_fetch_add(&reads, 4);
    }
    return NULL;
}

/* -- a stop in the middle of an upload -- */

/* Lines without an outcome, as the files say that the stopped node left. */
static uint64_t lines_left(const struct upload *upload) {
    char path[FOLDER_LEN];
    struct spool *spool = NULL;
    struct spool_progress progress;
    struct problem why;
    folder_path(data_dir, "uploads", path);
    cr_assert(spool_open(path, &spool, &why) == ERR_OK);
    const char *id = strrchr(upload->path, '/') + 1;
    cr_assert(spool_progress(spool, bytes_text(id), &progress) == ERR_OK);
    spool_close(spool);
    cr_assert(progress.lines == upload->count);
    return progress.lines - progress.recorded - progress.known - progress.refused;
}

/* True where the stop came when some of its lines had an outcome and some had none. */
static bool stop_in_the_middle(struct upload *upload) {
    cr_assert(upload_post(upload));
    posted_add(upload->path, upload->count);
    while (!progress_ask(upload) && upload->told == 0) sleep_ms(20);
    node_end();
    uint64_t left = lines_left(upload);
    node_begin();
    upload_follow(upload);
    return left > 0 && left < upload->count;
}

/* -- all together -- */

/* Every now and then the disk is full for some outcomes, or loses the answer to their write. */
static enum err some_fail(const char *step, bool before) {
    static atomic_uint asked[2];
    if (strcmp(step, "spool_settle") != 0) return ERR_OK;
    if (atomic_fetch_add(&asked[before], 1) % 100 != (before ? 30 : 80)) return ERR_OK;
    atomic_fetch_add(&failed, 1);
    return ERR_DISK_FULL;
}

static void first_send(struct buf jws) {
    struct verify_memory *memory = NULL;
    cr_assert(verify_memory_new(&memory) == ERR_OK);
    cr_assert(single_send(0, buf_bytes(&jws), JOSE "Prefer: wait=60\r\n", false, memory));
    verify_memory_done(memory);
    buf_done(&jws);
}

static void people_admit(void) {
    struct key_secret *key = rotating_key(0);
    char id[32];
    for (unsigned i = 0; i < EMPLOYERS; i++) {
        (void)snprintf(id, sizeof id, "employer-%u", i);
        first_send(admission(id, "employer", employers[i]));
    }
    first_send(admission("suspended-one", "employer", suspended_one));
    first_send(admission("rotating", "employer", key));
    first_send(admission("auditor", "auditor", auditor));
    key_secret_done(key);
    for (unsigned i = 0; i < POOL; i++) {
        (void)snprintf(id, sizeof id, "pool-%u", i);
        key = vector_key(KEY_ED25519, id);
        pool[i] = admission(id, "employer", key);
        key_secret_done(key);
    }
}

static int told_compare(const void *a, const void *b) {
    return memcmp(((const struct told *)a)->id, ((const struct told *)b)->id, RECORD_ID_LEN);
}

/* A record has one leaf, whoever was told of it, and one of them at most was told that it is new. */
static void told_check(struct store_view *view) {
    uint64_t size = store_view_head(view).size, index = 0;
    qsort(told.list, told.count, sizeof told.list[0], told_compare);
    for (size_t i = 0, news = 0; i < told.count; i++) {
        const struct told *one = &told.list[i];
        bool is_same = i > 0 && told_compare(one - 1, one) == 0;
        news = (is_same ? news : 0) + one->is_new;
        cr_assert(news <= 1);
        cr_assert(one->index < size);
        cr_assert(store_view_find(view, one->id, &index) == ERR_OK && index == one->index);
    }
    for (size_t i = 0; i < CUT_LINES; i++)
        cr_assert(store_view_find(view, cut_ids[i], &index) == ERR_NOT_FOUND);
}

static void report(void *ctx, const char *what) {
    (void)ctx;
    (void)fprintf(stderr, "fsck: %s\n", what);
}

static uint64_t store_check(void) {
    struct store *store = NULL;
    struct store_view *view;
    struct fsck_hooks hooks = {.report = report};
    struct fsck_result result;
    struct problem why;
    cr_assert(store_open(data_dir, world.ledger_id, false, &store, &why) == ERR_OK);
    cr_assert(store_view_open(store, &view) == ERR_OK);
    told_check(view);
    store_view_close(view);
    cr_assert(fsck(store, &hooks, &result) == ERR_OK && result.errors == 0);
    store_close(store);
    return result.leaves;
}

static unsigned run(unsigned seconds) {
    pthread_t threads[UPLOADERS + SINGLES + 5];
    size_t count = 0;
    unsigned middles = 0;
    struct upload *upload = upload_new(1);
    for (unsigned i = 0; i < UPLOADERS; i++)
        threads[count++] = thread_start(uploader_run, (void *)(uintptr_t)(10 + i));
    for (unsigned i = 0; i < SINGLES; i++)
        threads[count++] = thread_start(singles_run, (void *)(uintptr_t)(20 + i));
    threads[count++] = thread_start(registrar_run, (void *)(uintptr_t)30);
    threads[count++] = thread_start(walker_run, (void *)(uintptr_t)40);
    threads[count++] = thread_start(reader_run, (void *)(uintptr_t)50);
    threads[count++] = thread_start(reader_run, (void *)(uintptr_t)51);
    threads[count++] = thread_start(cutter_run, (void *)(uintptr_t)60);
    for (unsigned i = 0; i < STOPS; i++) {
        upload_fill(upload, LINES);
        sleep_ms(seconds * 1000 / (STOPS + 1));
        middles += stop_in_the_middle(upload);
    }
    sleep_ms(seconds * 1000 / (STOPS + 1));
    atomic_store(&is_over, true);
    for (size_t i = 0; i < count; i++) thread_join(threads[i]);
    upload_free(upload);
    return middles;
}

int main(int argc, char **argv) {
    unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20;
    log_set_level(LOG_ERROR);
    store_fault = some_fail;
    ledger_make();
    node_begin();
    people_admit();
    unsigned middles = run(seconds);
    node_end();
    uint64_t leaves = store_check();
    cr_assert(uploads && failed && middles && cuts && singles && acts);
    cr_assert(reads && tags && walks && receipts);
    (void)printf(
        "ok uploads: %u of %u lines, each with one outcome that it may have, %u times a full "
        "disk for some\n",
        uploads, lines_done, failed);
    (void)printf(
        "ok stops: %u of %d in the middle of an upload of %d lines, finished after the start\n",
        middles, STOPS, LINES);
    (void)printf("ok beside them: %u single records, %u acts of a registrar, %u reads, %u tags, %u "
                 "walks of the list, %u connections left in the middle\n",
                 singles, acts, reads, tags, walks, cuts);
    (void)printf("ok receipts: %u verified\n", receipts);
    (void)printf("ok the store holds what was answered and nothing of what was cut, fsck is clean, "
                 "%llu leaves\n",
                 (unsigned long long)leaves);
    for (unsigned i = 0; i < POOL; i++) buf_done(&pool[i]);
    free(told.list);
    ledger_remove();
    return 0;
}

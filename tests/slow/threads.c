/* The node's threads under ThreadSanitizer: for some seconds submitters, readers and witnesses' clients do everything at once, then it stops in the node's order, and
 * every answer that was given is compared with the store. A program of its own, since Criterion's runner does not live under ThreadSanitizer.
 *
 *   threads [SECONDS]     prints `ok ...` lines; exit status 0 where all holds and nothing was reported */
#include "ledger/proof/witness.h"
#include "ledger/store/store_impl.h"
#include "node/proposer.h"
#include "tests/lib/pipeline.h"

#define RECORDS 400
#define SUBMITTERS 4
#define CLIENTS 2

static struct pipeline p;
static struct queue *queue;
static struct cosigner *cosigner;
static struct writer *writer;
static struct order order;
static struct proposer *proposer;
static struct key_secret *log_key;
static struct vkey log_vkey;
static atomic_bool is_over;

static struct buf bodies[RECORDS];      /* admissions of one employer each */
static atomic_int final_index[RECORDS]; /* as some submitter was told; 0: nobody was yet */
static atomic_uint accepted, known, refused, unanswered, turned_away, cosigned, conflicts, reads;
static atomic_size_t kept; /* rows in memory that were held against the database */

/* Threads take numbers from here, so that no generator is shared. */
static uint32_t random_next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* -- records -- */

static int64_t ledger_now_s(void) {
    uint64_t now = clock_unix_ms();
    return (int64_t)(now > WORLD_CREATED_MS ? now : WORLD_CREATED_MS) / 1000;
}

static struct buf admission(unsigned n) {
    char id[32], jti[32], aud[65];
    uint8_t raw[16] = {0};
    struct buf body;
    (void)snprintf(id, sizeof id, "employer-%u", n);
    put_u64(raw, n);
    base64url_write(bytes_of(raw, sizeof raw), jti);
    hex_encode(bytes_of(p.world.ledger_id, 32), aud);
    struct key_secret *key = vector_key(KEY_ED25519, id);
    struct json *claims = world_participant(id, ROLE_EMPLOYER, key);
    cr_assert(json_put_text(claims, "iss", "registrar") == ERR_OK);
    cr_assert(json_put_text(claims, "aud", aud) == ERR_OK);
    cr_assert(json_put_int(claims, "iat", ledger_now_s()) == ERR_OK);
    cr_assert(json_put_text(claims, "jti", jti) == ERR_OK);
    cr_assert(json_put_text(claims, "vct", "urn:qizheng:participant:1") == ERR_OK);
    cr_assert(json_put_text(claims, "act", "admit") == ERR_OK);
    struct buf text = world_text(claims);
    buf_init(&body, LIMIT_RECORD);
    cr_assert(jws_sign(p.world.registrar, JWS_TYP_RECORD, buf_bytes(&text), &body) == ERR_OK);
    buf_done(&text);
    json_done(claims);
    key_secret_done(key);
    return body;
}

/* -- submitters: what an API thread does with a record -- */

static void check_against_snapshot(const struct record *record) {
    struct store_view *view;
    struct outcome outcome;
    cr_assert(store_view_open(p.store, &view) == ERR_OK);
    struct store_head head = store_view_head(view);
    enum err err = machine_check(&p.machine, api_state_view(view), head.size, clock_unix_ms(),
                                 record, true, &outcome);
    cr_assert(err == ERR_OK);
    store_view_close(view);
}

static void answer_note(unsigned n, const struct submission *submission) {
    int index = (int)submission->outcome.index, none = 0;
    atomic_fetch_add(submission->outcome.kind == OUTCOME_ACCEPTED ? &accepted : &known, 1);
    cr_assert(published_size(&p) > (uint64_t)index);
    /* whoever is told of a record is told of the same leaf */
    if (!atomic_compare_exchange_strong(&final_index[n], &none, index)) cr_assert(none == index);
}

static void submit(unsigned n, struct record *record, uint64_t timeout_ms) {
    check_against_snapshot(record);
    struct submission *submission = submission_new(record);
    cr_assert(submission);
    enum err err = writer_health(writer);
    if (!err) err = queue_push(queue, submission);
    if (err) {
        cr_assert(err == ERR_QUEUE_FULL || err == ERR_DRAINING);
        atomic_fetch_add(&turned_away, 1);
        submission_release(submission);
        submission_release(submission);
        return;
    }
    switch (submission_wait(submission, timeout_ms)) {
    case SUBMISSION_RECEIVED: atomic_fetch_add(&unanswered, 1); break;
    case SUBMISSION_REFUSED: atomic_fetch_add(&refused, 1); break;
    case SUBMISSION_FINAL: answer_note(n, submission); break;
    }
    submission_release(submission);
}

static void *submitter(void *arg) {
    uint32_t state = (uint32_t)(uintptr_t)arg;
    while (!atomic_load(&is_over)) {
        unsigned n = random_next(&state) % RECORDS;
        struct record *record = NULL;
        struct problem why;
        if (random_next(&state) % 8 == 0)
            record = small_record(random_next(&state), 0); /* for another ledger */
        else
            cr_assert(record_parse(buf_bytes(&bodies[n]), &record, &why) == ERR_OK);
        submit(n, record, random_next(&state) % 4 ? 60000 : random_next(&state) % 5);
    }
    return NULL;
}

/* -- readers -- */

static void read_once(uint64_t *last) {
    struct api_checkpoint checkpoint;
    struct store_view *view;
    uint8_t root[HASH_LEN], leaf[LEAF_LEN], hash[HASH_LEN];
    struct merkle_proof proof;
    cr_assert(published_get(p.published, &checkpoint) == ERR_OK);
    cr_assert(checkpoint.size >= *last);
    *last = checkpoint.size;
    cr_assert(store_view_open(p.store, &view) == ERR_OK);
    cr_assert(store_view_root(view, checkpoint.size, root) == ERR_OK);
    cr_assert(memcmp(root, checkpoint.root, HASH_LEN) == 0);
    uint64_t index = checkpoint.size / 2;
    cr_assert(store_view_leaf(view, index, leaf) == ERR_OK);
    merkle_leaf(bytes_of(leaf, LEAF_LEN), hash);
    cr_assert(store_view_inclusion(view, index, checkpoint.size, &proof) == ERR_OK);
    cr_assert(merkle_inclusion_verify(hash, index, checkpoint.size, &proof, root) == ERR_OK);
    size_t rows;
    cr_assert(snapshot_check(view->shared, &rows, NULL) == ERR_OK);
    atomic_fetch_add(&kept, rows);
    store_view_close(view);
    cr_assert(lastsigned_on_disk(&p) >= checkpoint.size);
    published_release(&checkpoint);
    atomic_fetch_add(&reads, 1);
}

static void *reader(void *arg) {
    uint64_t last = 0;
    (void)arg;
    while (!atomic_load(&is_over)) {
        read_once(&last);
        (void)published_wait(p.published, last, 20);
        (void)queue_count(queue);
        (void)store_current(p.store);
    }
    return NULL;
}

/* -- clients of the witness -- */

/* A log of equal leaves: every tree is the same on all sides. */
static enum err log_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    uint8_t below[HASH_LEN];
    (void)ctx;
    (void)index;
    merkle_leaf(bytes_text("leaf"), ret);
    for (unsigned i = 0; i < level; i++) {
        memcpy(below, ret, HASH_LEN);
        merkle_node(below, below, ret);
    }
    return ERR_OK;
}

static int witness_ask(struct bytes body, uint64_t *ret_known) {
    struct buf lines;
    struct problem why;
    int status = 0;
    buf_init(&lines, LIMIT_NOTE);
    *ret_known = API_SIZE_UNKNOWN;
    enum err err = cosigner_add(cosigner, body, &status, ret_known, &lines, &why);
    cr_assert((err == ERR_OK) == (status == 200) && (lines.len > 0) == (status == 200));
    buf_done(&lines);
    return status;
}

static int log_step(uint64_t old, uint64_t size, uint64_t *ret_known) {
    struct merkle_source source = {NULL, log_node};
    struct merkle_proof proof = {0};
    uint8_t root[HASH_LEN];
    struct buf text, note, body;
    buf_init(&text, LIMIT_NOTE);
    buf_init(&note, LIMIT_NOTE);
    buf_init(&body, LIMIT_NOTE);
    cr_assert(merkle_root(&source, size, root) == ERR_OK);
    if (old) cr_assert(merkle_consistency_prove(&source, old, size, &proof) == ERR_OK);
    cr_assert(checkpoint_format(log_vkey.name, size, root, &text) == ERR_OK);
    cr_assert(buf_add(&note, buf_bytes(&text)) == ERR_OK && buf_add_byte(&note, '\n') == ERR_OK);
    cr_assert(checkpoint_sign(&log_vkey, log_key, buf_bytes(&text), &note) == ERR_OK);
    cr_assert(witness_request_format(old, &proof, buf_bytes(&note), &body) == ERR_OK);
    int status = witness_ask(buf_bytes(&body), ret_known);
    buf_done(&text);
    buf_done(&note);
    buf_done(&body);
    return status;
}

/* The published head back to its own node: known, or overtaken by a larger one. */
static void own_step(void) {
    struct api_checkpoint checkpoint;
    struct merkle_proof none = {0};
    struct buf body;
    uint64_t told;
    buf_init(&body, LIMIT_NOTE);
    cr_assert(published_get(p.published, &checkpoint) == ERR_OK);
    cr_assert(witness_request_format(checkpoint.size, &none, checkpoint.note, &body) == ERR_OK);
    int status = witness_ask(buf_bytes(&body), &told);
    cr_assert(status == 200 || (status == 409 && told > checkpoint.size));
    published_release(&checkpoint);
    buf_done(&body);
}

/* Two of these race for one log; each step is cosigned for one of them, and the other is told the size. */
static void *client(void *arg) {
    uint32_t state = (uint32_t)(uintptr_t)arg;
    uint64_t old = 0, told;
    while (!atomic_load(&is_over)) {
        uint64_t size = old + 1 + random_next(&state) % 3;
        int status = log_step(old, size, &told);
        if (status == 200) {
            atomic_fetch_add(&cosigned, 1);
            old = size;
        } else {
            cr_assert(status == 409 && told > old && told != API_SIZE_UNKNOWN);
            atomic_fetch_add(&conflicts, 1);
            old = told;
        }
        own_step();
    }
    return NULL;
}

/* -- all together -- */

static void node_begin(void) {
    struct problem why;
    log_key = vector_key(KEY_ED25519, "threads log");
    cr_assert(vkey_make("log.example.org", NOTE_TYPE_ED25519, key_secret_public(log_key),
                        &log_vkey) == ERR_OK);
    struct cosigner_options options = cosigner_options_of(&p);
    options.foreign = &log_vkey;
    options.foreign_count = 1;
    cr_assert(cosigner_start(&options, &cosigner, &why) == ERR_OK);
    writer = writer_begin(&p, cosigner);
    cr_assert(queue_open(64, &queue) == ERR_OK);
    cr_assert(order_solo_open(p.tip.order.position, writer_sink(writer), &order) == ERR_OK);
    struct proposer_options proposing = {
        .queue = queue, .order = &order, .auth = p.world.nodes[0].auth};
    memcpy(proposing.ledger_id, p.genesis->ledger_id, 32);
    cr_assert(proposer_start(&proposing, &proposer) == ERR_OK);
    cr_assert(published_wait(p.published, 0, 60000));
}

/* In the order of node_stop; submitters and clients are still at it until their answers are there. */
static void node_end(pthread_t *threads, size_t count) {
    queue_stop(queue);
    writer_drain(writer);
    proposer_join(proposer);
    writer_join(writer);
    cosigner_join(cosigner);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < count; i++) thread_join(threads[i]);
    order.close(order.ctx);
    writer_close(writer);
    cosigner_close(cosigner);
    queue_close(queue);
}

/* Every leaf that a submitter was told of is there, and all leaves but the genesis are ours. */
static void store_check(void) {
    struct store_view *view;
    uint64_t found = 0;
    cr_assert(store_view_open(p.store, &view) == ERR_OK);
    for (unsigned n = 0; n < RECORDS; n++) {
        struct record *record = NULL;
        struct problem why;
        uint64_t index = 0;
        cr_assert(record_parse(buf_bytes(&bodies[n]), &record, &why) == ERR_OK);
        enum err err = store_view_find(view, record->id, &index);
        int told = atomic_load(&final_index[n]);
        cr_assert(told == 0 || (!err && index == (uint64_t)told));
        found += !err;
        record_done(record);
    }
    cr_assert(store_view_head(view).size == found + 1);
    store_view_close(view);
}

int main(int argc, char **argv) {
    unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20;
    pthread_t threads[SUBMITTERS + 1 + CLIENTS];
    size_t count = 0;
    pipeline_begin(&p);
    for (unsigned n = 0; n < RECORDS; n++) bodies[n] = admission(n);
    node_begin();
    for (uintptr_t i = 0; i < SUBMITTERS; i++)
        threads[count++] = thread_start(submitter, (void *)(i + 1));
    threads[count++] = thread_start(reader, NULL);
    for (uintptr_t i = 0; i < CLIENTS; i++)
        threads[count++] = thread_start(client, (void *)(i + 100));
    sleep_ms(seconds * 1000);
    node_end(threads, count);
    cr_assert(atomic_load(&p.fatal_calls) == 0);
    store_check();
    uint64_t size = store_current(p.store).size;
    cr_assert(published_size(&p) == size && lastsigned_on_disk(&p) == size);
    cr_assert(accepted && known && refused && cosigned && reads && kept);
    (void)printf(
        "ok submitters and the pipeline: %u accepted, %u known, %u refused, %u unanswered, "
        "%u turned away\n",
        accepted, known, refused, unanswered, turned_away);
    (void)printf("ok readers: %u checkpoints read and proved, %zu kept rows looked at\n", reads,
                 kept);
    (void)printf("ok witness: %u cosigned, %u conflicts\n", cosigned, conflicts);
    for (unsigned n = 0; n < RECORDS; n++) buf_done(&bodies[n]);
    key_secret_done(log_key);
    pipeline_end(&p);
    (void)printf("ok the store holds what was answered, %llu leaves\n", (unsigned long long)size);
    return 0;
}

/* POST /add-checkpoint as the node answers it (C2SP tlog-witness): every answer, for the own origin and for others, kept over restarts and under races. */
#include "node/cosigner.h"

#include "ledger/proof/witness.h"
#include "tests/lib/pipeline.h"

/* -- logs of others -- */

#define LEAVES 40
#define LOGS 24 /* of others */

/* A log whose leaf i is the text "<branch>-i"; branch 1 parts from branch 0 at the leaf `fork`. */
struct tree {
    unsigned branch;
    uint64_t fork;
};

static enum err tree_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    const struct tree *tree = ctx;
    uint8_t left[HASH_LEN], right[HASH_LEN];
    if (level == 0) {
        char text[32];
        (void)snprintf(text, sizeof text, "%u-%llu", index < tree->fork ? 0 : tree->branch,
                       (unsigned long long)index);
        merkle_leaf(bytes_text(text), ret);
        return ERR_OK;
    }
    cr_assert(tree_node(ctx, level - 1, 2 * index, left) == ERR_OK);
    cr_assert(tree_node(ctx, level - 1, 2 * index + 1, right) == ERR_OK);
    merkle_node(left, right, ret);
    return ERR_OK;
}

struct other {
    struct key_secret *key;
    struct vkey vkey;
};

static struct pipeline p;
static struct cosigner *cosigner;
static struct other others[LOGS]; /* by name; the last one has the name of the one before it */
static struct vkey vkeys[LOGS];

static void other_make(struct other *other, const char *name, const char *seed) {
    other->key = vector_key(KEY_ED25519, seed);
    cr_assert(vkey_make(name, NOTE_TYPE_ED25519, key_secret_public(other->key), &other->vkey) ==
              ERR_OK);
}

static void start(void) {
    struct cosigner_options options = cosigner_options_of(&p);
    struct problem why = {0};
    options.foreign = vkeys;
    options.foreign_count = LOGS;
    cr_assert(cosigner_start(&options, &cosigner, &why) == ERR_OK, "%s", why.detail);
    expect_published(&p, store_current(p.store).size);
}

static void restart(void) {
    cosigner_end(cosigner);
    pipeline_reopen(&p);
    start();
}

static void setup(void) {
    pipeline_begin(&p);
    for (unsigned i = 0; i < LOGS; i++) {
        char name[64], seed[64];
        (void)snprintf(name, sizeof name, "log%02u.example.org", i < LOGS - 1 ? i : i - 1);
        (void)snprintf(seed, sizeof seed, "node witness %u", i);
        other_make(&others[i], name, seed);
        vkeys[i] = others[i].vkey;
    }
    start();
}

static void teardown(void) {
    cosigner_end(cosigner);
    for (unsigned i = 0; i < LOGS; i++) key_secret_done(others[i].key);
    pipeline_end(&p);
}

TestSuite(node_witness, .init = setup, .fini = teardown, .timeout = 120);

/* -- requests -- */

static struct buf text_of(const char *origin, uint64_t size, const uint8_t root[HASH_LEN]) {
    struct buf text;
    buf_init(&text, LIMIT_NOTE);
    cr_assert(checkpoint_format(origin, size, root, &text) == ERR_OK);
    return text;
}

static struct buf body_of(uint64_t old, const struct merkle_proof *proof, struct bytes text,
                          const struct vkey *vkey, const struct key_secret *key) {
    struct buf note, body;
    buf_init(&note, LIMIT_NOTE);
    buf_init(&body, LIMIT_NOTE);
    cr_assert(buf_add(&note, text) == ERR_OK && buf_add_byte(&note, '\n') == ERR_OK);
    cr_assert(checkpoint_sign(vkey, key, text, &note) == ERR_OK);
    cr_assert(witness_request_format(old, proof, buf_bytes(&note), &body) == ERR_OK);
    buf_done(&note);
    return body;
}

/* From `old` to `size` of the tree, signed by that log. */
static struct buf request(const struct other *log, struct tree tree, uint64_t old, uint64_t size) {
    struct merkle_source source = {&tree, tree_node};
    struct merkle_proof proof = {0};
    uint8_t root[HASH_LEN];
    cr_assert(merkle_root(&source, size, root) == ERR_OK);
    if (old > 0 && old <= size)
        cr_assert(merkle_consistency_prove(&source, old, size, &proof) == ERR_OK);
    struct buf text = text_of(log->vkey.name, size, root);
    struct buf body = body_of(old, &proof, buf_bytes(&text), &log->vkey, log->key);
    buf_done(&text);
    return body;
}

struct answer {
    int status;
    enum err err;
    uint64_t known;
    struct buf lines;
    struct problem why;
};

static struct answer ask(struct bytes body) {
    struct answer answer = {.known = API_SIZE_UNKNOWN};
    buf_init(&answer.lines, LIMIT_NOTE);
    answer.err =
        cosigner_add(cosigner, body, &answer.status, &answer.known, &answer.lines, &answer.why);
    return answer;
}

/* One line, a good cosignature of this node over that text, made now. */
static void expect_cosigned(const struct answer *answer, struct bytes text) {
    struct buf note;
    struct note parsed;
    struct problem why = {0};
    uint64_t time_s = 0, now_s = clock_unix_ms() / 1000;
    buf_init(&note, LIMIT_NOTE);
    cr_assert(buf_add(&note, text) == ERR_OK && buf_add_byte(&note, '\n') == ERR_OK);
    cr_assert(buf_add(&note, buf_bytes(&answer->lines)) == ERR_OK);
    cr_assert(note_parse(buf_bytes(&note), &parsed, &why) == ERR_OK, "%s", why.detail);
    cr_assert(parsed.count == 1);
    cr_expect(note_line_by(&parsed.lines[0], &p.world.cosigners[0]));
    cr_expect(checkpoint_line_verify(&parsed.lines[0], &p.world.cosigners[0], text, &time_s) ==
              ERR_OK);
    cr_expect(time_s <= now_s && time_s + 5 >= now_s);
    note_done(&parsed);
    buf_done(&note);
}

/* What a request's checkpoint says: the text between the empty lines. */
static struct bytes text_in(const struct buf *body) {
    struct witness_request parsed;
    struct problem why;
    cr_assert(witness_request_parse(buf_bytes(body), &parsed, &why) == ERR_OK);
    struct bytes text = parsed.note.text;
    witness_request_done(&parsed);
    return text;
}

/* known: the size a 409 names; API_SIZE_UNKNOWN where it names none. Frees body. */
static void expect_answer(struct buf body, int status, uint64_t known) {
    struct answer answer = ask(buf_bytes(&body));
    cr_expect(answer.status == status, "%d, not %d: %s", answer.status, status, answer.why.detail);
    cr_expect(answer.known == known);
    cr_expect((answer.err == ERR_OK) == (status == 200));
    if (status == 200) {
        expect_cosigned(&answer, text_in(&body));
    } else {
        cr_expect(answer.lines.len == 0);
        cr_expect(answer.why.err == answer.err && answer.why.detail[0]);
    }
    buf_done(&answer.lines);
    buf_done(&body);
}

#define UNKNOWN API_SIZE_UNKNOWN
static const struct tree honest = {0, 0};

static bool evidence_is(uint64_t number, struct bytes expected) {
    struct store_view *view;
    struct buf kept;
    buf_init(&kept, LIMIT_EVIDENCE_LEN);
    cr_assert(store_view_open(p.store, &view) == ERR_OK);
    enum err err = store_view_evidence(view, number, &kept);
    bool same = !err && bytes_equal(buf_bytes(&kept), expected);
    cr_expect(!err || err == ERR_NOT_FOUND);
    store_view_close(view);
    buf_done(&kept);
    return same;
}

static bool evidence_is_none(void) {
    struct store_view *view;
    struct buf kept;
    buf_init(&kept, LIMIT_EVIDENCE_LEN);
    cr_assert(store_view_open(p.store, &view) == ERR_OK);
    bool none = store_view_evidence(view, 0, &kept) == ERR_NOT_FOUND;
    store_view_close(view);
    buf_done(&kept);
    return none;
}

/* -- other origins -- */

Test(node_witness, a_log_that_grows_is_cosigned_step_by_step) {
    static const uint64_t sizes[] = {0, 1, 2, 2, 7, 8, 8, 33, 40};
    for (size_t i = 0; i + 1 < sizeof sizes / sizeof sizes[0]; i++)
        expect_answer(request(&others[0], honest, sizes[i], sizes[i + 1]), 200, UNKNOWN);
    cr_expect(evidence_is_none());
}

Test(node_witness, every_step_of_a_small_log_is_cosigned) {
    unsigned log = 0;
    for (uint64_t old = 0; old < 20; old++, log++) {
        if (old) expect_answer(request(&others[log], honest, 0, old), 200, UNKNOWN);
        expect_answer(request(&others[log], honest, old, old + log % 5), 200, UNKNOWN);
    }
}

Test(node_witness, another_old_size_is_a_conflict_that_names_the_known_one) {
    expect_answer(request(&others[0], honest, 3, 5), 409, 0);
    expect_answer(request(&others[0], honest, 0, 5), 200, UNKNOWN);
    expect_answer(request(&others[0], honest, 0, 5), 409, 5);
    expect_answer(request(&others[0], honest, 4, 9), 409, 5);
    expect_answer(request(&others[0], honest, 6, 9), 409, 5);
    expect_answer(request(&others[0], honest, 3, 3), 409, 5); /* going back */
    expect_answer(request(&others[0], honest, 5, 9), 200, UNKNOWN);
    cr_expect(evidence_is_none());
}

Test(node_witness, states_of_origins_are_apart_and_survive_a_restart) {
    for (unsigned i = 0; i < 5; i++)
        expect_answer(request(&others[i], honest, 0, 3 + i), 200, UNKNOWN);
    for (int again = 0; again < 2; again++) {
        restart();
        for (unsigned i = 0; i < 5; i++)
            expect_answer(request(&others[i], honest, 1, 20), 409, 3 + i);
        expect_answer(request(&others[5], honest, 1, 20), 409, 0);
    }
    for (unsigned i = 0; i < 5; i++)
        expect_answer(request(&others[i], honest, 3 + i, 20), 200, UNKNOWN);
}

Test(node_witness, another_root_of_the_known_size_is_refused_and_kept) {
    expect_answer(request(&others[0], honest, 0, 8), 200, UNKNOWN);
    struct tree lie = {1, 4};
    struct buf body = request(&others[0], lie, 8, 8), copy;
    buf_init(&copy, LIMIT_NOTE);
    cr_assert(buf_add(&copy, buf_bytes(&body)) == ERR_OK);
    expect_answer(body, 409, UNKNOWN);
    cr_expect(evidence_is(0, buf_bytes(&copy)));
    restart();
    cr_expect(evidence_is(0, buf_bytes(&copy)));
    expect_answer(request(&others[0], honest, 8, 9), 200, UNKNOWN); /* the state stands */
    buf_done(&copy);
}

Test(node_witness, a_conflict_is_answered_alike_where_it_cannot_be_kept) {
    expect_answer(request(&others[0], honest, 0, 8), 200, UNKNOWN);
    struct tree lie = {1, 4};
    atomic_store(&disk_is_full, true);
    expect_answer(request(&others[0], lie, 8, 8), 409, UNKNOWN);
    atomic_store(&disk_is_full, false);
    cr_expect(evidence_is_none());
}

Test(node_witness, another_branch_does_not_follow) {
    expect_answer(request(&others[0], honest, 0, 8), 200, UNKNOWN);
    for (uint64_t fork = 0; fork < 8; fork++) {
        struct tree lie = {1, fork};
        expect_answer(request(&others[0], lie, 8, 20), 422, UNKNOWN);
    }
    struct tree good = {1, 8}; /* parts behind what was cosigned: that is just growth */
    expect_answer(request(&others[0], good, 8, 20), 200, UNKNOWN);
    expect_answer(request(&others[0], honest, 20, 30), 422, UNKNOWN); /* and now binds */
}

Test(node_witness, a_proof_that_does_not_belong_is_refused) {
    struct merkle_proof proof = {.count = 1};
    uint8_t root[HASH_LEN];
    struct merkle_source source = {(void *)(uintptr_t)&honest, tree_node};
    cr_assert(merkle_root(&source, 5, root) == ERR_OK);
    struct buf text = text_of(others[0].vkey.name, 5, root);
    struct bytes signed_text = buf_bytes(&text);
    struct buf body = body_of(0, &proof, signed_text, &others[0].vkey, others[0].key);
    expect_answer(body, 422, UNKNOWN); /* not empty with old 0 */
    expect_answer(request(&others[0], honest, 0, 5), 200, UNKNOWN);
    body = body_of(5, &proof, signed_text, &others[0].vkey, others[0].key);
    expect_answer(body, 422, UNKNOWN); /* not empty with equal sizes */
    proof.count = 0;
    cr_assert(merkle_root(&source, 9, root) == ERR_OK);
    buf_done(&text);
    text = text_of(others[0].vkey.name, 9, root);
    body = body_of(5, &proof, buf_bytes(&text), &others[0].vkey, others[0].key);
    expect_answer(body, 422, UNKNOWN); /* empty where it must not be */
    buf_done(&text);
    cr_expect(evidence_is_none());
}

Test(node_witness, an_old_size_above_the_checkpoint_is_malformed) {
    expect_answer(request(&others[0], honest, 0, 8), 200, UNKNOWN);
    expect_answer(request(&others[0], honest, 8, 5), 400, UNKNOWN);
    expect_answer(request(&others[0], honest, 9, 8), 400, UNKNOWN);
}

Test(node_witness, bodies_that_are_no_request_are_malformed) {
    static const char *const bodies[] = {"",
                                         "old\n",
                                         "old 0\n",
                                         "old 0\n\n",
                                         "old 00\n\nx\n0\nx\n\n— x x\n",
                                         "old -1\n\n",
                                         "size 0\n\n",
                                         "old 0\nAAAA\n\n",
                                         "old 0\n\nlog00.example.org\n1\n"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct answer answer = ask(bytes_text(bodies[i]));
        cr_expect(answer.status == 400, "%s: %d", bodies[i], answer.status);
        cr_expect(answer.err && answer.why.err == answer.err && answer.why.detail[0]);
        cr_expect(answer.known == UNKNOWN && answer.lines.len == 0);
        buf_done(&answer.lines);
    }
}

/* Cut off anywhere, or any byte turned over: never cosigned, unless the byte is of what nobody signs and nothing changes its meaning. */
Test(node_witness, damaged_requests_are_never_cosigned) {
    expect_answer(request(&others[0], honest, 0, 5), 200, UNKNOWN);
    struct buf good = request(&others[0], honest, 5, 13);
    for (size_t i = 0; i < 2 * good.len; i++) {
        struct bytes exact;
        if (i >= good.len) good.data[i - good.len] ^= 1;
        exact = exact_copy(bytes_slice(buf_bytes(&good), 0, i < good.len ? i : good.len));
        if (i >= good.len) good.data[i - good.len] ^= 1;
        struct answer answer = ask(exact);
        cr_assert(answer.status >= 400 && answer.status < 500 && answer.err, "%zu: %d", i,
                  answer.status);
        cr_assert(answer.lines.len == 0);
        buf_done(&answer.lines);
        exact_free(exact);
    }
    expect_answer(good, 200, UNKNOWN);
}

Test(node_witness, only_trusted_keys_of_the_origin_count) {
    struct other stranger, namesake;
    other_make(&stranger, "stranger.example.org", "node witness stranger");
    other_make(&namesake, "log00.example.org", "node witness namesake");
    expect_answer(request(&stranger, honest, 0, 5), 404, UNKNOWN);
    expect_answer(request(&namesake, honest, 0, 5), 403, UNKNOWN); /* right name, another key */
    uint8_t root[HASH_LEN];
    struct merkle_source source = {(void *)(uintptr_t)&honest, tree_node};
    struct merkle_proof none = {0};
    cr_assert(merkle_root(&source, 5, root) == ERR_OK);
    struct buf text = text_of("log00.example.org", 5, root);
    expect_answer(body_of(0, &none, buf_bytes(&text), &others[1].vkey, others[1].key), 403,
                  UNKNOWN);   /* a trusted key, of another origin */
    uint8_t sig[KEY_SIG_LEN]; /* its name and id, another key's signature */
    struct buf body;
    buf_init(&body, LIMIT_NOTE);
    cr_assert(key_sign(others[1].key, buf_bytes(&text), sig) == ERR_OK);
    cr_assert(buf_add_text(&body, "old 0\n\n") == ERR_OK);
    cr_assert(buf_add(&body, buf_bytes(&text)) == ERR_OK && buf_add_byte(&body, '\n') == ERR_OK);
    cr_assert(note_line_format(&others[0].vkey, bytes_of(sig, sizeof sig), &body) == ERR_OK);
    expect_answer(body, 403, UNKNOWN);
    buf_done(&text);
    expect_answer(request(&others[0], honest, 0, 5), 200, UNKNOWN);
    key_secret_done(stranger.key);
    key_secret_done(namesake.key);
}

Test(node_witness, two_keys_of_one_origin_share_its_state) {
    const struct other *a = &others[LOGS - 2], *b = &others[LOGS - 1];
    cr_assert_str_eq(a->vkey.name, b->vkey.name);
    expect_answer(request(a, honest, 0, 5), 200, UNKNOWN);
    expect_answer(request(b, honest, 0, 6), 409, 5);
    expect_answer(request(b, honest, 5, 6), 200, UNKNOWN);
    restart();
    expect_answer(request(a, honest, 6, 7), 200, UNKNOWN);
}

Test(node_witness, what_could_not_be_remembered_is_not_cosigned) {
    for (int before = 0; before < 2; before++) {
        const struct other *log = &others[before];
        fault_set("lastsigned_put", before, ERR_IO);
        expect_answer(request(log, honest, 0, 5), 500, UNKNOWN);
        fault_clear();
        expect_answer(request(log, honest, 0, 5), 500, UNKNOWN); /* unknown until opened anew */
        restart();
        struct answer answer;
        struct buf body = request(log, honest, 0, 5);
        answer = ask(buf_bytes(&body)); /* the disk has it, or not: never both */
        cr_expect(before ? answer.status == 200 : answer.status == 409 && answer.known == 5);
        buf_done(&answer.lines);
        buf_done(&body);
    }
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

#define RACERS 4

static struct buf race_bodies[RACERS];
static struct answer race_answers[RACERS];
static pthread_barrier_t race_start;

static void *race(void *arg) {
    size_t i = (size_t)(uintptr_t)arg;
    (void)pthread_barrier_wait(&race_start);
    race_answers[i] = ask(buf_bytes(&race_bodies[i]));
    return NULL;
}

/* All from one state to one size with different roots: one is cosigned, for the others the state is another now. */
Test(node_witness, of_racing_requests_for_different_roots_one_is_cosigned) {
    pthread_t threads[RACERS];
    for (unsigned log = 0; log < 20; log++) {
        unsigned cosigned = 0;
        cr_assert(pthread_barrier_init(&race_start, NULL, RACERS) == 0);
        for (unsigned i = 0; i < RACERS; i++) {
            struct tree tree = {i, 0};
            race_bodies[i] = request(&others[log], tree, 0, 6);
            threads[i] = thread_start(race, (void *)(uintptr_t)i);
        }
        for (unsigned i = 0; i < RACERS; i++) thread_join(threads[i]);
        for (unsigned i = 0; i < RACERS; i++) {
            struct answer *answer = &race_answers[i];
            cosigned += answer->status == 200;
            cr_expect(answer->status == 200 || (answer->status == 409 && answer->known == 6));
            cr_expect((answer->lines.len > 0) == (answer->status == 200));
            buf_done(&answer->lines);
            buf_done(&race_bodies[i]);
        }
        cr_expect(cosigned == 1);
        (void)pthread_barrier_destroy(&race_start);
    }
}

/* -- the own origin -- */

/* Leaves into the store that the cosigner is not told of. */
static struct store_head commit(size_t count) {
    struct store_entry entries[4] = {0};
    char bodies[4][64];
    struct store_head head = store_current(p.store);
    struct position position = {0, head.position.revision + 1};
    struct buf order;
    struct problem why = {0};
    buf_init(&order, LIMIT_HEAD);
    p.tip.order.position = position;
    cr_assert(order_state_encode(&p.tip.order, &order) == ERR_OK);
    for (size_t i = 0; i < count; i++) {
        uint8_t hash[32];
        (void)snprintf(bodies[i], sizeof bodies[i], "body %zu", (size_t)head.size + i);
        entries[i].body = bytes_text(bodies[i]);
        sha256(entries[i].body, hash);
        leaf_encode(head.time_ms + 1, hash, entries[i].leaf);
    }
    struct store_commit commit = {.position = position,
                                  .time_ms = head.time_ms + 1,
                                  .entries = entries,
                                  .entry_count = count,
                                  .order_state = buf_bytes(&order)};
    cr_assert(store_commit(p.store, &commit, &head, &why) == ERR_OK, "%s", why.detail);
    buf_done(&order);
    return head;
}

/* Our tree as its store has it; from leaf `fork` on another one. */
struct own_tree {
    struct store_view *view;
    uint64_t fork;
};

static enum err own_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[HASH_LEN]) {
    const struct own_tree *tree = ctx;
    uint8_t left[HASH_LEN], right[HASH_LEN], leaf[LEAF_LEN] = {0};
    if (level == 0) {
        if (index < tree->fork) cr_assert(store_view_leaf(tree->view, index, leaf) == ERR_OK);
        merkle_leaf(bytes_of(leaf, LEAF_LEN), ret);
        return ERR_OK;
    }
    cr_assert(own_node(ctx, level - 1, 2 * index, left) == ERR_OK);
    cr_assert(own_node(ctx, level - 1, 2 * index + 1, right) == ERR_OK);
    merkle_node(left, right, ret);
    return ERR_OK;
}

/* Signed by our own log key, as a second node with our root, or with another from leaf `fork` on, would have it. */
static struct buf own_request(uint64_t fork, uint64_t old, uint64_t size) {
    struct own_tree tree = {NULL, fork};
    struct merkle_source source = {&tree, own_node};
    struct merkle_proof proof = {0};
    uint8_t root[HASH_LEN];
    cr_assert(store_view_open(p.store, &tree.view) == ERR_OK);
    cr_assert(merkle_root(&source, size, root) == ERR_OK);
    if (old) cr_assert(merkle_consistency_prove(&source, old, size, &proof) == ERR_OK);
    store_view_close(tree.view);
    struct buf text = text_of(WORLD_ORIGIN, size, root);
    struct buf body =
        body_of(old, &proof, buf_bytes(&text), &p.world.logs[0], p.world.nodes[0].log);
    buf_done(&text);
    return body;
}

Test(node_witness, own_heads_that_the_store_has_are_cosigned) {
    expect_answer(own_request(1, 1, 1), 200, UNKNOWN);
    struct store_head head = commit(3);
    expect_answer(own_request(4, 1, 4), 200, UNKNOWN);
    cr_expect(lastsigned_on_disk(&p) == 4);
    expect_answer(own_request(4, 1, 4), 409, 4);
    struct cosign_job job = {.size = head.size};
    memcpy(job.root, head.root, HASH_LEN);
    cosigner_push(cosigner, job); /* the cosigner comes to the same head */
    expect_published(&p, 4);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

/* A head waits, a peer has a larger one cosigned, and then it is the waiting one's turn. */
Test(node_witness, a_head_that_a_request_overtook_gives_way_to_the_newest) {
    struct store_head before = commit(1), after = commit(2);
    expect_answer(own_request(4, 1, 4), 200, UNKNOWN);
    struct cosign_job job = {.size = before.size};
    memcpy(job.root, before.root, HASH_LEN);
    cosigner_push(cosigner, job);
    expect_published(&p, after.size);
    cr_expect(atomic_load(&p.fatal_calls) == 0);
}

Test(node_witness, own_heads_that_the_store_does_not_have_yet_wait) {
    (void)commit(1);
    expect_answer(own_request(2, 1, 3), 503, UNKNOWN);
    cr_expect(lastsigned_on_disk(&p) == 1);
    cr_expect(evidence_is_none());
}

Test(node_witness, an_own_head_with_another_root_is_refused_and_kept) {
    (void)commit(3);
    struct buf body = own_request(2, 1, 4), copy;
    buf_init(&copy, LIMIT_NOTE);
    cr_assert(buf_add(&copy, buf_bytes(&body)) == ERR_OK);
    expect_answer(body, 422, UNKNOWN); /* though its proof is good */
    cr_expect(evidence_is(0, buf_bytes(&copy)));
    cr_expect(lastsigned_on_disk(&p) == 1);
    expect_answer(own_request(4, 1, 4), 200, UNKNOWN);
    buf_done(&copy);
    copy = own_request(2, 4, 4);
    body = own_request(2, 4, 4);
    expect_answer(body, 409, UNKNOWN); /* the same size as ours, another root */
    cr_expect(evidence_is(1, buf_bytes(&copy)));
    buf_done(&copy);
}

Test(node_witness, own_heads_need_a_node_of_the_genesis) {
    (void)commit(1);
    uint8_t root[HASH_LEN];
    struct merkle_proof none = {0};
    memset(root, 7, sizeof root);
    struct other stranger;
    other_make(&stranger, WORLD_ORIGIN, "node witness own stranger");
    struct buf text = text_of(WORLD_ORIGIN, 1, root);
    expect_answer(body_of(1, &none, buf_bytes(&text), &stranger.vkey, stranger.key), 403, UNKNOWN);
    buf_done(&text);
    key_secret_done(stranger.key);
    cr_expect(evidence_is_none()); /* anybody could fill the disk otherwise */
}

Test(node_witness, the_thread_may_have_ended_before) {
    cosigner_join(cosigner);
    expect_answer(request(&others[0], honest, 0, 5), 200, UNKNOWN);
    cosigner_close(cosigner);
    pipeline_reopen(&p);
    start();
}

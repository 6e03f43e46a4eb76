/* A memory from verification to verification: whatever it has seen, in whatever order, verdicts are those without it. The unit tests of the verdict (proof_verify, proof_holder, proof_tags) ask everything
 * twice, with a memory and without; here it is the conformance set, under its many policies and genesis, and what does not fit into a memory at once. */
#include "ledger/proof/verify.h"

#include "tests/lib/vector.h"

#define CASES_MAX 400
#define FILES "receipts/"

struct file {
    struct buf text;
    bool there;
};

static struct set {
    size_t count;
    struct file receipts[CASES_MAX], policies[CASES_MAX], anchors[CASES_MAX];
    struct keybinding_demand demands[CASES_MAX];
    bool demanded[CASES_MAX];
    char *expected[CASES_MAX];
    struct json *manifest;
} set;

static struct file file_of(const struct json *entry, const char *member) {
    char path[300];
    struct file file = {.there = json_member(entry, member) != NULL};
    buf_init(&file.text, 4 * LIMIT_RECEIPT);
    if (!file.there) return file;
    (void)snprintf(path, sizeof path, FILES "%s", json_text(json_member(entry, member)));
    file.text = vector_read(path);
    return file;
}

static void demand_read(const struct json *wanted, struct keybinding_demand *ret) {
    ret->audience = json_text(json_member(wanted, "audience"));
    ret->nonce = json_text(json_member(wanted, "nonce"));
    (void)json_int(json_member(wanted, "now"), &ret->now_s);
    (void)json_int(json_member(wanted, "max_age"), &ret->max_age_s);
}

static char *verdict_ask(size_t i, struct verify_memory *memory) {
    struct verdict *verdict = NULL;
    struct json *json = NULL;
    struct buf text;
    struct verify_input input = {.receipt = buf_bytes(&set.receipts[i].text),
                                 .policy = buf_bytes(&set.policies[i].text),
                                 .tsa_pem = buf_bytes(&set.anchors[i].text),
                                 .binding = set.demanded[i] ? &set.demands[i] : NULL,
                                 .memory = memory};
    buf_init(&text, 4 * LIMIT_RECEIPT);
    cr_assert(verify(&input, &verdict) == ERR_OK);
    cr_assert(verdict_json(verdict, &json) == ERR_OK && json_format(json, &text) == ERR_OK);
    char *copy = strdup(buf_text(&text));
    cr_assert(copy);
    json_done(json);
    verdict_done(verdict);
    buf_done(&text);
    return copy;
}

static void begin(void) {
    set.manifest = vector_read_json(FILES "manifest.json");
    const struct json *cases = json_member(set.manifest, "cases");
    set.count = json_count(cases);
    cr_assert(set.count > 100 && set.count <= CASES_MAX, "%zu", set.count);
    for (size_t i = 0; i < set.count; i++) {
        const struct json *entry = json_at(cases, i), *wanted = json_member(entry, "key_binding");
        set.receipts[i] = file_of(entry, "receipt");
        set.policies[i] = file_of(entry, "policy");
        set.anchors[i] = file_of(entry, "tsa");
        set.demanded[i] = wanted != NULL;
        if (wanted) demand_read(wanted, &set.demands[i]);
        set.expected[i] = verdict_ask(i, NULL);
    }
}

static void end(void) {
    for (size_t i = 0; i < set.count; i++) {
        buf_done(&set.receipts[i].text);
        buf_done(&set.policies[i].text);
        buf_done(&set.anchors[i].text);
        free(set.expected[i]);
    }
    json_done(set.manifest);
}

TestSuite(proof_memory, .init = begin, .fini = end);

static void expect_same(size_t i, struct verify_memory *memory) {
    char *verdict = verdict_ask(i, memory);
    cr_assert_str_eq(verdict, set.expected[i], "case %zu", i);
    free(verdict);
}

/* Steps through the set that share no factor with its size meet each case, in another order each. */
static size_t factor_shared(size_t a, size_t b) {
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

Test(proof_memory, one_memory_for_the_whole_set_in_many_orders_changes_no_verdict) {
    struct verify_memory *memory = NULL;
    cr_assert(verify_memory_new(&memory) == ERR_OK);
    unsigned orders = 0;
    for (size_t step = 1; orders < 12; step += 2) {
        if (factor_shared(step, set.count) != 1) continue;
        for (size_t i = 0; i < set.count; i++) expect_same(i * step % set.count, memory);
        orders++;
    }
    verify_memory_done(memory);
}

/* Right after a good one, whose answers it could borrow, and twice. */
Test(proof_memory, no_case_is_taken_for_a_good_one_that_was_seen_before) {
    for (size_t i = 0; i < set.count; i++) {
        struct verify_memory *memory = NULL;
        cr_assert(verify_memory_new(&memory) == ERR_OK);
        expect_same(0, memory);
        expect_same(i, memory);
        expect_same(i, memory);
        expect_same(1, memory);
        verify_memory_done(memory);
    }
    verify_memory_done(NULL);
}

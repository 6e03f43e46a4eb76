/* The whole verification, of receipts that the fuzzer writes or makes by edits of good ones, under the policy of a ledger of four nodes. Whatever comes: a verdict with
 * its reasons, and a valid one only for what stands in that ledger.
 * The first byte says what the rest is: '{' begins a receipt, else it chooses a good one (of its leaf, or the genesis'), and the rest are edits (edits.h).
 * fuzz: max_len=3000 dict=receipt */
#include "tests/fuzz/lib/edits.h"
#include "tests/lib/world.h"

#include "ledger/proof/verify.h"

static struct {
    struct world world;
    struct buf policy, receipts[WORLD_LEAVES];
    struct record_doc docs[2];
    struct json *made;
    struct buf anchors;
} fixture;

/* The genesis has no record: its receipt carries the leaf. */
static struct buf genesis_receipt(struct world *world) {
    struct parts parts = {0};
    leaf_encode(world->times[0], world->ledger_id, parts.leaf);
    parts.time_ms = world->times[0];
    parts.proof = world_proof(world, 0, world->size);
    struct buf text = parts_text(&parts);
    parts_done(&parts);
    return text;
}

static struct buf record_receipt(struct world *world, size_t index) {
    static const size_t of_acme[] = {2, 1, 0}, of_acme2[] = {6, 0}, of_registrar[] = {0},
                        of_district[] = {1, 0}, of_clerk[] = {3, 0}, of_shady[] = {5, 3, 0};
    static const size_t *const links[] = {of_registrar, of_registrar, of_district,
                                          of_registrar, of_acme,      of_clerk,
                                          of_registrar, of_acme2,     of_shady};
    struct parts parts = parts_of(world, index, world->size, links[index]);
    struct buf text = parts_text(&parts);
    parts_done(&parts);
    return text;
}

static void fixture_begin(void) {
    struct world *world = &fixture.world;
    if (fixture.policy.len) return;
    world_begin(world, 4);
    fixture.policy = world_policy(world);
    fixture.receipts[0] = genesis_receipt(world);
    for (size_t i = 1; i < world->size; i++) fixture.receipts[i] = record_receipt(world, i);
    for (int i = 0; i < 2; i++) {
        fixture.docs[i].alg = (enum digest_alg)i;
        digest(fixture.docs[i].alg, bytes_text(WORLD_DOCUMENT), fixture.docs[i].digest);
    }
    fixture.made = vector_read_json("receipts/timestamps.json");
    buf_init(&fixture.anchors, LIMIT_PEM);
    FUZZ_CHECK(buf_add(&fixture.anchors, json_text_bytes(json_member(fixture.made, "anchor"))) ==
               ERR_OK);
}

static struct buf input_text(struct bytes in) {
    struct buf text;
    buf_init(&text, 4 * LIMIT_RECEIPT);
    if (in.len > 0 && in.data[0] != '{') {
        const struct buf *good = &fixture.receipts[in.data[0] % fixture.world.size];
        FUZZ_CHECK(buf_add(&text, buf_bytes(good)) == ERR_OK);
        edits_run(&text, bytes_slice(in, 1, in.len));
    } else {
        FUZZ_CHECK(buf_add(&text, in) == ERR_OK);
    }
    return text;
}

/* Nothing can be valid that the ledger does not hold. */
static void valid(const struct verdict *verdict) {
    const struct world *world = &fixture.world;
    uint8_t id[32];
    FUZZ_CHECK(verdict->index < world->size && verdict->size == world->size);
    FUZZ_CHECK(verdict->leaf_time_ms == world->times[verdict->index]);
    FUZZ_CHECK(verdict->cosigner_count >= 3 && verdict->existed_by_s >= WORLD_COSIGNED_S);
    if (!verdict->has_record) return;
    FUZZ_CHECK(verdict->index > 0);
    struct bytes body = buf_bytes(&world->bodies[verdict->index]);
    const uint8_t *dot = memrchr(body.data, '.', body.len);
    sha256(bytes_of(body.data, (size_t)(dot - body.data)), id);
    FUZZ_CHECK(memcmp(id, verdict->record_id, RECORD_ID_LEN) == 0);
}

static void verdict_run(const struct verdict *verdict) {
    struct json *json = NULL, *again = NULL;
    struct buf text;
    for (int i = 0; i < STEP_COUNT; i++) {
        const struct verdict_item *item = &verdict->items[i];
        FUZZ_CHECK(item->reason[0] && item->reason_zh[0]);
        if (verdict->outcome == VERDICT_VALID) FUZZ_CHECK(item->result != VERDICT_FAIL);
    }
    if (verdict->outcome == VERDICT_VALID) valid(verdict);
    buf_init(&text, 4 * LIMIT_RECEIPT);
    FUZZ_CHECK(verdict_json(verdict, &json) == ERR_OK && json_format(json, &text) == ERR_OK);
    FUZZ_CHECK(json_parse(buf_bytes(&text), &again, NULL) == ERR_OK);
    json_done(again);
    json_done(json);
    buf_done(&text);
}

/* A memory that has seen a receipt of the ledger, and then this one, changes nothing. */
static void memory_run(const struct verify_input *input, const struct verdict *verdict) {
    struct verify_memory *memory = NULL;
    struct verdict *seen = NULL;
    size_t first = input->receipt.len % fixture.world.size;
    struct verify_input before = {.receipt = buf_bytes(&fixture.receipts[first]),
                                  .policy = input->policy};
    FUZZ_CHECK(verify_memory_new(&memory) == ERR_OK);
    before.memory = memory;
    FUZZ_CHECK(verify(&before, &seen) == ERR_OK);
    verdict_done(seen);
    verdict_same_with_memory(input, memory, verdict);
    verdict_same_with_memory(input, memory, verdict);
    verify_memory_done(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fixture_begin();
    struct buf text = input_text(bytes_of(data, size));
    struct verify_input input = {.receipt = buf_bytes(&text),
                                 .policy = buf_bytes(&fixture.policy),
                                 .tsa_pem = buf_bytes(&fixture.anchors)};
    static const struct keybinding_demand demand = {.audience = "court", .nonce = "7"};
    struct verdict *verdict = NULL;
    input.docs = fixture.docs;
    input.doc_count = size % 3; /* no document, one digest, two */
    input.binding = size % 8 == 7 ? &demand : NULL;
    FUZZ_CHECK(verify(&input, &verdict) == ERR_OK);
    memory_run(&input, verdict);
    if (input.binding && verdict->outcome == VERDICT_VALID) FUZZ_CHECK(verdict->is_bound);
    verdict_run(verdict);
    verdict_done(verdict);
    buf_done(&text);
    return 0;
}

/* The machine over batches of records that the fuzzer writes as lines (lib/ledger.h). Whatever they say, the machine answers; a batch gives the same as its accepted
 * records replayed leaf by leaf, where nothing is vouched for; and the check that the API makes before the order says what the order then does.
 * fuzz: max_len=2048 dict=record */
#include "tests/fuzz/lib/ledger.h"

static struct fuzz_ledger ledger;

struct batch_run {
    struct buf compact[FUZZ_RECORDS];
    struct record *records[FUZZ_RECORDS];
    struct bytes bytes[FUZZ_RECORDS];
    struct machine_checked checked[FUZZ_RECORDS];
    uint32_t count;
};

/* Cuts the lines of one batch off *in. */
static void batch_read(struct bytes *in, struct batch_run *run) {
    memset(run, 0, sizeof *run);
    while (in->len > 0 && in->data[0] != '!') {
        struct bytes line = fuzz_cut(in, '\n');
        struct buf *compact = &run->compact[run->count];
        struct problem why = {0};
        if (!fuzz_record(&ledger, line, compact)) continue;
        struct machine_checked *checked = &run->checked[run->count];
        run->bytes[run->count] = buf_bytes(compact);
        if (record_parse(buf_bytes(compact), &run->records[run->count], &why) == ERR_OK) {
            checked->record = run->records[run->count];
            /* vouched for only where it is true: signed by the key of the issuer that it names */
            checked->signature_ok = true;
        }
        run->count++;
    }
}

static void batch_free(struct batch_run *run) {
    for (uint32_t i = 0; i < run->count; i++) {
        record_done(run->records[i]);
        buf_done(&run->compact[i]);
    }
}

static void outcome_run(const struct outcome *outcome) {
    struct json *json = NULL;
    FUZZ_CHECK(rule_hits_json(&outcome->hits, &json) == ERR_OK);
    json_done(json);
    if (outcome->kind != OUTCOME_REFUSED) return;
    fuzz_refused(outcome->problem.err);
    FUZZ_CHECK(outcome->problem.detail[0]);
}

/* What the API would say of the first record before the batch. */
static void check(struct overlay *overlay, const struct batch_run *run, uint64_t size,
                  uint64_t time_ms, enum outcome_kind kind) {
    static struct outcome outcome;
    if (run->count == 0 || !run->records[0]) return;
    FUZZ_CHECK(machine_check(&ledger.scene.machine, overlay_view(overlay), size, time_ms,
                             run->records[0], true, &outcome) == ERR_OK);
    FUZZ_CHECK(outcome.kind == kind);
}

static void status_run(struct overlay *overlay, const uint8_t id[RECORD_ID_LEN]) {
    struct json *json = NULL;
    FUZZ_CHECK(machine_status(overlay_view(overlay), id, &json) == ERR_OK);
    json_done(json);
}

struct two {
    struct overlay *one, *other; /* by batches, and leaf by leaf */
    struct machine_tip tip, tip_other;
};

static void replay(struct two *two, const struct effects *effects) {
    struct problem why = {0};
    for (size_t i = 0; i < effects->entry_count; i++) {
        enum err err = machine_replay(&ledger.scene.machine, two->other, &two->tip_other,
                                      effects->entries[i].leaf, effects->entries[i].body, &why);
        if (err) (void)fprintf(stderr, "replay: %s\n", why.detail);
        FUZZ_CHECK(err == ERR_OK);
        status_run(two->one, effects->entries[i].record->id);
    }
    FUZZ_CHECK(two->tip.size == two->tip_other.size);
}

static void batch_apply(struct two *two, struct batch_run *run) {
    struct scene *scene = &ledger.scene;
    static struct effects effects;
    struct overlay *before = two->other; /* stands where `one` stood */
    uint64_t size = two->tip.size;
    struct position position = {0, two->tip.order.position.revision + 1};
    struct buf batch = scene_batch_of(scene, 0, two->tip.order.nodes[0].counter + 1, scene->now_ms,
                                      0, run->bytes, run->count);
    FUZZ_CHECK(machine_apply(&scene->machine, two->one, &two->tip, position, buf_bytes(&batch),
                             run->checked, &effects) == ERR_OK);
    FUZZ_CHECK(!effects.is_skipped && effects.outcome_count == run->count);
    FUZZ_CHECK(two->tip.size == size + effects.entry_count);
    for (size_t i = 0; i < effects.outcome_count; i++) outcome_run(&effects.outcomes[i]);
    if (run->count > 0) check(before, run, size, effects.time_ms, effects.outcomes[0].kind);
    replay(two, &effects);
    effects_done(&effects);
    buf_done(&batch);
}

static void same_writes(struct two *two) {
    const struct store_write *one = NULL, *other = NULL;
    size_t count = 0, count_other = 0;
    FUZZ_CHECK(overlay_writes(two->one, &one, &count) == ERR_OK);
    FUZZ_CHECK(overlay_writes(two->other, &other, &count_other) == ERR_OK);
    FUZZ_CHECK(count == count_other);
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(bytes_equal(one[i].key, other[i].key) && one[i].erase == other[i].erase);
        FUZZ_CHECK(bytes_equal(one[i].value, other[i].value));
    }
}

/* Before signing, the same claims are reviewed, too. */
static void review(struct bytes line) {
    const struct fuzz_kind *kind = NULL;
    static struct rule_hits hits;
    struct problem why = {0};
    struct json *claims = fuzz_claims(&ledger, line, &kind);
    if (!claims) return;
    enum err err =
        machine_review(claims, kind->type, 1, kind->act, ledger.scene.now_ms, &hits, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.detail[0]);
    }
    json_done(claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size), first = in;
    static struct two two;
    static struct batch_run run;
    fuzz_ledger_begin(&ledger);
    struct scene *scene = &ledger.scene;
    uint64_t serial = scene->serial, now_ms = scene->now_ms;
    ledger.id_count = ledger.own;
    review(fuzz_cut(&first, '\n'));
    two.tip = two.tip_other = scene->tip;
    FUZZ_CHECK(overlay_open(memory_view(&scene->state), &two.one) == ERR_OK);
    FUZZ_CHECK(overlay_open(memory_view(&scene->state), &two.other) == ERR_OK);
    while (in.len > 0) {
        batch_read(&in, &run);
        batch_apply(&two, &run);
        batch_free(&run);
        struct bytes line = fuzz_cut(&in, '\n');
        char *text = fuzz_text(line);
        if (line.len > 1) scene->now_ms += 1000 * (strtoull(text + 1, NULL, 10) % 100000000);
        free(text);
    }
    same_writes(&two);
    overlay_close(two.one);
    overlay_close(two.other);
    scene->serial = serial;
    scene->now_ms = now_ms;
    return 0;
}

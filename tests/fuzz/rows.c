/* Rows of state that hold anything: whoever reads them says ERR_CORRUPT or makes do, and nobody falls over. The first byte chooses the reader, or the row of a small
 * ledger in whose place the rest of the input stands while records of every act are judged.
 * fuzz: max_len=1024 dict=record */
#include "tests/fuzz/lib/ledger.h"

#include "contracts/benefit.h"
#include "contracts/finding.h"
#include "contracts/holder.h"
#include "contracts/labour.h"
#include "contracts/statistics.h"

static struct fuzz_ledger ledger;

/* -- one row, whatever is asked for -- */

static enum err row_get(void *ctx, struct bytes key, struct buf *ret) {
    const struct bytes *row = ctx;
    (void)key;
    buf_clear(ret);
    return buf_add(ret, *row);
}

static enum err row_find(void *ctx, const uint8_t id[RECORD_ID_LEN], uint64_t *ret_index) {
    (void)ctx, (void)id;
    *ret_index = 1;
    return ERR_OK;
}

static enum err row_scan(void *ctx, struct bytes prefix,
                         bool (*each)(void *arg, struct bytes key, struct bytes value), void *arg) {
    const struct bytes *row = ctx;
    struct buf key;
    buf_init(&key, 1024);
    FUZZ_CHECK(buf_add(&key, prefix) == ERR_OK);
    FUZZ_CHECK(buf_add(&key, bytes_slice(*row, 0, row->len < 32 ? row->len : 32)) == ERR_OK);
    (void)each(arg, buf_bytes(&key), *row);
    buf_done(&key);
    return ERR_OK;
}

static void answered(enum err err) {
    bool good = err == ERR_OK || err == ERR_CORRUPT || err == ERR_NOT_FOUND || err == ERR_PROTOCOL;
    if (!good) (void)fprintf(stderr, "%s\n", err_code(err));
    FUZZ_CHECK(good);
}

static void registry_run(struct view view) {
    struct registry_key key;
    struct registry_participant participant = {0};
    struct json *json = NULL;
    answered(registry_key_get(view, SCENE_DIGEST, &key));
    for (int with_json = 0; with_json < 2; with_json++) {
        enum err err = registry_participant_get(view, "acme", with_json, &participant);
        answered(err);
        if (!err) registry_participant_done(&participant);
    }
    enum err err = registry_list(view, "", 10, &json);
    answered(err);
    if (!err) json_done(json);
}

static void chains_run(struct view view) {
    static struct payrun payrun;
    uint8_t id[32] = {0}, holder[32];
    struct chain chain;
    struct chain_link link;
    struct benefit benefit;
    struct json *json = NULL;
    struct holder named;
    answered(holder_get(view, id, &named));
    answered(chain_get(view, id, &chain));
    answered(chain_link_get(view, id, &link));
    enum err err = benefit_get(view, id, &benefit);
    answered(err);
    if (!err) answered(benefit_holder(view, &benefit, holder));
    answered(payrun_get(view, "zeta", "P-1", &payrun));
    err = machine_status(view, id, &json);
    answered(err);
    if (!err) json_done(json);
}

static void governance_run(struct view view) {
    struct parameters parameters;
    struct rule_setting setting = {0};
    struct json *json = NULL;
    uint8_t id[32] = {0};
    answered(parameters_get(view, &parameters));
    for (size_t i = 0; rule_at(i); i++) {
        enum err err = rule_setting_get(view, false, rule_at(i)->id, &setting);
        answered(err);
        if (!err) rule_setting_done(&setting);
    }
    enum err err = rules_json(view, &json);
    answered(err);
    if (!err) json_done(json);
    err = finding_list_json(view, id, &json);
    answered(err);
    if (!err) json_done(json);
}

static bool shows_all(void *arg, const char *type) {
    (void)arg;
    return type[0] != 0;
}

static void statistics_run(struct view view) {
    struct statistics_query query = {
        .whose = "", .from = "2026-01", .to = "2027-12", .shows = shows_all};
    struct json *array = json_new_array(), *json = NULL;
    uint8_t id[32] = {0};
    answered(statistics_json(view, &query, array));
    json_done(array);
    enum err err = finding_json(view, id, &json);
    answered(err);
    if (!err) json_done(json);
}

/* -- a ledger with one row spoilt -- */

static const char *const lines[] = {
    "a{\"tags\":" FUZZ_WORKER ",\"start\":\"2027-01-01\"}",
    "b{\"tags\":" FUZZ_WORKER "}",
    "c{}",
    "d{}",
    "e{\"ref\":\"@2\",\"replaces\":\"@2\",\"tags\":" FUZZ_WORKER "}",
    "t{}",
    "f{\"tags\":" FUZZ_PERSON "}",
    "g{\"ref\":\"@3\"}",
    "i{\"ref\":\"@3\"}",
    "j{\"tags\":" FUZZ_PERSON ",\"ref\":\"@3\",\"period\":\"2027-01\",\"batch_no\":\"P-2\"}",
    "j{\"tags\":" FUZZ_PERSON ",\"ref\":\"@3\",\"result\":\"returned\"}",
    "k{\"items_root\":\"@root\"}",
    "l{\"ref\":\"@3\",\"replaces\":\"@3\",\"tags\":" FUZZ_PERSON "}",
    "n{}",
    "q{\"kid\":\"" SCENE_DIGEST "\"}",
};
#define LINES (sizeof lines / sizeof *lines)

static struct {
    struct buf compact[LINES];
    struct bytes bytes[LINES];
    struct record *records[LINES];
    struct machine_checked checked[LINES];
} fixture;

static void fixture_begin(void) {
    struct problem why = {0};
    if (ledger.own) return;
    fuzz_ledger_begin(&ledger);
    for (size_t i = 0; i < LINES; i++) {
        FUZZ_CHECK(fuzz_record(&ledger, bytes_text(lines[i]), &fixture.compact[i]));
        fixture.bytes[i] = buf_bytes(&fixture.compact[i]);
        FUZZ_CHECK(record_parse(fixture.bytes[i], &fixture.records[i], &why) == ERR_OK);
        fixture.checked[i].record = fixture.records[i];
        fixture.checked[i].signature_ok = true;
    }
}

/* One record a batch, so that one row that cannot be read does not hide the rest. */
static void record_apply(struct overlay *overlay, struct machine_tip *tip, size_t i) {
    struct scene *scene = &ledger.scene;
    static struct effects effects;
    struct position position = {0, tip->order.position.revision + 1};
    struct buf batch = scene_batch_of(scene, 0, tip->order.nodes[0].counter + 1, scene->now_ms, 0,
                                      &fixture.bytes[i], 1);
    struct machine_tip before = *tip;
    enum err err = machine_apply(&scene->machine, overlay, tip, position, buf_bytes(&batch),
                                 &fixture.checked[i], &effects);
    answered(err);
    FUZZ_CHECK(err == ERR_OK || tip->size == before.size);
    if (!err) effects_done(&effects);
    buf_done(&batch);
}

static void spoilt_run(size_t row, struct bytes value) {
    struct scene *scene = &ledger.scene;
    static struct machine_tip tip;
    struct overlay *overlay = NULL;
    struct json *json = NULL;
    struct bytes key = buf_bytes(&scene->state.rows[row % scene->state.count].key);
    for (size_t i = 0; i < LINES; i++) {
        tip = scene->tip;
        FUZZ_CHECK(overlay_open(memory_view(&scene->state), &overlay) == ERR_OK);
        FUZZ_CHECK(overlay_put(overlay, key, value) == ERR_OK);
        FUZZ_CHECK(overlay_accept(overlay, NULL, 0) == ERR_OK);
        record_apply(overlay, &tip, i);
        for (size_t id = 0; i == 0 && id < ledger.own; id++) {
            enum err err = machine_status(overlay_view(overlay), ledger.ids[id], &json);
            answered(err);
            if (!err) json_done(json);
        }
        overlay_close(overlay);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    struct bytes in = bytes_of(data + 1, size - 1);
    struct view view = {&in, row_get, row_find, row_scan};
    fixture_begin();
    switch (data[0]) {
    case 0: registry_run(view); break;
    case 1: chains_run(view); break;
    case 2: governance_run(view); break;
    case 3: statistics_run(view); break;
    default: spoilt_run(data[0] - 4u, in);
    }
    return 0;
}

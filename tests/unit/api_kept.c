/* Participants, keys and rules change while threads read them: each view gets what was so at its commit, and what is kept in memory beside it is the database's. The store keeps the kinds of
 * rows that the node lets it keep (state_kept). */
#include "tests/lib/host.h"
#include "tests/lib/scene.h"

#include "contracts/registry.h"
#include "ledger/store/store_impl.h"

#include <pthread.h>

#define PEOPLE 3
#define VISITS 8 /* of each; at each a key is bound */
#define DEEDS 6  /* of a visit */
#define STEPS (PEOPLE * VISITS * DEEDS)
#define READERS 4

TestSuite(api_kept, .timeout = 120);

/* What must be so after the step of that number; 0: after the genesis. */
struct moment {
    bool is_suspended[PEOPLE];
    unsigned bound[PEOPLE], revoked[PEOPLE]; /* so many of its keys, the first ones */
    bool is_flagging;                        /* LC-23 flags and does not reject */
};

static struct moment moments[STEPS + 1];
static char ids[PEOPLE][8];
static char kids[PEOPLE][VISITS][KEY_KID_LEN + 1];

/* -- the plan: at step n, deed n % DEEDS of a visit -- */

enum deed { BIND, CONTRACT, SUSPEND, GOVERN, RESUME, REVOKE };

struct step {
    enum deed deed;
    size_t who;
    unsigned visit;
};

static struct step step_of(size_t n) {
    struct step step = {(enum deed)(n % DEEDS), n / DEEDS % PEOPLE, (unsigned)(n / DEEDS / PEOPLE)};
    return step;
}

static struct key_secret *key_of(size_t who, unsigned visit) {
    char name[32];
    (void)snprintf(name, sizeof name, "kept %zu %u", who, visit);
    return vector_key(KEY_ED25519, name);
}

static struct moment moment_after(struct moment moment, struct step step) {
    switch (step.deed) {
    case BIND: moment.bound[step.who]++; break;
    case CONTRACT: break;
    case SUSPEND: moment.is_suspended[step.who] = true; break;
    case GOVERN: moment.is_flagging = !moment.is_flagging; break;
    case RESUME: moment.is_suspended[step.who] = false; break;
    case REVOKE: moment.revoked[step.who] += step.visit > 0; break;
    }
    return moment;
}

static void plan(void) {
    for (size_t who = 0; who < PEOPLE; who++) {
        (void)snprintf(ids[who], sizeof ids[who], "e%zu", who);
        for (unsigned visit = 0; visit < VISITS; visit++) {
            struct key_secret *key = key_of(who, visit);
            memcpy(kids[who][visit], key_secret_public(key)->kid, KEY_KID_LEN + 1);
            key_secret_done(key);
        }
    }
    for (size_t n = 0; n < STEPS; n++) moments[n + 1] = moment_after(moments[n], step_of(n));
}

/* -- the writer -- */

static struct json *with(struct json *claims, struct json *own) {
    for (void *at = json_first(own); at; at = json_next(own, at))
        host_put(claims, json_name_at(at), json_clone(json_value_at(at)));
    json_done(own);
    return claims;
}

static void registrar(struct host *host, size_t n, const char *act, struct json *own) {
    struct json *claims = with(host_claims(host, "registrar", "participant", act, n + 1), own);
    struct buf jws = host_sign(claims, KEY_ED25519, "registrar");
    cr_assert_eq(ask_status(host, ask_post(&jws)), 201, "step %zu: %s", n, act);
    buf_done(&jws);
}

static void about(struct host *host, size_t n, const char *act, const char *format, const char *id,
                  const char *kid) {
    char text[256];
    (void)snprintf(text, sizeof text, format, id, kid);
    registrar(host, n, act, json_text_of(text));
}

static void bind(struct host *host, size_t n, struct step step) {
    struct key_secret *key = key_of(step.who, step.visit);
    registrar(host, n, step.visit ? "rotate" : "admit",
              scene_participant(ids[step.who], "employer", SCENE_GOOD_USCC, key));
    key_secret_done(key);
}

/* It writes no row of those kinds: what is kept stays. */
static void contract(struct host *host, size_t n) {
    struct json *claims = host_claims(host, "acme", "labour-contract", "conclude", n + 1);
    struct buf jws = host_sign(with(claims, json_text_of(SCENE_CONTRACT)), KEY_ES256K, "acme");
    cr_assert_eq(ask_status(host, ask_post(&jws)), 201);
    buf_done(&jws);
}

/* As a record of governance will: the rules anew, in a commit without a leaf. */
static void govern(struct host *host, bool is_flagging) {
    struct json *rules = host_rules(is_flagging ? "LC-23" : NULL);
    struct machine_tip *tip = malloc(sizeof *tip);
    struct store_view *view;
    struct overlay *overlay;
    cr_assert(tip && store_view_open(host->store, &view) == ERR_OK);
    cr_assert(overlay_open(api_state_view(view), &overlay) == ERR_OK);
    cr_assert(rules_put(overlay, rules) == ERR_OK);
    cr_assert(overlay_accept(overlay, NULL, 0) == ERR_OK);
    *tip = host->tip;
    tip->order.position.revision++;
    host_commit(host, overlay, NULL, 0, tip);
    overlay_close(overlay);
    store_view_close(view);
    json_done(rules);
    free(tip);
}

static void step_take(struct host *host, size_t n) {
    struct step step = step_of(n);
    const char *id = ids[step.who], *kid = step.visit ? kids[step.who][step.visit - 1] : NULL;
    switch (step.deed) {
    case BIND: bind(host, n, step); return;
    case SUSPEND:
        about(host, n, "suspend", "{\"id\":\"%s\",\"reason\":\"other\"}", id, NULL);
        return;
    case GOVERN: govern(host, moments[n + 1].is_flagging); return;
    case RESUME: about(host, n, "resume", "{\"id\":\"%s\",\"reason\":\"other\"}", id, NULL); return;
    case REVOKE:
        if (!kid) break;
        about(host, n, "revoke", "{\"id\":\"%s\",\"kid\":\"%s\",\"reason\":\"other\"}", id, kid);
        return;
    case CONTRACT: break;
    }
    contract(host, n);
}

/* -- the readers: they count, and assert nothing -- */

struct reading {
    pthread_t thread;
    struct store *store;
    atomic_bool *stop;
    uint64_t wrong, views, rows;
    struct problem why;
};

static bool is_key(struct view view, size_t who, unsigned visit, const struct moment *moment) {
    struct registry_key key;
    enum err err = registry_key_get(view, kids[who][visit], &key);
    if (visit >= moment->bound[who]) return err == ERR_NOT_FOUND;
    return !err && strcmp(key.participant, ids[who]) == 0 &&
           key.revoked == (visit < moment->revoked[who]);
}

static bool is_person(struct view view, size_t who, const struct moment *moment) {
    struct registry_participant row = {.json = NULL};
    enum err err = registry_participant_get(view, ids[who], false, &row);
    bool is_right = !err && (row.status == REGISTRY_SUSPENDED) == moment->is_suspended[who];
    registry_participant_done(&row);
    if (moment->bound[who] == 0) is_right = err == ERR_NOT_FOUND;
    for (unsigned visit = 0; visit < VISITS; visit++)
        is_right = is_key(view, who, visit, moment) && is_right;
    return is_right;
}

static bool is_rule(struct view view, const struct moment *moment) {
    struct rule_setting setting = {.parameters = NULL};
    enum err err = rule_setting_get(view, false, "LC-23", &setting);
    bool is_right = !err && (setting.action == RULE_FLAG) == moment->is_flagging;
    if (!err) rule_setting_done(&setting);
    return is_right;
}

static void view_check(struct reading *reading, struct store_view *view) {
    const struct moment *moment = &moments[store_view_head(view).position.revision];
    struct view state = api_state_view(view);
    size_t rows = 0;
    for (size_t who = 0; who < PEOPLE; who++) reading->wrong += !is_person(state, who, moment);
    reading->wrong += !is_rule(state, moment);
    reading->wrong += snapshot_check(view->shared, &rows, &reading->why) != ERR_OK;
    reading->rows += rows;
    reading->views++;
}

/* Each view twice, the second time when the next one is open: rows that are put late belong to the older. */
static void *read_while(void *arg) {
    struct reading *reading = arg;
    struct store_view *last = NULL, *view = NULL;
    while (!atomic_load(reading->stop) && !store_view_open(reading->store, &view)) {
        view_check(reading, view);
        if (last) view_check(reading, last);
        store_view_close(last);
        last = view;
    }
    store_view_close(last);
    return NULL;
}

/* Makes snapshots beside the writer's, as the cosigner does. */
static void *write_beside(void *arg) {
    struct reading *reading = arg;
    while (!atomic_load(reading->stop)) {
        uint8_t raw[8];
        put_u64(raw, reading->views++);
        reading->wrong += store_put_checkpoint(reading->store, bytes_of(raw, 8), NULL) != ERR_OK;
    }
    return NULL;
}

Test(api_kept, readers_find_what_was_so_at_their_commit_while_it_changes) {
    static struct reading readings[READERS + 1];
    struct host *host = host_open();
    atomic_bool stop;
    atomic_init(&stop, false);
    plan();
    store_keep_rows(host->store, state_kept);
    cr_assert_eq(host->tip.order.position.revision, 0, "a step is a revision");
    for (size_t i = 0; i <= READERS; i++) {
        readings[i].store = host->store;
        readings[i].stop = &stop;
        cr_assert(pthread_create(&readings[i].thread, NULL, i < READERS ? read_while : write_beside,
                                 &readings[i]) == 0);
    }
    for (size_t n = 0; n < STEPS; n++) step_take(host, n);
    atomic_store(&stop, true);
    for (size_t i = 0; i <= READERS; i++) {
        cr_assert(pthread_join(readings[i].thread, NULL) == 0);
        cr_expect(readings[i].wrong == 0 && readings[i].views > 0, "thread %zu: %llu wrong, %s", i,
                  (unsigned long long)readings[i].wrong, readings[i].why.detail);
        cr_expect(i == READERS || readings[i].rows > readings[i].views);
    }
    cr_expect_eq(store_current(host->store).position.revision, STEPS);
    host_close(host);
}

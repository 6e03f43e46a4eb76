/* What registrars change: suspend, resume, rotate, revoke; that the ledger never stands without a registrar; that a rotation is what a receipt needs. */
#include "tests/lib/scene.h"

static struct scene *begin(void) {
    struct scene *scene = calloc(1, sizeof *scene);
    cr_assert(scene);
    scene_begin(scene, 1);
    return scene;
}

static void end(struct scene *scene) {
    scene_done(scene);
    free(scene);
}

static enum err act_by(struct scene *scene, const char *iss, const struct key_secret *key,
                       const char *act, struct json *claims) {
    return scene_submit(scene, scene_record(scene, claims, iss, "participant", act, key));
}

static enum err act(struct scene *scene, const char *name, struct json *claims) {
    return act_by(scene, "registrar", scene->registrar, name, claims);
}

static struct json *status_claims(const char *id, const char *reason) {
    char text[160];
    (void)snprintf(text, sizeof text, "{\"id\":\"%s\",\"reason\":\"%s\"}", id, reason);
    return json_text_of(text);
}

static struct json *revoke_claims(const char *id, const struct key_secret *key) {
    char text[200];
    (void)snprintf(text, sizeof text, "{\"id\":\"%s\",\"kid\":\"%s\",\"reason\":\"lost\"}", id,
                   key_secret_public(key)->kid);
    return json_text_of(text);
}

struct window {
    const struct key_secret *key;
    int64_t from, to; /* to 0: open */
};

static struct json *rotate_claims(const char *id, const char *role, const struct window *keys,
                                  size_t count) {
    struct json *claims = scene_participant(id, role, SCENE_GOOD_USCC, keys[0].key);
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++) {
        struct json *entry = json_new_object();
        cr_assert(json_put(entry, "jwk", key_public_jwk(key_secret_public(keys[i].key))) == ERR_OK);
        cr_assert(json_put_int(entry, "from", keys[i].from) == ERR_OK);
        if (keys[i].to) cr_assert(json_put_int(entry, "to", keys[i].to) == ERR_OK);
        cr_assert(json_push(list, entry) == ERR_OK);
    }
    cr_assert(json_put(claims, "keys", list) == ERR_OK);
    return claims;
}

static enum err rotate(struct scene *scene, const char *id, const char *role,
                       const struct window *keys, size_t count) {
    return act(scene, "rotate", rotate_claims(id, role, keys, count));
}

static enum err sign(struct scene *scene, const struct key_secret *key) {
    return scene_submit(scene, scene_record(scene, json_text_of(SCENE_CONTRACT), "acme",
                                            "labour-contract", "conclude", key));
}

static struct json *public_json(struct scene *scene, const char *id) {
    struct registry_participant participant;
    cr_assert(registry_participant_get(memory_view(&scene->state), id, true, &participant) ==
              ERR_OK);
    struct json *json = participant.json;
    participant.json = NULL;
    registry_participant_done(&participant);
    return json;
}

static const struct json *entry_of(const struct json *json, const struct key_secret *key) {
    const struct json *keys = json_member(json, "keys");
    for (size_t i = 0; i < json_count(keys); i++)
        if (strcmp(json_text(json_member(json_at(keys, i), "kid")), key_secret_public(key)->kid) ==
            0)
            return json_at(keys, i);
    return NULL;
}

static int64_t seconds(const struct scene *scene) {
    return (int64_t)(scene->now_ms / 1000);
}

/* -- suspend and resume -- */

Test(contracts_participants, a_suspended_participant_signs_nothing_until_it_is_resumed) {
    struct scene *scene = begin();
    cr_assert(act(scene, "resume", status_claims("acme", "cleared")) == ERR_STATE);
    cr_assert(act(scene, "suspend", status_claims("acme", "under-investigation")) == ERR_OK);
    cr_assert(sign(scene, scene->acme) == ERR_ISSUER_SUSPENDED);
    struct json *json = public_json(scene, "acme");
    cr_assert_str_eq(json_text(json_member(json, "status")), "suspended");
    json_done(json);
    cr_assert(act(scene, "suspend", status_claims("acme", "other")) == ERR_STATE, "already");
    cr_assert_str_eq(scene->last.problem.pointer, "/id");
    cr_assert(act(scene, "resume", status_claims("acme", "cleared")) == ERR_OK);
    cr_assert(sign(scene, scene->acme) == ERR_OK);
    json = public_json(scene, "acme");
    cr_assert_str_eq(json_text(json_member(json, "status")), "active");
    cr_assert(json_count(json_member(json, "keys")) == 1);
    json_done(json);
    end(scene);
}

Test(contracts_participants, these_acts_have_their_own_claims_and_a_registrars_role) {
    static const struct {
        const char *act, *claims, *pointer;
        enum err err;
    } table[] = {
        {"suspend", "{\"id\":\"acme\"}", "/reason", ERR_SCHEMA},
        {"suspend", "{\"reason\":\"other\"}", "/id", ERR_SCHEMA},
        {"suspend", "{\"id\":\"ACME\",\"reason\":\"other\"}", "/id", ERR_SCHEMA},
        {"suspend", "{\"id\":7,\"reason\":\"other\"}", "/id", ERR_SCHEMA},
        {"suspend", "{\"id\":\"acme\",\"reason\":\"whim\"}", "/reason", ERR_SCHEMA},
        {"suspend", "{\"id\":\"acme\",\"reason\":\"lost\"}", "/reason", ERR_SCHEMA},
        {"suspend", "{\"id\":\"nobody\",\"reason\":\"other\"}", "/id", ERR_STATE},
        {"suspend", "{\"id\":\"acme\",\"reason\":\"other\",\"keys\":[]}", "/keys", ERR_SCHEMA},
        {"resume", "{\"id\":\"acme\",\"reason\":\"licence-expired\"}", "/reason", ERR_SCHEMA},
        {"revoke", "{\"id\":\"acme\",\"reason\":\"lost\"}", "/kid", ERR_SCHEMA},
        {"revoke", "{\"id\":\"acme\",\"reason\":\"lost\",\"kid\":\"short\"}", "/kid", ERR_SCHEMA},
        {"revoke", "{\"id\":\"acme\",\"reason\":\"lost\",\"kid\":\"" SCENE_DIGEST "\"}", "/kid",
         ERR_STATE},
        {"rotate", "{\"id\":\"acme\"}", "/name", ERR_SCHEMA},
        {"rotate",
         "{\"id\":\"acme\",\"name\":\"x\",\"uscc\":\"" SCENE_GOOD_USCC
         "\",\"roles\":[\"employer\"],\"keys\":[]}",
         "/keys", ERR_SCHEMA},
        {"rotate", "{\"id\":\"acme\",\"reason\":\"lost\"}", "/reason", ERR_SCHEMA},
    };
    struct scene *scene = begin();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum err err = act(scene, table[i].act, json_text_of(table[i].claims));
        cr_assert(err == table[i].err, "%s: %s", table[i].claims, scene->last.problem.detail);
        cr_assert_str_eq(scene->last.problem.pointer, table[i].pointer, "%s", table[i].claims);
    }
    cr_assert(act_by(scene, "zeta", scene->zeta, "suspend", status_claims("acme", "other")) ==
              ERR_ROLE);
    end(scene);
}

/* -- revoke -- */

Test(contracts_participants, a_revoked_key_signs_no_more_and_its_old_records_stand) {
    struct scene *scene = begin();
    cr_assert(sign(scene, scene->acme) == ERR_OK);
    uint8_t before[32];
    memcpy(before, scene->last.id, 32);
    cr_assert(act(scene, "revoke", revoke_claims("zeta", scene->acme)) == ERR_STATE,
              "another's key");
    cr_assert(act(scene, "revoke", revoke_claims("acme", scene->acme)) == ERR_OK);
    cr_assert(sign(scene, scene->acme) == ERR_KEY_REVOKED);
    cr_assert(act(scene, "revoke", revoke_claims("acme", scene->acme)) == ERR_STATE, "already");
    struct json *json = public_json(scene, "acme"), *status = NULL;
    bool revoked = false;
    cr_assert(json_bool(json_member(entry_of(json, scene->acme), "revoked"), &revoked) && revoked);
    cr_assert(machine_status(memory_view(&scene->state), before, &status) == ERR_OK);
    cr_assert_str_eq(json_text(json_member(status, "status")), "in_force");
    json_done(json);
    json_done(status);
    struct window again[] = {{scene->acme, SCENE_CREATED_S, 0}};
    cr_assert(rotate(scene, "acme", "employer", again, 1) == ERR_STATE, "nor does it come back");
    struct window fresh[] = {{scene->stranger, SCENE_CREATED_S, 0}};
    cr_assert(rotate(scene, "acme", "employer", fresh, 1) == ERR_OK);
    cr_assert(sign(scene, scene->stranger) == ERR_OK);
    end(scene);
}

/* -- rotate -- */

Test(contracts_participants, a_rotation_binds_new_keys_and_ends_old_ones_to_the_second) {
    struct scene *scene = begin();
    int64_t change = seconds(scene) + 100;
    struct window keys[] = {{scene->stranger, change, 0}, {scene->acme, SCENE_CREATED_S, change}};
    cr_assert(rotate(scene, "acme", "employer", keys, 2) == ERR_OK, "%s",
              scene->last.problem.detail);
    uint64_t rotated = scene->last.index;
    static const struct {
        int64_t after_s;
        enum err old, new;
    } table[] = {{99, ERR_OK, ERR_KEY_REVOKED}, {100, ERR_KEY_REVOKED, ERR_OK}};
    for (size_t i = 0; i < 2; i++) {
        scene->now_ms = (uint64_t)(change - 100 + table[i].after_s) * 1000;
        cr_assert(sign(scene, scene->acme) == table[i].old);
        cr_assert(sign(scene, scene->stranger) == table[i].new);
    }
    struct json *json = public_json(scene, "acme");
    int64_t to = 0, bound = 0;
    cr_assert(json_count(json_member(json, "keys")) == 2);
    cr_assert(json_int(json_member(entry_of(json, scene->acme), "to"), &to) && to == change);
    cr_assert(!json_member(entry_of(json, scene->stranger), "to"));
    cr_assert(json_int(json_member(entry_of(json, scene->stranger), "bound_index"), &bound));
    cr_assert(bound == (int64_t)rotated);
    cr_assert(json_int(json_member(entry_of(json, scene->acme), "bound_index"), &bound));
    cr_assert(bound == 1, "the old key is bound by its admission for ever");
    json_done(json);
    end(scene);
}

Test(contracts_participants, a_rotation_changes_keys_and_name_and_nothing_else) {
    struct scene *scene = begin();
    struct window fresh[] = {{scene->stranger, SCENE_CREATED_S, 0}};
    struct window taken[] = {{scene->zeta, SCENE_CREATED_S, 0}};
    cr_assert(rotate(scene, "acme", "payer", fresh, 1) == ERR_SCHEMA);
    cr_assert_str_eq(scene->last.problem.pointer, "/roles");
    struct json *claims = rotate_claims("acme", "employer", fresh, 1);
    cr_assert(json_put_text(claims, "uscc", "91512081MA62K0260E") == ERR_OK);
    cr_assert(act(scene, "rotate", claims) == ERR_SCHEMA);
    cr_assert_str_eq(scene->last.problem.pointer, "/uscc");
    cr_assert(rotate(scene, "nobody", "employer", fresh, 1) == ERR_STATE);
    cr_assert_str_eq(scene->last.problem.pointer, "/id");
    cr_assert(rotate(scene, "acme", "employer", taken, 1) == ERR_STATE, "zeta's key");
    cr_assert_str_eq(scene->last.problem.pointer, "/keys");
    claims = rotate_claims("acme", "employer", fresh, 1);
    cr_assert(json_put_text(claims, "name", "新名称") == ERR_OK);
    cr_assert(act(scene, "rotate", claims) == ERR_OK);
    struct json *json = public_json(scene, "acme");
    cr_assert_str_eq(json_text(json_member(json, "name")), "新名称");
    cr_assert_str_eq(json_text(json_member(json, "uscc")), SCENE_GOOD_USCC);
    json_done(json);
    end(scene);
}

Test(contracts_participants, a_registered_key_is_only_ever_shortened) {
    struct scene *scene = begin();
    int64_t far = seconds(scene) + 1000;
    const struct {
        struct window key;
        enum err err;
    } table[] = {{{scene->acme, SCENE_CREATED_S + 1, 0}, ERR_STATE},
                 {{scene->acme, SCENE_CREATED_S, far}, ERR_OK},
                 {{scene->acme, SCENE_CREATED_S, far + 1}, ERR_STATE},
                 {{scene->acme, SCENE_CREATED_S, 0}, ERR_STATE},
                 {{scene->acme, SCENE_CREATED_S, far}, ERR_OK},
                 {{scene->acme, SCENE_CREATED_S, far - 1}, ERR_OK}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_assert(rotate(scene, "acme", "employer", &table[i].key, 1) == table[i].err, "%zu", i);
    end(scene);
}

/* A rotation to a key made from a name, open-ended; the key before it ends at once. */
static enum err turn(struct scene *scene, const char *before, const char *after) {
    struct key_secret *old = vector_key(KEY_ED25519, before), *new = vector_key(KEY_ED25519, after);
    struct window keys[] = {{new, SCENE_CREATED_S, 0}, {old, SCENE_CREATED_S, seconds(scene)}};
    enum err err = rotate(scene, "turning", "employer", keys, 2);
    key_secret_done(old);
    key_secret_done(new);
    return err;
}

Test(contracts_participants, the_public_list_drops_keys_that_are_of_no_use_and_keeps_the_rows) {
    struct scene *scene = begin();
    struct key_secret *first = vector_key(KEY_ED25519, "turn 0");
    struct registry_key row;
    char before[24], after[24];
    scene_admit(scene, "turning", "employer", first);
    scene->now_ms += 5000;
    for (int i = 0; i < LIMIT_KEYS + 3; i++) {
        (void)snprintf(before, sizeof before, "turn %d", i);
        (void)snprintf(after, sizeof after, "turn %d", i + 1);
        cr_assert(turn(scene, before, after) == ERR_OK, "%d: %s", i, scene->last.problem.detail);
        struct json *json = public_json(scene, "turning");
        size_t count = json_count(json_member(json, "keys"));
        cr_assert(count == (size_t)(i + 2 > LIMIT_KEYS ? LIMIT_KEYS : i + 2));
        json_done(json);
    }
    cr_assert(registry_key_get(memory_view(&scene->state), key_secret_public(first)->kid, &row) ==
              ERR_OK);
    key_secret_done(first);
    end(scene);
}

Test(contracts_participants, a_participant_holds_so_many_keys_that_have_not_ended) {
    struct scene *scene = begin();
    for (int i = 1; i <= LIMIT_KEYS; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "held %d", i);
        struct key_secret *key = vector_key(KEY_ED25519, name);
        struct window window = {key, SCENE_CREATED_S, 0};
        cr_assert(rotate(scene, "acme", "employer", &window, 1) ==
                  (i < LIMIT_KEYS ? ERR_OK : ERR_STATE));
        key_secret_done(key);
    }
    end(scene);
}

/* -- the last registrar -- */

Test(contracts_participants, a_registrar_cannot_take_away_its_own_last_means) {
    struct scene *scene = begin();
    scene->now_ms += 5000;
    int64_t now = seconds(scene);
    struct window ends[] = {{scene->registrar, SCENE_CREATED_S, now + 10}};
    struct window gap[] = {{scene->stranger, now + 11, 0},
                           {scene->registrar, SCENE_CREATED_S, now + 10}};
    struct window brief[] = {{scene->stranger, SCENE_CREATED_S, now + 10},
                             {scene->registrar, SCENE_CREATED_S, now + 10}};
    struct window past[] = {{scene->stranger, now + 1, 0},
                            {scene->registrar, SCENE_CREATED_S, now - 1}};
    cr_assert(act(scene, "suspend", status_claims("registrar", "other")) == ERR_STATE);
    cr_assert(act(scene, "revoke", revoke_claims("registrar", scene->registrar)) == ERR_STATE);
    cr_assert(rotate(scene, "registrar", "registrar", ends, 1) == ERR_STATE);
    cr_assert(rotate(scene, "registrar", "registrar", gap, 2) == ERR_STATE);
    cr_assert(rotate(scene, "registrar", "registrar", brief, 2) == ERR_STATE);
    cr_assert(rotate(scene, "registrar", "registrar", past, 2) == ERR_STATE);
    struct window good[] = {{scene->stranger, now + 10, 0},
                            {scene->registrar, SCENE_CREATED_S, now + 10}};
    cr_assert(rotate(scene, "registrar", "registrar", good, 2) == ERR_OK, "%s",
              scene->last.problem.detail);
    scene->now_ms += 10000;
    cr_assert(act(scene, "suspend", status_claims("acme", "other")) == ERR_KEY_REVOKED);
    cr_assert(act_by(scene, "registrar", scene->stranger, "suspend",
                     status_claims("acme", "other")) == ERR_OK);
    cr_assert(act_by(scene, "registrar", scene->stranger, "revoke",
                     revoke_claims("registrar", scene->registrar)) == ERR_OK,
              "the one before, by the new one");
    end(scene);
}

Test(contracts_participants, two_registrars_may_take_each_other_away_but_one_is_left) {
    struct scene *scene = begin();
    scene_admit(scene, "second", "registrar", scene->stranger);
    cr_assert(act_by(scene, "second", scene->stranger, "suspend",
                     status_claims("registrar", "other")) == ERR_OK);
    cr_assert(act(scene, "suspend", status_claims("second", "other")) == ERR_ISSUER_SUSPENDED);
    cr_assert(act_by(scene, "second", scene->stranger, "revoke",
                     revoke_claims("registrar", scene->registrar)) == ERR_OK);
    cr_assert(act_by(scene, "second", scene->stranger, "suspend",
                     status_claims("second", "other")) == ERR_STATE);
    cr_assert(act_by(scene, "second", scene->stranger, "resume",
                     status_claims("registrar", "cleared")) == ERR_OK);
    cr_assert(act(scene, "suspend", status_claims("second", "other")) == ERR_KEY_REVOKED);
    end(scene);
}

/* -- every workload leaves a registrar, and replays -- */

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

#define PEOPLE 3
#define POOL 6

struct people {
    struct key_secret *keys[POOL];
    const char *ids[PEOPLE];
};

static struct json *work_claims(uint32_t *seed, const struct people *people, int64_t now,
                                const char **ret_act) {
    static const char *const acts[] = {"suspend", "resume", "revoke", "rotate", "rotate"};
    const char *id = people->ids[next(seed) % PEOPLE];
    uint32_t what = next(seed) % 5;
    *ret_act = acts[what];
    if (what < 2) return status_claims(id, "other");
    if (what == 2) return revoke_claims(id, people->keys[next(seed) % POOL]);
    struct window keys[2];
    for (size_t i = 0; i < 2; i++) {
        keys[i].key = people->keys[(next(seed) % POOL / 2) * 2 + i];
        keys[i].from = SCENE_CREATED_S;
        keys[i].to = next(seed) % 3 ? 0 : now + (int64_t)(next(seed) % 40) - 10;
    }
    return rotate_claims(id, "registrar", keys, 1 + next(seed) % 2);
}

/* A registrar that could sign now, or from the moment on at which its key ends. */
static bool has_registrar(struct scene *scene, const struct people *people) {
    for (size_t i = 0; i < POOL; i++) {
        struct registry_key key;
        struct registry_participant participant;
        struct view view = memory_view(&scene->state);
        if (registry_key_get(view, key_secret_public(people->keys[i])->kid, &key)) continue;
        cr_assert(registry_participant_get(view, key.participant, false, &participant) == ERR_OK);
        if (participant.status == REGISTRY_ACTIVE && !key.revoked && key.to > seconds(scene))
            return true;
    }
    return false;
}

Test(contracts_participants, every_act_leaves_a_registrar_and_replays_to_the_same_state) {
    size_t accepted = 0, refused = 0;
    for (uint32_t seed = 1; seed <= 12; seed++) {
        struct scene *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
        struct people people = {.ids = {"registrar", "second", "third"}};
        scene_begin_with(a, 1, NULL);
        scene_begin_with(b, 1, NULL);
        people.keys[0] = vector_key(KEY_ED25519, "scene registrar");
        for (size_t i = 1; i < POOL; i++) {
            char name[24];
            (void)snprintf(name, sizeof name, "pool %zu", i);
            people.keys[i] = vector_key(KEY_ED25519, name);
        }
        uint32_t random = seed;
        for (int i = 0; i < 60; i++) {
            const char *name = "admit", *iss = "registrar";
            size_t signer = i < 2 ? 0 : next(&random) % POOL;
            struct registry_key key;
            if (registry_key_get(memory_view(&a->state),
                                 key_secret_public(people.keys[signer])->kid, &key) == ERR_OK)
                iss = key.participant;
            struct json *claims = i < 2 ? scene_participant(people.ids[i + 1], "registrar",
                                                            SCENE_GOOD_USCC, people.keys[i + 1])
                                        : work_claims(&random, &people, seconds(a), &name);
            a->now_ms += 1000 * (1 + next(&random) % 3);
            struct buf compact =
                scene_record(a, claims, iss, "participant", name, people.keys[signer]);
            struct buf copy = memory_copy(buf_bytes(&compact));
            struct record *record = NULL;
            uint8_t leaf[LEAF_LEN];
            if (scene_submit(a, compact) == ERR_OK) {
                struct problem why = {0};
                cr_assert(has_registrar(a, &people), "seed %u, act %d", seed, i);
                cr_assert(record_parse(buf_bytes(&copy), &record, NULL) == ERR_OK);
                leaf_encode(a->tip.time_ms, record->hash, leaf);
                cr_assert(machine_replay(&b->machine, b->overlay, &b->tip, leaf, buf_bytes(&copy),
                                         &why) == ERR_OK,
                          "%s", why.detail);
                memory_commit(&b->state, b->overlay);
                record_done(record);
                accepted++;
            } else {
                refused++;
            }
            buf_done(&copy);
        }
        cr_assert(memory_same(&a->state, &b->state));
        for (size_t i = 0; i < POOL; i++) key_secret_done(people.keys[i]);
        end(a);
        end(b);
    }
    cr_assert(accepted > 60 && refused > 60, "%zu %zu", accepted, refused);
}

/* -- the receipt's issuer chain -- */

Test(contracts_participants, the_claims_of_a_rotation_are_a_whole_participant) {
    struct scene *scene = begin();
    static struct participant who;
    struct window keys[] = {{scene->stranger, SCENE_CREATED_S, 0}};
    struct json *claims = rotate_claims("acme", "employer", keys, 1);
    struct problem why;
    struct buf compact =
        scene_record(scene, claims, "registrar", "participant", "rotate", scene->registrar);
    struct record *record = NULL;
    cr_assert(record_parse(buf_bytes(&compact), &record, NULL) == ERR_OK);
    cr_assert(scene_submit(scene, compact) == ERR_OK);
    cr_assert(participant_parse(record->payload, false, &who, &why) == ERR_OK);
    cr_assert_str_eq(who.id, "acme");
    cr_assert(who.roles == ROLE_EMPLOYER);
    cr_assert(participant_key_find(&who, key_secret_public(scene->stranger)->kid));
    participant_done(&who);
    record_done(record);
    end(scene);
}

/* Participants and keys in state: bytes, reading, listing, and that a name or a key is taken once. */
#include "tests/lib/scene.h"

struct fixture {
    struct memory state;
    struct overlay *overlay;
};

static struct fixture *begin(void) {
    struct fixture *f = calloc(1, sizeof *f);
    cr_assert(f && overlay_open(memory_view(&f->state), &f->overlay) == ERR_OK);
    return f;
}

static void end(struct fixture *f) {
    overlay_close(f->overlay);
    memory_done(&f->state);
    free(f);
}

static enum err admit(struct fixture *f, const char *id, const char *key_name, enum key_alg alg,
                      uint64_t index, struct problem *ret_why) {
    static struct participant participant;
    struct key_secret *key = vector_key(alg, key_name);
    struct json *json = scene_participant(id, "employer", SCENE_GOOD_USCC, key);
    cr_assert(participant_parse(json, true, &participant, NULL) == ERR_OK);
    enum err err = registry_admit(f->overlay, &participant, index, ret_why);
    if (!err)
        cr_assert(overlay_accept(f->overlay, NULL, 0) == ERR_OK);
    else
        overlay_refuse(f->overlay);
    participant_done(&participant);
    json_done(json);
    key_secret_done(key);
    return err;
}

Test(contracts_registry, registry_gives_back_what_was_admitted) {
    static const enum key_alg algs[] = {KEY_ES256K, KEY_ED25519, KEY_ES256, KEY_SM2};
    struct fixture *f = begin();
    struct view view = overlay_view(f->overlay);
    for (size_t i = 0; i < 4; i++) {
        char id[16];
        struct registry_key row;
        struct registry_participant participant;
        (void)snprintf(id, sizeof id, "p%zu", i);
        cr_assert(admit(f, id, id, algs[i], 10 + i, NULL) == ERR_OK);
        struct key_secret *key = vector_key(algs[i], id);
        const struct key_public *public = key_secret_public(key);
        cr_assert(registry_key_get(view, public->kid, &row) == ERR_OK);
        cr_assert_str_eq(row.participant, id);
        cr_assert(row.alg == algs[i] && memcmp(row.point, public->point, 64) == 0);
        cr_assert(row.from == SCENE_CREATED_S && row.to == INT64_MAX && !row.revoked);
        cr_assert(row.bound_index == 10 + i);
        cr_assert(registry_participant_get(view, id, false, &participant) == ERR_OK);
        cr_assert(participant.status == REGISTRY_ACTIVE && participant.roles == ROLE_EMPLOYER);
        cr_assert(participant.admitted_index == 10 + i && !participant.json);
        registry_participant_done(&participant);
        key_secret_done(key);
    }
    end(f);
}

Test(contracts_registry, registry_json_shows_status_and_keys) {
    struct fixture *f = begin();
    struct registry_participant participant;
    struct key_secret *key = vector_key(KEY_ED25519, "k");
    cr_assert(admit(f, "acme", "k", KEY_ED25519, 3, NULL) == ERR_OK);
    cr_assert(registry_participant_get(overlay_view(f->overlay), "acme", true, &participant) ==
              ERR_OK);
    const struct json *json = participant.json, *entry = json_at(json_member(json, "keys"), 0);
    int64_t bound = 0;
    bool revoked = true;
    cr_assert_str_eq(json_text(json_member(json, "id")), "acme");
    cr_assert_str_eq(json_text(json_member(json, "status")), "active");
    cr_assert_str_eq(json_text(json_member(json, "uscc")), SCENE_GOOD_USCC);
    cr_assert_str_eq(json_text(json_member(entry, "kid")), key_secret_public(key)->kid);
    cr_assert(json_int(json_member(entry, "bound_index"), &bound) && bound == 3);
    cr_assert(json_bool(json_member(entry, "revoked"), &revoked) && !revoked);
    cr_assert(json_member(entry, "jwk") && !json_member(entry, "to"));
    registry_participant_done(&participant);
    key_secret_done(key);
    end(f);
}

Test(contracts_registry, registry_refuses_an_id_or_a_key_that_is_there) {
    struct fixture *f = begin();
    struct problem why;
    cr_assert(admit(f, "acme", "one", KEY_ES256K, 1, NULL) == ERR_OK);
    cr_assert(admit(f, "acme", "two", KEY_ES256K, 2, &why) == ERR_STATE);
    cr_assert_str_eq(why.pointer, "/id");
    cr_assert(admit(f, "zeta", "one", KEY_ES256K, 2, &why) == ERR_STATE);
    cr_assert_str_eq(why.pointer, "/keys");
    cr_assert(admit(f, "zeta", "two", KEY_ES256K, 2, &why) == ERR_OK);
    end(f);
}

Test(contracts_registry, registry_finds_nothing_where_there_is_nothing) {
    struct fixture *f = begin();
    struct registry_key row;
    struct registry_participant participant;
    cr_assert(admit(f, "acme", "one", KEY_ES256K, 1, NULL) == ERR_OK);
    struct view view = overlay_view(f->overlay);
    cr_assert(registry_key_get(view, KID_TEXT, &row) == ERR_NOT_FOUND);
    cr_assert(registry_participant_get(view, "acm", true, &participant) == ERR_NOT_FOUND);
    cr_assert(registry_participant_get(view, "", false, &participant) == ERR_NOT_FOUND);
    end(f);
}

static size_t page(struct view view, const char *after, size_t max, char *ret_next) {
    struct json *json = NULL;
    cr_assert(registry_list(view, after, max, &json) == ERR_OK);
    size_t count = json_count(json_member(json, "participants"));
    const struct json *next = json_member(json, "next");
    cr_assert(next && (json_kind(next) == JSON_KIND_NULL || json_text(next)));
    for (size_t i = 0; i < count; i++) {
        const struct json *id = json_member(json_at(json_member(json, "participants"), i), "id");
        cr_assert(strcmp(json_text(id), after) > 0);
    }
    (void)snprintf(ret_next, LIMIT_ID + 1, "%s", json_text(next) ? json_text(next) : "");
    json_done(json);
    return count;
}

Test(contracts_registry, registry_list_pages_through_everybody_once) {
    struct fixture *f = begin();
    struct view view = overlay_view(f->overlay);
    char next[LIMIT_ID + 1];
    cr_assert(page(view, "", 5, next) == 0 && next[0] == 0);
    for (size_t i = 0; i < 12; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "p%02zu", i);
        cr_assert(admit(f, id, id, KEY_ED25519, i, NULL) == ERR_OK);
    }
    memory_commit(&f->state, f->overlay);
    for (size_t max = 1; max <= 13; max++) {
        char after[LIMIT_ID + 1] = "";
        size_t seen = 0;
        do {
            seen += page(view, after, max, next);
            memcpy(after, next, sizeof after);
        } while (after[0]);
        cr_assert(seen == 12, "%zu a page: %zu", max, seen);
    }
    end(f);
}

Test(contracts_registry, registry_key_rows_have_these_bytes) {
    struct fixture *f = begin();
    struct key_secret *key = vector_key(KEY_ED25519, "one");
    struct state_key at = state_key_kid(key_secret_public(key)->kid);
    struct buf row;
    uint8_t expected[1 + 4 + 1 + 64 + 8 + 8 + 1 + 8] = {4, 'a', 'c', 'm', 'e', KEY_ED25519};
    memcpy(expected + 6, key_secret_public(key)->point, 64);
    put_u64(expected + 70, (uint64_t)SCENE_CREATED_S);
    put_u64(expected + 78, INT64_MAX);
    put_u64(expected + 87, 9);
    cr_assert(at.len == 2 + KEY_KID_LEN && memcmp(at.data, "k ", 2) == 0);
    buf_init(&row, 4096);
    cr_assert(admit(f, "acme", "one", KEY_ED25519, 9, NULL) == ERR_OK);
    struct view view = overlay_view(f->overlay);
    cr_assert(view.get(view.ctx, state_key_bytes(&at), &row) == ERR_OK);
    cr_assert(bytes_equal(buf_bytes(&row), bytes_of(expected, sizeof expected)));
    cr_assert(view.get(view.ctx, bytes_text("p acme"), &row) == ERR_OK);
    cr_assert(row.len > 11 && memcmp(row.data, "\0\0\1\0\0\0\0\0\0\0\x9{\"id\":\"acme\"", 23) == 0);
    buf_done(&row);
    key_secret_done(key);
    end(f);
}

Test(contracts_registry, registry_stops_at_every_shortened_row) {
    struct fixture *f = begin();
    struct registry_key key_row;
    struct registry_participant participant;
    struct key_secret *key = vector_key(KEY_ED25519, "one");
    const char *kid = key_secret_public(key)->kid;
    cr_assert(admit(f, "acme", "one", KEY_ED25519, 9, NULL) == ERR_OK);
    memory_commit(&f->state, f->overlay);
    struct view view = memory_view(&f->state);
    for (size_t r = 0; r < f->state.count; r++) {
        struct buf *value = &f->state.rows[r].value;
        size_t len = value->len;
        for (value->len = 0; value->len < len; value->len++) {
            bool is_key = f->state.rows[r].key.data[0] == 'k';
            enum err err = is_key ? registry_key_get(view, kid, &key_row)
                                  : registry_participant_get(view, "acme", true, &participant);
            cr_assert(err == ERR_CORRUPT, "row %zu, %zu bytes", r, value->len);
        }
    }
    key_secret_done(key);
    end(f);
}

/* Found by the fuzzer: JSON that can be read and is no object. */
Test(contracts_registry, registry_takes_a_row_without_members_for_corrupt) {
    struct fixture *f = begin();
    struct registry_participant participant;
    cr_assert(admit(f, "acme", "one", KEY_ED25519, 9, NULL) == ERR_OK);
    memory_commit(&f->state, f->overlay);
    memory_put(&f->state, bytes_text("p acme"), bytes_of("\0\0\1\0\0\0\0\0\0\0\x9[1]", 14));
    struct view view = memory_view(&f->state);
    cr_assert(registry_participant_get(view, "acme", false, &participant) == ERR_OK);
    cr_assert(registry_participant_get(view, "acme", true, &participant) == ERR_CORRUPT);
    end(f);
}

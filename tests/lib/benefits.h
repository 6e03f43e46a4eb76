/* Payers and payments in a scene (tests/lib/scene.h): tags by number, the acts of type benefit. acme and zeta are payers here. */
#ifndef QIZHENG_TESTS_LIB_BENEFITS_H
#define QIZHENG_TESTS_LIB_BENEFITS_H

#include "contracts/benefit.h"
#include "tests/lib/scene.h"

#define BENEFIT_DETERMINE                                                                          \
    "{\"item\":\"pension-monthly\",\"kind\":\"monthly\",\"start_period\":\"2026-12\","             \
    "\"basis\":\"社会保险法第十六条\",\"decided_at\":\"2026-11-20\"}"
#define BENEFIT_DISBURSE                                                                           \
    "{\"item\":\"pension-monthly\",\"period\":\"2026-12\",\"batch_no\":\"P-2026-12\","             \
    "\"result\":\"paid\"}"
#define BENEFIT_BATCH                                                                              \
    "{\"item\":\"pension-monthly\",\"period\":\"2026-12\",\"batch_no\":\"P-2026-12\",\"count\":1," \
    "\"sum\":300000,\"items_root\":\"" SCENE_DIGEST "\"}"
#define BENEFIT_SUSPEND "{\"from_period\":\"2027-02\",\"reason\":\"under-review\"}"
#define BENEFIT_RESUME "{\"from_period\":\"2027-04\",\"reason\":\"cleared\"}"
#define BENEFIT_TERMINATE "{\"from_period\":\"2027-06\",\"reason\":\"death\"}"

struct benefit_act {
    const char *iss, *act, *base, *over;
    unsigned person, worker; /* numbers of tags; 0: none */
    const uint8_t *ref, *replaces;
};

static inline void benefit_tag(unsigned number, uint8_t ret[32]) {
    memset(ret, 0, 32);
    put_u32(ret, number);
}

static inline void benefit_put_tag(struct json *tags, const char *role, const char *domain,
                                   unsigned number) {
    uint8_t raw[32];
    char text[44], tag[128];
    if (number == 0) return;
    benefit_tag(number, raw);
    base64url_write(bytes_of(raw, 32), text);
    (void)snprintf(tag, sizeof tag, "{\"d\":\"%s\",\"v\":1,\"t\":\"%s\"}", domain, text);
    cr_assert(json_put(tags, role, json_text_of(tag)) == ERR_OK);
}

static inline struct buf benefit_record(struct scene *scene, struct benefit_act act) {
    struct json *claims = json_over(act.base, act.over ? act.over : "{}");
    struct json *tags = json_new_object();
    benefit_put_tag(tags, BENEFIT_PERSON, "benefit", act.person);
    benefit_put_tag(tags, BENEFIT_WORKER, "labour", act.worker);
    if (json_count(tags))
        cr_assert(json_put(claims, "tags", tags) == ERR_OK);
    else
        json_done(tags);
    if (act.ref) json_put_id(claims, "ref", act.ref);
    if (act.replaces) json_put_id(claims, "replaces", act.replaces);
    bool acme = strcmp(act.iss, "acme") == 0;
    return scene_record(scene, claims, act.iss, "benefit", act.act,
                        acme ? scene->acme : scene->zeta);
}

/* ret_id may be NULL. */
static inline enum err benefit_submit(struct scene *scene, struct benefit_act act,
                                      uint8_t *ret_id) {
    struct buf compact = benefit_record(scene, act);
    if (ret_id) record_id_of(&compact, ret_id);
    return scene_submit(scene, compact);
}

static inline struct scene *benefit_scene(const char *over) {
    struct scene *scene = calloc(1, sizeof *scene);
    cr_assert(scene);
    scene_begin_with(scene, 1, over);
    scene_admit(scene, "acme", "payer", scene->acme);
    scene_admit(scene, "zeta", "payer", scene->zeta);
    return scene;
}

static inline void benefit_scene_done(struct scene *scene) {
    scene_done(scene);
    free(scene);
}

#endif

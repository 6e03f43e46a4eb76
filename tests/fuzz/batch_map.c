/* The map of a table, in YAML: taken with everything in its range, or refused with a reason.
 * fuzz: max_len=1024 dict=batch_map */
#include "tests/fuzz/lib/fuzz.h"

#include "api/cli/batch_map.h"

static void source_run(const struct map_source *source) {
    FUZZ_CHECK(!source->column || !source->constant);
    FUZZ_CHECK(source->kind < BATCH_KIND_COUNT && batch_kind_form(source->kind)[0]);
}

static void taken(const struct batch_map *map) {
    FUZZ_CHECK(map->type && map->act && map->claim_count <= MAP_CLAIMS_MAX);
    FUZZ_CHECK(map->tag_count <= LIMIT_TAGS && map->doc_alg < DIGEST_ALG_COUNT);
    for (size_t i = 0; i < map->claim_count; i++) {
        FUZZ_CHECK(map->claims[i].name && map->claims[i].name[0]);
        FUZZ_CHECK(map->claims[i].source.column || map->claims[i].source.constant);
        source_run(&map->claims[i].source);
        for (size_t j = 0; j < i; j++)
            FUZZ_CHECK(strcmp(map->claims[i].name, map->claims[j].name) != 0);
    }
    for (size_t i = 0; i < map->tag_count; i++) {
        FUZZ_CHECK(map->tags[i].role && map->tags[i].domain && map->tags[i].column);
        FUZZ_CHECK(map->tags[i].is_ready || map->tags[i].id_type);
    }
    source_run(&map->ref);
    source_run(&map->doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct batch_map *map = NULL;
    struct problem why = {0};
    enum err err = batch_map_parse(bytes_of(data, size), &map, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_SCHEMA && why.detail[0]));
    if (err) return 0;
    taken(map);
    batch_map_done(map);
    return 0;
}

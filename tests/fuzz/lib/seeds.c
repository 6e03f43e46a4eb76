/* Writes what real ledgers give into the corpora: `fuzz_seeds CORPUS`. The seeds that are mere text are seeds.py's. */
#include "tests/fuzz/lib/ledger.h"
#include "tests/lib/world.h"

#include <sys/stat.h>

static const char *corpus;

static void write_parts(const char *target, const char *name, const struct bytes *parts,
                        size_t count) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", corpus, target);
    (void)mkdir(path, 0777);
    (void)snprintf(path, sizeof path, "%s/%s/%s", corpus, target, name);
    FILE *file = fopen(path, "wb");
    FUZZ_CHECK(file);
    for (size_t i = 0; i < count; i++)
        FUZZ_CHECK(parts[i].len == 0 ||
                   fwrite(parts[i].data, 1, parts[i].len, file) == parts[i].len);
    FUZZ_CHECK(fclose(file) == 0);
}

static void write_one(const char *target, const char *name, struct bytes content) {
    write_parts(target, name, &content, 1);
}

/* Notes, checkpoints, policies, proofs and evidence of a ledger of four nodes. */
static void log_seeds(struct world *world) {
    struct bytes nothing = bytes_of("", 1);
    struct buf policy = world_policy(world), text, body = world_body(world, world->size);
    struct buf note = world_checkpoint(world, world->size, 3, 15);
    struct buf small = world_checkpoint(world, 4, 1, 7), proof = world_proof(world, 4, world->size);
    struct bytes both[] = {buf_bytes(&policy), nothing, buf_bytes(&note)};
    struct bytes three[] = {buf_bytes(&small), nothing, buf_bytes(&note), nothing};
    write_one("note", "world", buf_bytes(&note));
    write_one("checkpoint", "world", buf_bytes(&body));
    write_one("tlog_proof", "world", buf_bytes(&proof));
    write_parts("policy", "world", both, 3);
    write_parts("conflict", "world", three, 4);
    three[0] = buf_bytes(&note);
    write_parts("conflict", "same", three, 4);
    buf_init(&text, 1024);
    FUZZ_CHECK(vkey_format(&world->logs[0], &text) == ERR_OK);
    write_one("vkey", "log", buf_bytes(&text));
    buf_clear(&text);
    FUZZ_CHECK(vkey_format(&world->cosigners[0], &text) == ERR_OK);
    write_one("vkey", "cosigner", buf_bytes(&text));
    buf_done(&policy);
    buf_done(&text);
    buf_done(&body);
    buf_done(&note);
    buf_done(&small);
    buf_done(&proof);
}

static void record_seeds(struct world *world) {
    char name[48];
    write_one("genesis", "world", buf_bytes(&world->genesis));
    for (size_t i = 1; i < world->size; i++) {
        (void)snprintf(name, sizeof name, "world-%zu", i);
        write_one("record", name, buf_bytes(&world->bodies[i]));
        write_one("jws", name, buf_bytes(&world->bodies[i]));
    }
    for (size_t i = 0; i < world->size; i++) {
        uint8_t which = (uint8_t)i;
        (void)snprintf(name, sizeof name, "world-%zu", i);
        write_one("verify", name, bytes_of(&which, 1));
    }
}

/* The rows of the ledger in memory: each as it is in its own place, and as the one row that everybody reads. */
static void row_seeds(void) {
    static struct fuzz_ledger ledger;
    char name[48];
    fuzz_ledger_begin(&ledger);
    write_one("genesis", "scene", ledger.scene.genesis->bytes);
    for (size_t i = 0; i < ledger.scene.state.count; i++) {
        struct bytes value = buf_bytes(&ledger.scene.state.rows[i].value);
        for (uint8_t reader = 0; reader < 5; reader++) {
            uint8_t which = reader < 4 ? reader : (uint8_t)(4 + i);
            struct bytes parts[] = {bytes_of(&which, 1), value};
            (void)snprintf(name, sizeof name, "row-%zu-%u", i, reader);
            write_parts("rows", name, parts, 2);
        }
    }
    struct buf order;
    buf_init(&order, LIMIT_HEAD);
    FUZZ_CHECK(order_state_encode(&ledger.scene.tip.order, &order) == ERR_OK);
    write_one("order_state", "scene", buf_bytes(&order));
    buf_done(&order);
    scene_done(&ledger.scene);
}

int main(int argc, char **argv) {
    static struct world world;
    FUZZ_CHECK(argc == 2);
    corpus = argv[1];
    world_begin(&world, 4);
    log_seeds(&world);
    record_seeds(&world);
    world_end(&world);
    row_seeds();
    return 0;
}

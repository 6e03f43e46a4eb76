/* The whole process in one: what it refuses to start on, and that it starts, stops and starts again. */
#include "node/node.h"

#include "api/log.h"
#include "tests/lib/pipeline.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static struct world world;
static char folder[FOLDER_LEN];
static struct config config;
static struct config_foreign foreign[2];
static atomic_uint fatal_calls;

static void write_seed(const char *name, mode_t mode) {
    uint8_t seed[32];
    char hex[65], path[FOLDER_LEN];
    vector_seed(name, seed);
    hex_encode(bytes_of(seed, 32), hex);
    folder_path(config.node.keys_dir, "node.seed", path);
    (void)remove(path);
    folder_write(config.node.keys_dir, "node.seed", bytes_text(hex));
    cr_assert(chmod(path, mode) == 0);
}

static void write_lastsigned(void) {
    char path[FOLDER_LEN];
    struct lastsigned *file = NULL;
    struct problem why = {0};
    folder_path(config.node.keys_dir, "last-signed", path);
    cr_assert(lastsigned_open(path, world.ledger_id, true, &file, &why) == ERR_OK, "%s",
              why.detail);
    lastsigned_close(file);
}

static void setup(void) {
    static char keys[FOLDER_LEN], data[FOLDER_LEN];
    log_set_level(LOG_ERROR);
    store_fault = fault_ask;
    world_begin(&world, 1);
    folder_make(folder);
    folder_path(folder, "keys", keys);
    folder_path(folder, "data", data);
    cr_assert(mkdir(keys, 0700) == 0 && mkdir(data, 0700) == 0);
    folder_write(data, "genesis.json", buf_bytes(&world.genesis));
    config.node.name = world.cosigners[0].name;
    config.node.keys_dir = keys;
    config.data_dir = data;
    config.listen = (char *)(uintptr_t) "127.0.0.1:0";
    config.http.threads = 4;
    config.http.request_timeout_ms = 2000;
    config.http.queue_records = 16;
    config.foreign_logs = foreign;
    write_seed("world node 1", 0600);
    write_lastsigned();
}

static void teardown(void) {
    world_end(&world);
    folder_remove(folder);
}

TestSuite(node_node, .init = setup, .fini = teardown, .timeout = 120);

static void on_fatal(void *ctx) {
    cr_assert(ctx == &fatal_calls);
    atomic_fetch_add(&fatal_calls, 1);
}

static enum err try(struct node **ret, struct problem *ret_why) {
    return node_start(&config, on_fatal, &fatal_calls, ret, ret_why);
}

static struct node *start(void) {
    struct node *node = NULL;
    struct problem why = {0};
    enum err err = try(&node, &why);
    cr_assert(err == ERR_OK, "%s: %s", err_code(err), why.detail);
    return node;
}

static void expect_no_start(enum err expected, const char *word) {
    struct node *node = NULL;
    struct problem why = {0};
    enum err err = try(&node, &why);
    cr_expect(err == expected, "%s: %s", err_code(err), why.detail);
    cr_expect(strstr(why.detail, word), "%s", why.detail);
    cr_expect(node == NULL);
}

/* One request on a connection of its own; the whole answer. */
static size_t request(const struct node *node, const char *text, char *ret, size_t ret_len) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)node_port(node))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t len = 0;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    cr_assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    for (ssize_t got; len + 1 < ret_len && (got = read(fd, ret + len, ret_len - 1 - len)) > 0;)
        len += (size_t)got;
    ret[len] = 0;
    close(fd);
    return len;
}

static void expect_reply(const struct node *node, const char *path, const char *status,
                         const char *word) {
    static char reply[65536];
    char text[256];
    (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                   path);
    cr_assert(request(node, text, reply, sizeof reply) > 12);
    cr_expect(strncmp(reply + 9, status, 3) == 0, "%s: %.80s", path, reply);
    cr_expect(strstr(reply, word), "%s: %s", path, reply);
}

/* -- good starts -- */

Test(node_node, it_starts_answers_stops_and_starts_again) {
    for (int again = 0; again < 3; again++) {
        struct node *node = start();
        cr_expect(node_port(node) > 0);
        expect_reply(node, "/readyz", "200", "");
        expect_reply(node, "/v1/status", "200", "\"tree_size\":1");
        expect_reply(node, "/checkpoint", "200", WORLD_ORIGIN);
        node_stop(node);
    }
    node_stop(NULL);
    cr_expect(atomic_load(&fatal_calls) == 0);
}

Test(node_node, a_full_disk_is_said_and_does_not_keep_it_from_stopping) {
    struct node *node = start();
    atomic_store(&disk_is_full, true);
    expect_reply(node, "/checkpoint", "200", WORLD_ORIGIN);
    uint64_t start_ms = now_ms();
    node_stop(node);
    cr_expect(now_ms() - start_ms < 10000);
    atomic_store(&disk_is_full, false);
    node_stop(start());
}

/* -- what it refuses -- */

/* A caller who waits for a receipt that will not come is told so, and does not keep the node from ending. */
Test(node_node, after_a_failure_nobody_waits_for_what_does_not_become_final) {
    struct node *node = start();
    char text[8192], reply[8192];
    const struct buf *body = &world.bodies[1];
    (void)snprintf(
        text, sizeof text,
        "POST /v1/records HTTP/1.1\r\nHost: a\r\nConnection: close\r\nPrefer: wait=50\r\n"
        "Content-Type: application/jose\r\nContent-Length: %zu\r\n\r\n%.*s",
        body->len, (int)body->len, (const char *)body->data);
    fault_set("kv_write", true, ERR_IO);
    uint64_t start_ms = now_ms();
    cr_assert(request(node, text, reply, sizeof reply) > 12);
    cr_expect(strncmp(reply + 9, "202", 3) == 0, "%.80s", reply);
    node_stop(node);
    cr_expect(now_ms() - start_ms < 20000, "%u ms", (unsigned)(now_ms() - start_ms));
    cr_expect(atomic_load(&fatal_calls) == 1 && atomic_load(&fault.failed) == 1);
    fault_clear();
    atomic_store(&fatal_calls, 0);
    node = start();
    cr_assert(request(node, text, reply, sizeof reply) > 12);
    cr_expect(strncmp(reply + 9, "201", 3) == 0, "%.80s", reply);
    node_stop(node);
}

Test(node_node, a_ledger_that_is_not_there_is_said) {
    char path[FOLDER_LEN];
    folder_path(config.data_dir, "genesis.json", path);
    cr_assert(remove(path) == 0);
    expect_no_start(ERR_CONFIG, "genesis.json");
    folder_write(config.data_dir, "genesis.json", bytes_text("{}"));
    expect_no_start(ERR_SCHEMA, "");
    static uint8_t large[LIMIT_GENESIS + 1];
    folder_write(config.data_dir, "genesis.json", bytes_of(large, sizeof large));
    expect_no_start(ERR_TOO_LARGE, "genesis.json");
}

Test(node_node, a_name_that_the_genesis_does_not_list_is_said) {
    config.node.name = (char *)(uintptr_t) "somebody";
    expect_no_start(ERR_CONFIG, "somebody");
}

Test(node_node, another_nodes_seed_is_refused) {
    char path[FOLDER_LEN];
    write_seed("world node 2", 0600);
    expect_no_start(ERR_KEY, "node.seed");
    write_seed("world node 1", 0644);
    expect_no_start(ERR_KEY_MODE, "node.seed");
    folder_path(config.node.keys_dir, "node.seed", path);
    cr_assert(remove(path) == 0);
    folder_write(config.node.keys_dir, "node.seed", bytes_text("not hex\n"));
    cr_assert(chmod(path, 0600) == 0);
    expect_no_start(ERR_KEY, "node.seed");
    cr_assert(remove(path) == 0);
    expect_no_start(ERR_NOT_FOUND, "node.seed");
}

Test(node_node, a_key_directory_without_its_memory_is_refused) {
    char path[FOLDER_LEN];
    folder_path(config.node.keys_dir, "last-signed", path);
    cr_assert(remove(path) == 0);
    expect_no_start(ERR_ROLLBACK, "last-signed");
}

Test(node_node, older_data_are_refused) {
    char path[FOLDER_LEN];
    struct lastsigned *file = NULL;
    struct problem why = {0};
    struct witness_state state = {.size = 9};
    folder_path(config.node.keys_dir, "last-signed", path);
    cr_assert(lastsigned_open(path, world.ledger_id, false, &file, &why) == ERR_OK);
    cr_assert(lastsigned_put(file, &state, &why) == ERR_OK);
    lastsigned_close(file);
    expect_no_start(ERR_ROLLBACK, "9");
}

Test(node_node, two_nodes_cannot_share_their_data) {
    struct node *node = start();
    expect_no_start(ERR_LOCKED, "");
    node_stop(node);
}

Test(node_node, an_address_in_use_is_said) {
    static char listen[64];
    struct node *node = start();
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", node_port(node));
    struct config other = config;
    static char data[FOLDER_LEN], keys[FOLDER_LEN];
    folder_path(folder, "data2", data);
    folder_path(folder, "keys2", keys);
    cr_assert(mkdir(keys, 0700) == 0 && mkdir(data, 0700) == 0);
    config.data_dir = data;
    config.node.keys_dir = keys;
    config.listen = listen;
    folder_write(data, "genesis.json", buf_bytes(&world.genesis));
    write_seed("world node 1", 0600);
    write_lastsigned();
    expect_no_start(ERR_IO, listen);
    node_stop(node);
    config = other;
}

static void expect_foreign_refused(unsigned count, const char *word) {
    config.foreign_logs_count = count;
    expect_no_start(ERR_CONFIG, "foreign_logs");
    expect_no_start(ERR_CONFIG, word);
}

Test(node_node, foreign_logs_are_keys_of_other_logs) {
    struct buf own, witness;
    buf_init(&own, 512);
    buf_init(&witness, 512);
    cr_assert(vkey_format(&world.logs[0], &own) == ERR_OK);
    cr_assert(vkey_format(&world.cosigners[0], &witness) == ERR_OK);
    static char good[] = "log.example.org+032b1aab+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
    struct key_secret *key = vector_key(KEY_ED25519, "node other log");
    struct vkey vkey;
    struct buf text;
    buf_init(&text, 512);
    cr_assert(vkey_make("log.example.org", NOTE_TYPE_ED25519, key_secret_public(key), &vkey) ==
              ERR_OK);
    cr_assert(vkey_format(&vkey, &text) == ERR_OK);
    foreign[0].vkey = (char *)(uintptr_t)buf_text(&text);
    foreign[1].vkey = (char *)(uintptr_t) "junk";
    expect_foreign_refused(2, "key 2");
    foreign[1].vkey = good;
    good[sizeof good - 2] ^= 1;
    expect_foreign_refused(2, "key 2");
    foreign[0].vkey = (char *)(uintptr_t)buf_text(&own);
    expect_foreign_refused(1, "key 1");
    foreign[0].vkey = (char *)(uintptr_t)buf_text(&witness);
    expect_foreign_refused(1, "key 1");
    foreign[0].vkey = (char *)(uintptr_t)buf_text(&text);
    config.foreign_logs_count = 1;
    node_stop(start());
    key_secret_done(key);
    buf_done(&text);
    buf_done(&own);
    buf_done(&witness);
}

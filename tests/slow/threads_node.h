/* What threads_node.c and threads_upload.h work on: a ledger of one node in a folder, the node started and stopped in this process, participants and their records, and one request on a connection of its
 * own. Any thread, but for what says otherwise. */
#ifndef QIZHENG_TESTS_SLOW_THREADS_NODE_H
#define QIZHENG_TESTS_SLOW_THREADS_NODE_H

#include "api/log.h"
#include "ledger/record/token.h"
#include "ledger/store/entropy.h"
#include "ledger/store/keyfile.h"
#include "node/clock.h"
#include "node/node.h"
#include "tests/lib/folder.h"
#include "tests/lib/node.h"
#include "tests/lib/scene.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define EMPLOYERS 4
#define REPLY_ROOM (64u * 1024 * 1024)
#define ANSWER_S 60
#define STOP_MS 30000 /* the node waits 15 s for answers that are under way */
#define ELEMENT "4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY" /* the generator: a public key */

static struct world world; /* of its nodes and keys; the genesis is ours */
static char folder[FOLDER_LEN], keys_dir[FOLDER_LEN], data_dir[FOLDER_LEN];
static struct config config;
static struct buf policy;
static int64_t created_s;
static char aud[65];
static struct key_secret *employers[EMPLOYERS], *suspended_one, *auditor;
static struct node *node; /* the main thread's */
static atomic_uint port;  /* 0: the node is not there */
static atomic_uint stops; /* begun */
static atomic_uint ended; /* stops, too: over */

/* Numbers of its own for each thread. */
static inline uint32_t random_next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* -- records -- */

static inline struct json *participant_claims(const char *id, const char *role,
                                              const struct key_secret *key, int64_t from_s) {
    struct json *json = scene_participant(id, role, SCENE_GOOD_USCC, key);
    struct json *entry = (struct json *)(uintptr_t)json_at(json_member(json, "keys"), 0);
    cr_assert(json_put_int(entry, "from", from_s) == ERR_OK);
    return json;
}

/* Signs the claims, which are freed, with what every record has; a new one each time. */
static inline struct buf record_sign(struct json *claims, const char *iss, const char *type,
                                     const char *act, const struct key_secret *key) {
    char vct[96], jti[32];
    uint8_t raw[16];
    entropy(raw, sizeof raw);
    base64url_write(bytes_of(raw, sizeof raw), jti);
    (void)snprintf(vct, sizeof vct, "urn:qizheng:%s:1", type);
    cr_assert(json_put_text(claims, "iss", iss) == ERR_OK);
    cr_assert(json_put_text(claims, "aud", aud) == ERR_OK);
    cr_assert(json_put_int(claims, "iat", (int64_t)(clock_unix_ms() / 1000)) == ERR_OK);
    cr_assert(json_put_text(claims, "jti", jti) == ERR_OK);
    cr_assert(json_put_text(claims, "vct", vct) == ERR_OK);
    cr_assert(json_put_text(claims, "act", act) == ERR_OK);
    return scene_sign(claims, key);
}

static inline struct buf governance(const char *act, struct json *claims) {
    return record_sign(claims, "registrar", "participant", act, world.registrar);
}

static inline struct buf admission(const char *id, const char *role, const struct key_secret *key) {
    return governance("admit", participant_claims(id, role, key, created_s));
}

/* A lawful contract that nobody has seen. */
static inline struct buf contract(const char *iss, const struct key_secret *key) {
    return record_sign(json_text_of(SCENE_CONTRACT), iss, "labour-contract", "conclude", key);
}

static inline struct buf contract_of(unsigned employer) {
    char id[32];
    (void)snprintf(id, sizeof id, "employer-%u", employer);
    return contract(id, employers[employer]);
}

/* -- the ledger -- */

static inline void genesis_write(void) {
    struct json *json = NULL, *people = json_new_array();
    cr_assert(json_parse(buf_bytes(&world.genesis), &json, NULL) == ERR_OK);
    cr_assert(json_push(people, participant_claims("operator", "operator", world.operator,
                                                   created_s)) == ERR_OK);
    cr_assert(json_push(people, participant_claims("registrar", "registrar", world.registrar,
                                                   created_s)) == ERR_OK);
    cr_assert(json_put(json, "participants", people) == ERR_OK);
    cr_assert(json_put_int(json, "created", created_s * 1000) == ERR_OK);
    cr_assert(json_put(json, "parameters", machine_parameters_default()) == ERR_OK);
    cr_assert(json_put(json, "rules", rules_genesis_json()) == ERR_OK);
    struct buf text = json_bytes_of(json);
    sha256(buf_bytes(&text), world.ledger_id);
    hex_encode(bytes_of(world.ledger_id, 32), aud);
    folder_write(data_dir, "genesis.json", buf_bytes(&text));
    buf_done(&text);
    json_done(json);
}

static inline void key_write(const char *name, const uint8_t secret[32]) {
    char hex[65], path[FOLDER_LEN];
    hex_encode(bytes_of(secret, 32), hex);
    folder_write(keys_dir, name, bytes_text(hex));
    folder_path(keys_dir, name, path);
    cr_assert(chmod(path, 0600) == 0);
}

static inline void keys_write(void) {
    uint8_t seed[32], one[32] = {1};
    char path[FOLDER_LEN];
    struct lastsigned *file = NULL;
    struct problem why = {0};
    vector_seed("world node 1", seed);
    key_write("node.seed", seed);
    key_write("tag-labour-1.key", one);
    folder_path(keys_dir, "last-signed", path);
    cr_assert(lastsigned_open(path, world.ledger_id, true, &file, &why) == ERR_OK);
    lastsigned_close(file);
}

/* An hour old, so that whoever was admitted at its start may sign now. */
static inline void ledger_make(void) {
    world_tag_key = ELEMENT;
    world_begin(&world, 1);
    folder_make(folder);
    folder_path(folder, "keys", keys_dir);
    folder_path(folder, "data", data_dir);
    cr_assert(mkdir(keys_dir, 0700) == 0 && mkdir(data_dir, 0700) == 0);
    created_s = (int64_t)(clock_unix_ms() / 1000) - 3600;
    genesis_write();
    keys_write();
    policy = world_policy(&world);
    config.node.name = world.cosigners[0].name;
    config.node.keys_dir = keys_dir;
    config.data_dir = data_dir;
    config.listen = (char *)(uintptr_t) "127.0.0.1:0";
    config.http.threads = 40;
    config.http.request_timeout_ms = 20000;
    config.http.queue_records = 64;
    config.limits.tags_per_day = config.limits.lookups_per_day = LIMIT_TAGS_PER_DAY;
    for (unsigned i = 0; i < EMPLOYERS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "employer-%u", i);
        employers[i] = vector_key(i % 2 ? KEY_ES256K : KEY_ED25519, name);
    }
    suspended_one = vector_key(KEY_ED25519, "suspended one");
    auditor = vector_key(KEY_ED25519, "auditor");
}

static inline void ledger_remove(void) {
    for (unsigned i = 0; i < EMPLOYERS; i++) key_secret_done(employers[i]);
    key_secret_done(suspended_one);
    key_secret_done(auditor);
    buf_done(&policy);
    world_end(&world);
    folder_remove(folder);
}

/* -- the node: the main thread starts and stops it -- */

static inline void node_fatal(void *ctx) {
    (void)ctx;
    cr_assert(!"the node goes on");
}

static inline void node_begin(void) {
    struct problem why = {0};
    enum err err = node_start(&config, node_fatal, NULL, &node, &why);
    if (err) (void)fprintf(stderr, "%s: %s\n", err_code(err), why.detail);
    cr_assert(err == ERR_OK);
    atomic_store(&port, node_port(node));
}

/* Whoever sleeps is woken by it. */
static inline void node_end(void) {
    uint64_t began_ms = now_ms();
    atomic_fetch_add(&stops, 1);
    node_stop(node);
    cr_assert(now_ms() - began_ms < STOP_MS);
    atomic_store(&port, 0);
    atomic_fetch_add(&ended, 1);
    node = NULL;
}

/* -- one request -- */

struct reply {
    int status; /* 0: there was none, or it was cut in its head */
    bool is_whole, is_late;
    struct buf text;
    struct bytes body; /* of text */
};

/* From an address of its own for each `who`, since some limits are of an address. -1: nobody is there. */
static inline int dial(unsigned who) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000002u + who)}};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval a_look = {1, 0}, limit = {ANSWER_S, 0};
    unsigned now = atomic_load(&port);
    if (!now) return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof from) == 0);
    cr_assert(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &a_look, sizeof a_look) == 0);
    cr_assert(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
    to.sin_port = htons((uint16_t)now);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    (void)close(fd);
    return -1;
}

/* False where the node has closed. */
static inline bool send_all(int fd, struct bytes data) {
    for (size_t at = 0; at < data.len;) {
        ssize_t sent = send(fd, data.data + at, data.len - at, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += (size_t)sent;
    }
    return true;
}

/* more: header lines, each with its end. */
static inline bool send_head(int fd, const char *method, const char *path, const char *more,
                             size_t body_len) {
    char head[4096];
    int len = snprintf(head, sizeof head,
                       "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%sContent-Length: "
                       "%zu\r\n\r\n",
                       method, path, more, body_len);
    cr_assert(len > 0 && (size_t)len < sizeof head);
    return send_all(fd, bytes_of(head, (size_t)len));
}

/* Chunks put together in place; false where the last one is missing. */
static inline bool dechunk(struct buf *text, size_t from, size_t *ret_len) {
    size_t at = from, to = from;
    for (;;) {
        const char *line = (const char *)text->data + at;
        const char *end = memmem(line, text->len - at, "\r\n", 2);
        size_t len = end ? strtoul(line, NULL, 16) : 0;
        *ret_len = to - from;
        if (!end) return false;
        if (len == 0) return true;
        at += (size_t)(end - line) + 2;
        if (text->len - at < len + 2) return false;
        memmove(text->data + to, text->data + at, len);
        to += len;
        at += len + 2;
    }
}

/* Until the node closes, or has stopped since the question: a process that ended would have closed what it had accepted and given to no thread. */
static inline struct reply receive(int fd, unsigned ended_before) {
    struct reply reply = {0};
    ssize_t got = 1;
    unsigned waited_s = 0;
    buf_init(&reply.text, REPLY_ROOM);
    while (got != 0 && waited_s < ANSWER_S && atomic_load(&ended) == ended_before) {
        cr_assert(buf_reserve(&reply.text, reply.text.len + 65536 + 1) == ERR_OK);
        got = recv(fd, reply.text.data + reply.text.len, 65536, 0);
        if (got > 0) reply.text.len += (size_t)got;
        if (got < 0 && errno != EAGAIN) break;
        waited_s = got < 0 ? waited_s + 1 : 0;
    }
    reply.is_late = waited_s == ANSWER_S;
    cr_assert(buf_reserve(&reply.text, reply.text.len + 1) == ERR_OK);
    reply.text.data[reply.text.len] = 0;
    char *text = (char *)reply.text.data, *end = strstr(text, "\r\n\r\n");
    if (!end) return reply;
    size_t from = (size_t)(end + 4 - text), len = reply.text.len - from;
    const char *length = strcasestr(text, "\r\nContent-Length: ");
    reply.status = (int)strtol(text + 9, NULL, 10);
    if (length && length < end)
        reply.is_whole = len == strtoul(length + 18, NULL, 10);
    else
        reply.is_whole = dechunk(&reply.text, from, &len);
    reply.text.data[from + len] = 0;
    reply.body = bytes_of(reply.text.data + from, len);
    return reply;
}

/* An answer that is cut, as by a stop, counts as none; one that does not come ends the test. The caller frees reply.text. */
static inline struct reply ask(unsigned who, const char *method, const char *path, const char *more,
                               struct bytes body) {
    struct reply reply = {0};
    unsigned ended_before = atomic_load(&ended);
    int fd = dial(who);
    if (fd < 0) return reply;
    (void)(send_head(fd, method, path, more, body.len) && send_all(fd, body));
    reply = receive(fd, ended_before);
    (void)close(fd);
    if (reply.is_late) (void)fprintf(stderr, "no answer to %s %s\n", method, path);
    cr_assert(!reply.is_late);
    if (!reply.is_whole) reply.status = 0;
    return reply;
}

static inline struct reply get(unsigned who, const char *path) {
    return ask(who, "GET", path, "", bytes_of(NULL, 0));
}

/* With an access token of the auditor. */
static inline struct reply ask_as_auditor(unsigned who, const char *method, const char *path,
                                          const char *more, struct bytes body) {
    char bare[512], head[LIMIT_TOKEN + 128];
    struct buf token;
    (void)snprintf(bare, sizeof bare, "%s", path);
    bare[strcspn(bare, "?")] = 0;
    struct token_make make = {.iss = "auditor",
                              .node = config.node.name,
                              .method = method,
                              .path = bare,
                              .purpose = "threads",
                              .body = body,
                              .now_s = (int64_t)(clock_unix_ms() / 1000),
                              .life_s = 60};
    entropy(make.jti, sizeof make.jti);
    buf_init(&token, LIMIT_TOKEN);
    cr_assert(token_sign(auditor, &make, &token) == ERR_OK);
    (void)snprintf(head, sizeof head, "%sAuthorization: Bearer %s\r\n", more, buf_text(&token));
    buf_done(&token);
    return ask(who, method, path, head, body);
}

/* Nothing now: the node stops, is not there, or has no place left. */
static inline bool is_later(const struct reply *reply) {
    return reply->status == 0 || reply->status == 429 || reply->status == 503;
}

/* Whatever is asked comes again after a rest. */
static inline void rest_after(const struct reply *reply) {
    if (is_later(reply)) sleep_ms(100);
}

static inline void expect_status(const struct reply *reply, bool holds) {
    if (!holds)
        (void)fprintf(stderr, "status %d: %.*s\n", reply->status,
                      (int)(reply->body.len < 2000 ? reply->body.len : 2000),
                      (const char *)reply->body.data);
    cr_assert(holds);
}

static inline struct json *json_of(struct bytes text) {
    struct json *json = NULL;
    cr_assert(json_parse(text, &json, NULL) == ERR_OK);
    return json;
}

static inline uint64_t number_of(const struct json *json, const char *name) {
    int64_t number = -1;
    cr_assert(json_int(json_member(json, name), &number) && number >= 0);
    return (uint64_t)number;
}

#endif

/* A whole ledger of one node for the fault table: `qizheng init`, the real node with its threads and its HTTP server, and a client that sends records, keeps every receipt, and looks at
 * everything from outside afterwards. What the client does are acts: each may be run again after it failed, as a caller would, and is done when it gives true. Everything that must
 * never happen ends the test. */
#ifndef QIZHENG_TESTS_LIB_TOWN_H
#define QIZHENG_TESTS_LIB_TOWN_H

#include "api/cli/batch_progress.h"
#include "api/cli/command.h"
#include "api/cli/disk.h"
#include "api/cli/signer.h"
#include "api/log.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/note.h"
#include "ledger/proof/qizheng.h"
#include "ledger/proof/tlog_proof.h"
#include "ledger/store/fault.h"
#include "node/node.h"
#include "node/tagbudget.h"
#include "tests/lib/benefits.h"
#include "tests/lib/store.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#define TOWN_PAPERS 16
#define TOWN_RECEIPTS 512
#define TOWN_ROWS 2 /* payments of the table */
#define TOWN_REPLY (1024 * 1024)

enum paper_name { /* of the records that the client signs once and sends as often as it must */
                  PAPER_ACME,
                  PAPER_FUND,
                  PAPER_CONTRACT,
                  PAPER_STRANGER, /* refused: nobody knows its issuer */
                  PAPER_AMENDED,
                  PAPER_ROTATED, /* changes a row that was read, and so kept in memory */
                  PAPER_BENEFIT,
                  PAPER_AGAIN, /* refused: the benefit's first month is paid already */
                  PAPER_UP_1,  /* sent as an upload */
                  PAPER_UP_2,
                  PAPER_LAST,
                  PAPER_COUNT
};

struct paper {
    struct buf jws;
    uint8_t id[RECORD_ID_LEN];
    bool is_refused;
    bool is_known; /* the node said where it is */
    uint64_t index;
};

struct town {
    char dir[PATH_LEN], ledger[PATH_LEN];
    bool is_founded;
    uint8_t ledger_id[32];
    char origin_hex[65];
    struct key_secret *registrar;
    struct config *config;
    struct node *node;
    atomic_bool is_fatal;
    struct paper papers[PAPER_COUNT];
    struct batch_rows rows;
    char paid[TOWN_ROWS][2 * RECORD_ID_LEN + 1]; /* ids that were sent for the rows */
    unsigned signatures;                         /* of payments: makes each another record */
    char upload[64];                             /* path of its progress; "" before its 202 */
    uint64_t tags_taken;
    /* -- everything the node ever let out -- */
    struct buf receipts[TOWN_RECEIPTS];
    size_t receipt_count;
    struct buf notes[TOWN_RECEIPTS];
    size_t note_count;
};

/* -- files and commands -- */

static inline void town_path(const struct town *town, const char *name, char ret[PATH_LEN]) {
    path_in(town->dir, name, ret);
}

/* A command of the command line, in this process, with its words thrown away. */
static inline int town_command(const struct command *command, int argc, char **argv) {
    struct cli cli = {.command = command};
    struct problem why = {0};
    cr_assert(args_parse(command, argc, argv, &cli, &why) == ERR_OK, "%s", why.detail);
    (void)fflush(stdout);
    (void)fflush(stderr);
    int out = dup(1), err = dup(2), null = open("/dev/null", O_WRONLY);
    cr_assert(out >= 0 && err >= 0 && null >= 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2);
    int status = command->run(&cli);
    (void)fflush(stdout);
    (void)fflush(stderr);
    cr_assert(dup2(out, 1) == 1 && dup2(err, 2) == 2);
    close(out);
    close(err);
    close(null);
    return status;
}

/* -- papers -- */

static inline struct buf town_sign(struct json *claims, const struct key_secret *key) {
    struct buf text, jws;
    buf_init(&text, 2 * LIMIT_RECORD);
    buf_init(&jws, LIMIT_RECORD);
    cr_assert(json_format(claims, &text) == ERR_OK);
    cr_assert(jws_sign(key, JWS_TYP_RECORD, buf_bytes(&text), &jws) == ERR_OK);
    buf_done(&text);
    json_done(claims);
    return jws;
}

/* `own` over what every record has. Number n makes its jti. */
static inline struct json *town_claims(const struct town *town, const char *iss, const char *type,
                                       const char *act, unsigned n, struct json *own) {
    char vct[96], jti[32];
    uint8_t raw[16] = {0};
    put_u64(raw, n);
    base64url_write(bytes_of(raw, sizeof raw), jti);
    (void)snprintf(vct, sizeof vct, "urn:qizheng:%s:1", type);
    cr_assert(json_put_text(own, "iss", iss) == ERR_OK);
    cr_assert(json_put_text(own, "aud", town->origin_hex) == ERR_OK);
    cr_assert(json_put_int(own, "iat", (int64_t)time(NULL)) == ERR_OK);
    cr_assert(json_put_text(own, "jti", jti) == ERR_OK);
    cr_assert(json_put_text(own, "vct", vct) == ERR_OK);
    cr_assert(json_put_text(own, "act", act) == ERR_OK);
    return own;
}

static inline void town_paper(struct town *town, enum paper_name name, const char *iss,
                              const char *type, const char *act, struct json *own) {
    struct paper *paper = &town->papers[name];
    struct key_secret *key = vector_key(KEY_ES256K, iss);
    struct json *claims = town_claims(town, iss, type, act, name, own);
    bool is_registrar = strcmp(iss, "registrar") == 0;
    paper->jws = town_sign(claims, is_registrar ? town->registrar : key);
    record_id_of(&paper->jws, paper->id);
    key_secret_done(key);
}

static inline struct json *town_participant(const char *id, const char *role) {
    struct key_secret *key = vector_key(KEY_ES256K, id);
    struct json *json = scene_participant(id, role, SCENE_GOOD_USCC, key);
    key_secret_done(key);
    return json;
}

static inline struct json *town_contract(unsigned worker) {
    struct json *claims = json_text_of(SCENE_CONTRACT), *tags = json_new_object();
    benefit_put_tag(tags, BENEFIT_WORKER, "labour", worker);
    cr_assert(json_put(claims, "tags", tags) == ERR_OK);
    return claims;
}

static inline struct json *town_benefit(const struct town *town, const char *over, bool has_ref) {
    struct json *claims = json_text_of(over), *tags = json_new_object();
    benefit_put_tag(tags, BENEFIT_PERSON, "benefit", 9);
    cr_assert(json_put(claims, "tags", tags) == ERR_OK);
    if (has_ref) json_put_id(claims, "ref", town->papers[PAPER_BENEFIT].id);
    return claims;
}

#define TOWN_PAYMENT(period)                                                                       \
    "{\"item\":\"pension-monthly\",\"period\":\"" period "\",\"batch_no\":\"P-" period             \
    "\",\"result\":\"paid\"}"

static inline void town_papers(struct town *town) {
    town_paper(town, PAPER_ACME, "registrar", "participant", "admit",
               town_participant("acme", "employer"));
    town_paper(town, PAPER_FUND, "registrar", "participant", "admit",
               town_participant("fund", "payer"));
    town_paper(town, PAPER_CONTRACT, "acme", "labour-contract", "conclude", town_contract(1));
    town_paper(town, PAPER_STRANGER, "stranger", "labour-contract", "conclude", town_contract(2));
    struct json *amend =
        json_text_of("{\"changed_fields\":[\"post\"],\"effective_date\":\"2027-03-01\"}");
    json_put_id(amend, "ref", town->papers[PAPER_CONTRACT].id);
    town_paper(town, PAPER_AMENDED, "acme", "labour-contract", "amend", amend);
    struct key_secret *fresh = vector_key(KEY_ED25519, "acme's new key");
    town_paper(town, PAPER_ROTATED, "registrar", "participant", "rotate",
               scene_participant("acme", "employer", SCENE_GOOD_USCC, fresh));
    key_secret_done(fresh);
    town_paper(town, PAPER_BENEFIT, "fund", "benefit", "determine",
               town_benefit(town, BENEFIT_DETERMINE, false));
    town_paper(town, PAPER_AGAIN, "fund", "benefit", "disburse",
               town_benefit(town, TOWN_PAYMENT("2026-12"), true));
    town_paper(town, PAPER_UP_1, "acme", "labour-contract", "conclude", town_contract(3));
    town_paper(town, PAPER_UP_2, "acme", "labour-contract", "conclude", town_contract(4));
    town_paper(town, PAPER_LAST, "acme", "labour-contract", "conclude", town_contract(5));
    town->papers[PAPER_STRANGER].is_refused = true;
    town->papers[PAPER_AGAIN].is_refused = true;
}

/* -- the node -- */

static inline void town_on_fatal(void *ctx) {
    atomic_store(&((struct town *)ctx)->is_fatal, true);
}

/* The library that accepts connections looks for the end only every two seconds, or when somebody comes. */
struct town_nudge {
    unsigned port;
    atomic_bool is_over;
};

static inline void *town_nudge(void *arg) {
    struct town_nudge *nudge = arg;
    struct timespec span = {0, 20 * 1000000};
    while (!atomic_load(&nudge->is_over)) {
        struct sockaddr_in at = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)nudge->port),
                                 .sin_addr = {htonl(INADDR_LOOPBACK)}};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        cr_assert(fd >= 0);
        (void)connect(fd, (struct sockaddr *)&at, sizeof at);
        (void)close(fd);
        (void)nanosleep(&span, NULL);
    }
    return NULL;
}

static inline void town_stop(struct town *town) {
    struct town_nudge nudge = {0};
    pthread_t thread;
    if (town->node) {
        nudge.port = node_port(town->node);
        cr_assert(pthread_create(&thread, NULL, town_nudge, &nudge) == 0);
        node_stop(town->node);
        atomic_store(&nudge.is_over, true);
        cr_assert(pthread_join(thread, NULL) == 0);
    }
    town->node = NULL;
    config_done(town->config);
    town->config = NULL;
    atomic_store(&town->is_fatal, false);
}

static inline bool town_start(struct town *town) {
    char path[PATH_LEN];
    struct problem why = {0};
    town_path(town, "ledger/node.yaml", path);
    if (town->node) return true;
    cr_assert(config_load(path, &town->config, &why) == ERR_OK, "%s", why.detail);
    town->config->http.threads = 4; /* to be made and joined quickly */
    if (!node_start(town->config, town_on_fatal, town, &town->node, &why)) return true;
    cr_assert(why.detail[0] && !town->node);
    /* nothing that a fault of the disk does looks like an attack or like damage */
    cr_assert(why.err != ERR_ROLLBACK && why.err != ERR_DIVERGED && why.err != ERR_CORRUPT, "%s",
              why.detail);
    town_stop(town);
    return false;
}

/* -- one request -- */

struct town_reply {
    int status; /* 0: there was none */
    struct buf text;
    struct bytes body;
};

static inline int town_dial(const struct town *town) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)node_port(town->node)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

/* Until the node ends the connection. A node that gives up is waited for no longer: its process would be gone. */
static inline void town_receive(struct town *town, int fd, struct buf *text) {
    struct pollfd ready = {fd, POLLIN, 0};
    for (int waits = 0; waits < 2000; waits++) {
        int n = poll(&ready, 1, 10);
        if (n == 0 && atomic_load(&town->is_fatal)) return;
        if (n <= 0) continue;
        ssize_t got = recv(fd, text->data + text->len, text->cap - text->len - 1, 0);
        if (got <= 0) return;
        text->len += (size_t)got;
        cr_assert(text->len + 1 < text->cap);
    }
    cr_assert(false, "no answer within 20 s");
}

static inline struct town_reply town_ask(struct town *town, const char *method, const char *path,
                                         const char *type, struct bytes body) {
    struct town_reply reply = {0};
    char head[512];
    int len = snprintf(head, sizeof head,
                       "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nPrefer: wait=1\r\n"
                       "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                       method, path, type, body.len);
    int fd = town_dial(town);
    buf_init(&reply.text, TOWN_REPLY);
    cr_assert(buf_reserve(&reply.text, TOWN_REPLY) == ERR_OK);
    cr_assert(send(fd, head, (size_t)len, MSG_NOSIGNAL) == len);
    if (body.len) cr_assert(send(fd, body.data, body.len, MSG_NOSIGNAL) == (ssize_t)body.len);
    town_receive(town, fd, &reply.text);
    (void)close(fd);
    const char *text = buf_text(&reply.text), *end = text ? strstr(text, "\r\n\r\n") : NULL;
    if (!end) return reply;
    reply.status = (int)strtol(text + 9, NULL, 10);
    reply.body = bytes_text(end + 4);
    return reply;
}

static inline struct json *town_json(const struct town_reply *reply) {
    struct json *json = NULL;
    cr_assert(json_parse(reply->body, &json, NULL) == ERR_OK, "%d", reply->status);
    return json;
}

/* -- what the node lets out -- */

static inline void town_keep_receipt(struct town *town, const struct json *receipt) {
    cr_assert(receipt && town->receipt_count < TOWN_RECEIPTS);
    struct buf *kept = &town->receipts[town->receipt_count++];
    buf_init(kept, LIMIT_RECEIPT);
    cr_assert(json_format(receipt, kept) == ERR_OK);
}

static inline void town_keep_note(struct town *town, struct bytes note) {
    cr_assert(town->note_count < TOWN_RECEIPTS);
    struct buf *kept = &town->notes[town->note_count++];
    buf_init(kept, LIMIT_NOTE);
    cr_assert(buf_add(kept, note) == ERR_OK);
}

static inline bool town_checkpoint(struct town *town) {
    struct town_reply reply = town_ask(town, "GET", "/checkpoint", "text/plain", bytes_text(""));
    bool good = reply.status == 200;
    if (good) town_keep_note(town, reply.body);
    buf_done(&reply.text);
    return good;
}

/* -- sending -- */

/* True where the answer is final: a receipt, or a refusal of what has to be refused. A receipt is only given for the place that was told before. */
static inline bool town_answered(struct town *town, const struct town_reply *reply,
                                 struct paper *paper) {
    bool is_done = reply->status == 200 || reply->status == 201;
    int64_t index = 0;
    cr_assert(!is_done || !paper->is_refused, "a record was taken that must be refused");
    if (!is_done) {
        bool is_refused = reply->status >= 400 && reply->status < 500 && reply->status != 429;
        cr_assert(!is_refused || paper->is_refused, "%d %.*s", reply->status, (int)reply->body.len,
                  reply->body.data);
        return is_refused;
    }
    struct json *json = town_json(reply);
    cr_assert(json_int(json_member(json, "index"), &index));
    cr_assert(!paper->is_known || paper->index == (uint64_t)index, "one record in two places");
    paper->is_known = true;
    paper->index = (uint64_t)index;
    town_keep_receipt(town, json_member(json, "receipt"));
    json_done(json);
    return true;
}

static inline bool town_send(struct town *town, struct paper *paper) {
    struct town_reply reply =
        town_ask(town, "POST", "/v1/records", "application/jose", buf_bytes(&paper->jws));
    bool good = town_answered(town, &reply, paper);
    buf_done(&reply.text);
    return good && town_checkpoint(town);
}

/* -- acts -- */

/* A new ledger; what an interrupted init left is taken away first, as it says itself. */
static inline bool act_found(struct town *town) {
    char keys[PATH_LEN],
        *argv[] = {(char *)(uintptr_t) "--dir", town->ledger, (char *)(uintptr_t) "--listen",
                   (char *)(uintptr_t) "127.0.0.1:0"};
    struct buf genesis;
    struct problem why = {0};
    if (access(town->ledger, F_OK) == 0) temp_remove(town->ledger);
    if (town_command(&command_init, 4, argv) != EXIT_DONE) return false;
    town_path(town, "ledger/keys/registrar.pem", keys);
    cr_assert(signer_open(keys, NULL, &town->registrar, &why) == ERR_OK, "%s", why.detail);
    town_path(town, "ledger/data/genesis.json", keys);
    cr_assert(disk_read(keys, LIMIT_GENESIS, &genesis, &why) == ERR_OK, "%s", why.detail);
    sha256(buf_bytes(&genesis), town->ledger_id);
    hex_encode(bytes_of(town->ledger_id, 32), town->origin_hex);
    buf_done(&genesis);
    town_papers(town);
    town->is_founded = true;
    return true;
}

static inline bool act_participants(struct town *town) {
    return town_send(town, &town->papers[PAPER_ACME]) && town_send(town, &town->papers[PAPER_FUND]);
}

/* Taken, the same again, refused, one that refers to the first, and their issuer's new key. */
static inline bool act_contracts(struct town *town) {
    static const enum paper_name names[] = {PAPER_CONTRACT, PAPER_CONTRACT, PAPER_STRANGER,
                                            PAPER_AMENDED, PAPER_ROTATED};
    for (size_t i = 0; i < 5; i++)
        if (!town_send(town, &town->papers[names[i]])) return false;
    return true;
}

/* A new signature each time, as the command line makes it: only its progress file keeps one payment from becoming two records. */
static inline void town_parcel(struct town *town, size_t row, struct parcel *ret) {
    static const char *const payments[TOWN_ROWS] = {TOWN_PAYMENT("2026-12"),
                                                    TOWN_PAYMENT("2027-01")};
    struct key_secret *key = vector_key(KEY_ES256K, "fund");
    struct json *own = town_benefit(town, payments[row], true);
    struct buf jws = town_sign(
        town_claims(town, "fund", "benefit", "disburse", 1000 + town->signatures++, own), key);
    struct json *json = json_new_object();
    uint8_t id[RECORD_ID_LEN];
    record_id_of(&jws, id);
    json_put_id(json, "id", id);
    cr_assert(json_put(json, "record", json_new_text_bytes(buf_bytes(&jws))) == ERR_OK);
    cr_assert(json_put(json, "disclosures", json_new_array()) == ERR_OK);
    cr_assert(parcel_parse(json, ret, NULL) == ERR_OK);
    json_done(json);
    buf_done(&jws);
    key_secret_done(key);
}

static inline bool town_rows_sign(struct town *town, struct progress *progress) {
    struct problem why = {0};
    while (progress_count(progress) < TOWN_ROWS) {
        struct parcel parcel;
        town_parcel(town, progress_count(progress), &parcel);
        enum err err = progress_add(progress, &parcel, &why);
        parcel_done(&parcel);
        if (err) return false;
    }
    return progress_sync(progress, &why) == ERR_OK;
}

static inline bool town_row_send(struct town *town, struct progress *progress, size_t row) {
    struct paper paper = {0};
    struct parcel parcel;
    struct problem why = {0};
    cr_assert(progress_parcel(progress, row, &parcel, &why) == ERR_OK, "%s", why.detail);
    cr_assert(!town->paid[row][0] || strcmp(town->paid[row], parcel.id) == 0,
              "a payment was sent under two signatures");
    (void)snprintf(town->paid[row], sizeof town->paid[row], "%s", parcel.id);
    paper.jws = parcel.record;
    bool good = town_send(town, &paper);
    parcel_done(&parcel);
    return good;
}

/* The table: signed, synced, sent; each try is a new run of the program. */
static inline bool act_payments(struct town *town) {
    char path[PATH_LEN];
    struct progress *progress = NULL;
    struct problem why = {0};
    town_path(town, ".progress.ndjson", path);
    if (!town_send(town, &town->papers[PAPER_BENEFIT])) return false;
    if (progress_open(path, &town->rows, "fund", town->origin_hex, &progress, &why)) {
        cr_assert(why.err == ERR_IO || why.err == ERR_DISK_FULL, "%s", why.detail);
        return false;
    }
    bool good = town_rows_sign(town, progress);
    for (size_t row = 0; good && row < TOWN_ROWS; row++) good = town_row_send(town, progress, row);
    progress_close(progress);
    return good && town_send(town, &town->papers[PAPER_AGAIN]);
}

static inline bool town_upload_begin(struct town *town) {
    struct buf lines;
    buf_init(&lines, 4 * LIMIT_RECORD);
    cr_assert(buf_format(&lines, "%s\nno record\n%s\n", buf_text(&town->papers[PAPER_UP_1].jws),
                         buf_text(&town->papers[PAPER_UP_2].jws)) == ERR_OK);
    struct town_reply reply = town_ask(town, "POST", "/v1/batches",
                                       "application/vnd.qizheng.jose-lines", buf_bytes(&lines));
    buf_done(&lines);
    bool good = reply.status == 202;
    cr_assert(good || reply.status == 0 || reply.status >= 500, "%d", reply.status);
    if (good) {
        struct json *json = town_json(&reply);
        (void)snprintf(town->upload, sizeof town->upload, "/v1/batches/%s",
                       json_text(json_member(json, "id")));
        json_done(json);
    }
    buf_done(&reply.text);
    return good;
}

/* Whoever was told 202 finds it again, whatever happened since. */
static inline bool town_upload_done(struct town *town) {
    for (int i = 0; i < 600 && !atomic_load(&town->is_fatal); i++) {
        struct timespec span = {0, 10 * 1000000};
        struct town_reply reply = town_ask(town, "GET", town->upload, "text/plain", bytes_text(""));
        cr_assert(reply.status == 200 || reply.status == 0 || reply.status >= 500, "%d",
                  reply.status);
        bool is_done = reply.status == 200 &&
                       memmem(reply.body.data, reply.body.len, "\"state\":\"done\"", 14);
        if (is_done) {
            struct json *json = town_json(&reply);
            int64_t final = 0, refused = 0;
            cr_assert(json_int(json_member(json, "final"), &final) && final == 2);
            cr_assert(json_int(json_member(json, "refused"), &refused) && refused == 1);
            json_done(json);
        }
        buf_done(&reply.text);
        if (is_done) return true;
        (void)nanosleep(&span, NULL);
    }
    return false;
}

static inline bool act_upload(struct town *town) {
    if (!town->upload[0] && !town_upload_begin(town)) return false;
    return town_upload_done(town) && town_send(town, &town->papers[PAPER_UP_1]) &&
           town_send(town, &town->papers[PAPER_UP_2]);
}

/* Tags cost: whatever failed, more than a day's budget is never given away. */
static inline bool act_tags(struct town *town) {
    char path[PATH_LEN];
    struct tagbudget *budget = NULL;
    struct problem why = {0};
    size_t damaged = 0;
    uint64_t retry_s = 0;
    struct tagbudget_ask ask = {"acme", 1795420542000000, 40, 100};
    town_path(town, "tags.budget", path);
    if (tagbudget_open(path, &budget, &damaged, &why)) return false;
    enum err err = tagbudget_take(budget, &ask, &retry_s);
    if (!err) town->tags_taken += ask.count;
    if (!err) err = tagbudget_take(budget, &ask, &retry_s);
    if (err == ERR_OK && town->tags_taken < 80) town->tags_taken += ask.count;
    tagbudget_close(budget);
    cr_assert(damaged == 0 && town->tags_taken <= 100);
    return err == ERR_OK || err == ERR_RATE;
}

/* The receipts in files, as a client keeps them. */
static inline bool act_files(struct town *town) {
    char name[32], path[PATH_LEN];
    struct problem why = {0};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof name, "receipt-%zu.json", i);
        town_path(town, name, path);
        if (disk_write(path, buf_bytes(&town->receipts[i]), 0600, DISK_REPLACE, &why)) return false;
    }
    return true;
}

/* The node stops as it should and starts again. */
static inline bool act_again(struct town *town) {
    town_stop(town);
    return town_start(town) && town_send(town, &town->papers[PAPER_LAST]);
}

/* Everything once more: whatever was in doubt is there, once. */
static inline bool act_all(struct town *town) {
    for (size_t i = 0; i < PAPER_COUNT; i++)
        if (!town_send(town, &town->papers[i])) return false;
    return true;
}

/* -- from outside, when the node has ended -- */

static inline void town_root(struct store_view *view, struct model *model) {
    uint8_t leaf[LEAF_LEN], hash[32], body_hash[32];
    uint64_t time_ms = 0;
    struct buf body;
    buf_init(&body, SEGMENT_BODY_MAX);
    for (uint64_t i = 0; i < store_view_head(view).size; i++) {
        cr_assert(store_view_leaf(view, i, leaf) == ERR_OK);
        cr_assert(store_view_body(view, i, &body) == ERR_OK);
        cr_assert(leaf_decode(leaf, &time_ms, hash) == ERR_OK);
        sha256(buf_bytes(&body), body_hash);
        cr_assert(memcmp(hash, body_hash, sizeof hash) == 0);
        model_add(model, leaf);
    }
    buf_done(&body);
}

/* Every head that was ever let out is one of this very tree: so no two are of one size and differ. */
static inline void town_check_note(const struct model *model, struct bytes text) {
    struct note note = {0};
    struct checkpoint checkpoint;
    struct problem why = {0};
    uint8_t root[HASH_LEN];
    cr_assert(note_parse(text, &note, &why) == ERR_OK, "%s", why.detail);
    cr_assert(checkpoint_parse(note.text, &checkpoint) == ERR_OK);
    cr_assert(checkpoint.size > 0 && checkpoint.size <= model->size);
    model_root(model, 0, checkpoint.size, root);
    cr_assert(memcmp(root, checkpoint.root, HASH_LEN) == 0, "a head that the log does not keep");
    note_done(&note);
}

static inline void town_check_receipt(const struct model *model, struct bytes receipt,
                                      struct bytes policy) {
    struct json *json = NULL;
    struct tlog_proof *proof = calloc(1, sizeof *proof);
    struct problem why = {0};
    char *verdict = NULL;
    enum qizheng_outcome outcome = qizheng_verify(receipt.data, receipt.len, policy.data,
                                                  policy.len, NULL, 0, NULL, 0, &verdict);
    cr_assert(outcome == QIZHENG_VALID, "%s", verdict);
    qizheng_free(verdict);
    cr_assert(proof && json_parse(receipt, &json, NULL) == ERR_OK);
    struct bytes text = json_text_bytes(json_member(json, "proof"));
    cr_assert(tlog_proof_parse(text, proof, &why) == ERR_OK, "%s", why.detail);
    town_check_note(model, proof->checkpoint);
    free(proof);
    json_done(json);
}

static inline void town_check_released(struct town *town, const struct model *model) {
    char path[PATH_LEN];
    struct buf policy;
    town_path(town, "ledger/policy.txt", path);
    cr_assert(disk_read(path, LIMIT_POLICY, &policy, NULL) == ERR_OK);
    cr_assert(town->receipt_count >= 2 * PAPER_COUNT - 6 && town->note_count > 0);
    for (size_t i = 0; i < town->receipt_count; i++)
        town_check_receipt(model, buf_bytes(&town->receipts[i]), buf_bytes(&policy));
    for (size_t i = 0; i < town->note_count; i++)
        town_check_note(model, buf_bytes(&town->notes[i]));
    buf_done(&policy);
}

static inline uint64_t town_leaves(const struct town *town) {
    uint64_t leaves = 1 + TOWN_ROWS; /* the genesis and the payments */
    for (size_t i = 0; i < PAPER_COUNT; i++) leaves += !town->papers[i].is_refused;
    return leaves;
}

/* Each record that was sent has one leaf, those that were refused have none, and there are no others. */
static inline void town_check_leaves(struct town *town, struct store_view *view) {
    uint8_t id[RECORD_ID_LEN];
    uint64_t index = 0;
    cr_assert(store_view_head(view).size == town_leaves(town), "%llu leaves, not %llu",
              (unsigned long long)store_view_head(view).size,
              (unsigned long long)town_leaves(town));
    for (size_t i = 0; i < PAPER_COUNT; i++) {
        const struct paper *paper = &town->papers[i];
        enum err err = store_view_find(view, paper->id, &index);
        cr_assert(err == (paper->is_refused ? ERR_NOT_FOUND : ERR_OK));
        cr_assert(paper->is_refused || index == paper->index);
    }
    for (size_t i = 0; i < TOWN_ROWS; i++) {
        cr_assert(hex_decode(bytes_text(town->paid[i]), id, sizeof id) == ERR_OK);
        cr_assert(store_view_find(view, id, &index) == ERR_OK);
    }
}

/* fsck as people run it, contract state and all; then tree, heads and receipts by other ways. */
static inline void town_check(struct town *town) {
    char data[PATH_LEN], *argv[] = {(char *)(uintptr_t) "--dir", town->ledger,
                                    (char *)(uintptr_t) "--scratch", town->dir};
    struct world world = {0};
    struct problem why = {0};
    struct model model = {0};
    uint8_t root[HASH_LEN];
    cr_assert(town_command(&command_fsck, 4, argv) == EXIT_DONE, "fsck is not clean");
    town_path(town, "ledger/data", data);
    cr_assert(store_open(data, town->ledger_id, false, &world.store, &why) == ERR_OK, "%s",
              why.detail);
    struct store_view *view = world_view(&world);
    struct store_head head = store_view_head(view);
    town_root(view, &model);
    model_root(&model, 0, model.size, root);
    cr_assert(memcmp(root, head.root, HASH_LEN) == 0);
    town_check_leaves(town, view);
    town_check_released(town, &model);
    store_view_close(view);
    store_close(world.store);
    free(model.leaves);
}

/* -- begin and end -- */

static inline struct town *town_begin(void) {
    struct town *town = calloc(1, sizeof *town);
    struct buf table;
    cr_assert(town);
    temp_make(town->dir);
    town_path(town, "ledger", town->ledger);
    buf_init(&table, 256);
    cr_assert(buf_add_text(&table, "month\n2026-12\n2027-01\n") == ERR_OK);
    cr_assert(csv_parse(table, &town->rows.csv, NULL) == ERR_OK);
    cr_assert(town->rows.csv.rows == TOWN_ROWS);
    return town;
}

static inline void town_end(struct town *town) {
    town_stop(town);
    key_secret_done(town->registrar);
    csv_done(&town->rows.csv);
    for (size_t i = 0; i < PAPER_COUNT; i++) buf_done(&town->papers[i].jws);
    for (size_t i = 0; i < town->receipt_count; i++) buf_done(&town->receipts[i]);
    for (size_t i = 0; i < town->note_count; i++) buf_done(&town->notes[i]);
    temp_remove(town->dir);
    free(town);
}

#endif

/* A caller that believes nothing: it pounds a node with records while that is killed, starved and cut off, writes down every receipt that it was given before it counts it, and
 * afterwards holds the node to them.
 *
 *   pound load  --url U --ledger HEX --issuer ID --key PEM --threads N --seconds S --out FILE [--pause-us N]
 *   pound check --url U --policy FILE --acks FILE [--before NS]
 *
 * load: each thread signs a record, sends it until it has a receipt (the same bytes again after any failure, as every client should), and appends
 * `<monotonic ns> <record id> <index> <receipt JSON>` to FILE. It ends after S seconds; records that have no receipt by then are written as `- <id>`.
 * check: every receipt acknowledged before NS (all, without it) verifies off line; the node still has that record, at that index; every leaf is in the log once; and for every
 * checkpoint that was handed out the log's first `size` leaves still have its root, so nothing that was signed is contradicted. Prints `ok`/`FAIL` lines. */
#include "api/cli/mirror.h"
#include "ledger/base/text.h"
#include "ledger/proof/tlog_proof.h"
#include "ledger/proof/verify.h"
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPLY_MAX (4 * 1024 * 1024)

/* -- load -- */

struct pounder {
    const char *url;
    struct records_want want;
    uint64_t until_ns, pause_us;
    int out;
    _Atomic uint64_t acknowledged;
};

static void line_write(struct pounder *pounder, const struct buf *line) {
    BENCH_CHECK(write(pounder->out, line->data, line->len) == (ssize_t)line->len);
}

static void ack_write(struct pounder *pounder, const char *id, struct bytes answer) {
    struct json *json = NULL;
    struct buf line;
    int64_t index = -1;
    BENCH_CHECK(json_parse(answer, &json, NULL) == ERR_OK);
    BENCH_CHECK(json_int(json_member(json, "index"), &index));
    buf_init(&line, REPLY_MAX);
    BENCH_CHECK(buf_format(&line, "%llu %s %lld ", (unsigned long long)bench_now_ns(), id,
                           (long long)index) == ERR_OK);
    BENCH_CHECK(json_format(json_member(json, "receipt"), &line) == ERR_OK);
    BENCH_CHECK(buf_add_byte(&line, '\n') == ERR_OK);
    line_write(pounder, &line);
    atomic_fetch_add(&pounder->acknowledged, 1);
    buf_done(&line);
    json_done(json);
}

/* True where there is a receipt. A refusal that is not "later" ends the program: these records are good. */
static bool send_once(struct client *client, struct bytes jws, struct client_reply *reply) {
    static const char *const headers[] = {"Content-Type: application/jose", "Prefer: wait=5", NULL};
    struct problem why;
    memset(reply, 0, sizeof *reply);
    if (client_call(client, "POST", "/v1/records", headers, jws, REPLY_MAX, reply, &why))
        return false;
    if (reply->status == 200 || reply->status == 201) return true;
    bool is_later = reply->status == 202 || reply->status == 429 || reply->status >= 500;
    if (!is_later)
        (void)fprintf(stderr, "%d %.*s\n", reply->status, (int)reply->body.len,
                      (const char *)reply->body.data);
    BENCH_CHECK(is_later);
    return false;
}

static void pound_one(struct pounder *pounder, struct client *client) {
    struct records records;
    struct client_reply reply;
    char id[65];
    records_make(&pounder->want, &records);
    hex_encode(bytes_of(records.ids[0], 32), id);
    bool done = false;
    while (!done && bench_now_ns() < pounder->until_ns) {
        done = send_once(client, buf_bytes(&records.jws[0]), &reply);
        if (done) ack_write(pounder, id, buf_bytes(&reply.body));
        client_reply_done(&reply);
        if (!done) (void)usleep(20000);
    }
    if (!done) {
        struct buf line;
        buf_init(&line, 128);
        BENCH_CHECK(buf_format(&line, "- %s\n", id) == ERR_OK);
        line_write(pounder, &line);
        buf_done(&line);
    }
    records_done(&records);
}

static void *pound_thread(void *arg) {
    struct pounder *pounder = arg;
    struct client *client;
    struct problem why;
    BENCH_CHECK(client_open(pounder->url, NULL, 8000, &client, &why) == ERR_OK);
    while (bench_now_ns() < pounder->until_ns) {
        pound_one(pounder, client);
        (void)usleep((useconds_t)pounder->pause_us);
    }
    client_close(client);
    return NULL;
}

static int pound_load(int argc, char **argv) {
    struct pounder pounder = {.url = bench_text(argc, argv, "url", NULL)};
    pthread_t threads[64];
    uint64_t count = bench_number(argc, argv, "threads", 4);
    pounder.pause_us = bench_number(argc, argv, "pause-us", 0);
    pounder.want.ledger = bench_text(argc, argv, "ledger", NULL);
    pounder.want.issuer = bench_text(argc, argv, "issuer", NULL);
    pounder.want.key = bench_key(bench_text(argc, argv, "key", NULL));
    pounder.want.period = "2026-11";
    pounder.want.batch_no = "POUND";
    pounder.want.count = 1;
    pounder.want.threads = 1;
    pounder.out =
        open(bench_text(argc, argv, "out", NULL), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    pounder.until_ns = bench_now_ns() + bench_number(argc, argv, "seconds", 5) * 1000000000;
    BENCH_CHECK(pounder.out >= 0 && count > 0 && count <= 64);
    for (uint64_t i = 0; i < count; i++)
        BENCH_CHECK(pthread_create(&threads[i], NULL, pound_thread, &pounder) == 0);
    for (uint64_t i = 0; i < count; i++) BENCH_CHECK(pthread_join(threads[i], NULL) == 0);
    (void)printf("%llu acknowledged\n", (unsigned long long)pounder.acknowledged);
    (void)close(pounder.out);
    return 0;
}

/* -- check -- */

struct ack {
    uint8_t id[32], hash[32]; /* of the record, and of the leaf as the receipt says */
    uint64_t index, size;     /* of the leaf, of the checkpoint's tree */
    uint8_t root[HASH_LEN];
};

struct audit {
    struct buf policy;
    struct client *client;
    struct ack *acks;
    size_t count, room;
    uint8_t (*leaves)[HASH_LEN]; /* leaf hashes of the log now */
    uint8_t (*roots)[HASH_LEN];  /* of its first n leaves */
    uint64_t size;
    unsigned bad;
};

static void say(struct audit *audit, uint64_t failures, const char *what) {
    (void)printf("%s %llu of %zu: %s\n", failures ? "FAIL" : "ok", (unsigned long long)failures,
                 audit->count, what);
    audit->bad += failures != 0;
}

/* Judges one receipt off line, and keeps what it binds the log to. */
static bool ack_take(struct audit *audit, struct bytes receipt_text, struct ack *ack) {
    struct verify_input input = {.receipt = receipt_text, .policy = buf_bytes(&audit->policy)};
    struct verdict *verdict = NULL;
    struct receipt *receipt = NULL;
    struct tlog_proof proof;
    struct checkpoint checkpoint;
    struct note note;
    BENCH_CHECK(verify(&input, &verdict) == ERR_OK);
    bool good = verdict->outcome == VERDICT_VALID && verdict->index == ack->index &&
                memcmp(verdict->record_id, ack->id, 32) == 0;
    verdict_done(verdict);
    if (!good) return false;
    BENCH_CHECK(receipt_parse(receipt_text, &receipt, NULL) == ERR_OK);
    BENCH_CHECK(tlog_proof_parse(receipt->proof, &proof, NULL) == ERR_OK);
    BENCH_CHECK(note_parse(proof.checkpoint, &note, NULL) == ERR_OK);
    BENCH_CHECK(checkpoint_parse(note.text, &checkpoint) == ERR_OK);
    ack->size = checkpoint.size;
    memcpy(ack->root, checkpoint.root, HASH_LEN);
    struct record *record = NULL;
    BENCH_CHECK(record_parse(bytes_slice(receipt->presentation, 0,
                                         bytes_find(receipt->presentation, '~', 0)),
                             &record, NULL) == ERR_OK);
    uint8_t leaf[LEAF_LEN];
    leaf_encode(receipt->time_ms, record->hash, leaf);
    merkle_leaf(bytes_of(leaf, sizeof leaf), ack->hash);
    record_done(record);
    note_done(&note);
    receipt_done(receipt);
    return true;
}

static struct ack *ack_new(struct audit *audit) {
    if (audit->count == audit->room) {
        audit->room = audit->room ? 2 * audit->room : 1024;
        audit->acks = realloc(audit->acks, audit->room * sizeof *audit->acks);
        BENCH_CHECK(audit->acks);
    }
    return &audit->acks[audit->count++];
}

/* Cuts the first word and the space behind it off. */
static struct bytes word_cut(struct bytes *rest) {
    size_t end = bytes_find(*rest, ' ', 0);
    struct bytes word = bytes_slice(*rest, 0, end);
    *rest = bytes_slice(*rest, end < rest->len ? end + 1 : end, rest->len);
    return word;
}

static void acks_read(struct audit *audit, const char *path, uint64_t before_ns) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    uint64_t bad = 0;
    BENCH_CHECK(file);
    while ((len = getline(&line, &room, file)) > 0) {
        struct bytes rest = bytes_of(line, (size_t)len - 1);
        uint64_t ns = 0;
        if (line[0] == '-' || line[len - 1] != '\n') continue;
        BENCH_CHECK(decimal_parse(word_cut(&rest), &ns) == ERR_OK);
        if (ns > before_ns) continue;
        struct ack *ack = ack_new(audit);
        BENCH_CHECK(hex_decode(word_cut(&rest), ack->id, 32) == ERR_OK);
        BENCH_CHECK(decimal_parse(word_cut(&rest), &ack->index) == ERR_OK);
        bad += !ack_take(audit, rest, ack);
    }
    free(line);
    (void)fclose(file);
    say(audit, bad, "receipts that do not verify off line");
}

static void leaves_read(struct audit *audit) {
    struct mirror mirror = {.client = audit->client};
    struct mirror_checkpoint checkpoint;
    struct problem why;
    struct merkle_frontier *frontier = calloc(1, sizeof *frontier);
    struct buf bundle;
    BENCH_CHECK(mirror_checkpoint_get(&mirror, &checkpoint, &why) == ERR_OK);
    audit->size = checkpoint.checkpoint.size;
    audit->leaves = calloc(audit->size + 1, HASH_LEN);
    audit->roots = calloc(audit->size + 1, HASH_LEN);
    BENCH_CHECK(audit->leaves && audit->roots && frontier);
    buf_init(&bundle, 1024 * 1024);
    for (uint64_t i = 0; i < audit->size; i += TILE_WIDTH) {
        unsigned width = audit->size - i < TILE_WIDTH ? (unsigned)(audit->size - i) : TILE_WIDTH;
        BENCH_CHECK(mirror_bundle(&mirror, i / TILE_WIDTH, width, &bundle) == ERR_OK);
        struct bytes rest = buf_bytes(&bundle), leaf;
        for (unsigned j = 0; j < width; j++) {
            BENCH_CHECK(tile_entry_next(&rest, &leaf) == ERR_OK);
            merkle_leaf(leaf, audit->leaves[i + j]);
            merkle_frontier_append(frontier, audit->leaves[i + j]);
            merkle_frontier_root(frontier, audit->roots[i + j + 1]);
        }
    }
    say(audit, memcmp(audit->roots[audit->size], checkpoint.checkpoint.root, HASH_LEN) != 0,
        "logs whose leaves do not give their root");
    buf_done(&bundle);
    free(frontier);
    mirror_checkpoint_done(&checkpoint);
}

static int by_hash(const void *a, const void *b) {
    return memcmp(a, b, HASH_LEN);
}

static void acks_hold(struct audit *audit) {
    uint64_t gone = 0, contradicted = 0, doubled = 0;
    for (size_t i = 0; i < audit->count; i++) {
        const struct ack *ack = &audit->acks[i];
        gone += ack->index >= audit->size ||
                memcmp(audit->leaves[ack->index], ack->hash, HASH_LEN) != 0;
        contradicted +=
            ack->size > audit->size || memcmp(audit->roots[ack->size], ack->root, HASH_LEN) != 0;
    }
    qsort(audit->leaves, audit->size, HASH_LEN, by_hash);
    for (uint64_t i = 1; i < audit->size; i++)
        doubled += memcmp(audit->leaves[i - 1], audit->leaves[i], HASH_LEN) == 0;
    say(audit, gone, "acknowledged leaves that are not where their receipt says");
    say(audit, contradicted, "signed heads that the log contradicts");
    say(audit, doubled, "leaves that are there twice");
}

static int pound_check(int argc, char **argv) {
    struct audit audit = {.count = 0};
    struct problem why;
    uint8_t text[65536];
    FILE *file = fopen(bench_text(argc, argv, "policy", NULL), "rb");
    BENCH_CHECK(file);
    size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    buf_init(&audit.policy, sizeof text);
    BENCH_CHECK(buf_add(&audit.policy, bytes_of(text, len)) == ERR_OK);
    BENCH_CHECK(client_open(bench_text(argc, argv, "url", NULL), NULL, 30000, &audit.client,
                            &why) == ERR_OK);
    acks_read(&audit, bench_text(argc, argv, "acks", NULL),
              bench_number(argc, argv, "before", UINT64_MAX));
    leaves_read(&audit);
    acks_hold(&audit);
    client_close(audit.client);
    buf_done(&audit.policy);
    free(audit.acks);
    free(audit.leaves);
    free(audit.roots);
    return audit.bad != 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "load") == 0) return pound_load(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "check") == 0) return pound_check(argc - 2, argv + 2);
    (void)fputs("pound: load or check; see tests/crash/pound.c\n", stderr);
    return 2;
}

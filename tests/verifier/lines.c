/* The C verifier over many receipts in one process, so that thousands of them can be compared with the Python one (verify.py --lines, which reads and writes
 * alike).
 *
 * One request a line on standard input: {"receipt", "policy", "document", "tsa"}, each base64, and {"key_binding": {"audience", "nonce", "now", "max_age"}}, the
 * last three where there is something to give. One verdict a line
 * on standard output, as `qizheng verify --json` has it, which must be the same with a memory of all lines before. A line that is no request ends the program with status 2: it is the caller's mistake. */
#include "ledger/base/text.h"
#include "ledger/proof/verify.h"

#include <stdio.h>
#include <stdlib.h>

#define REQUEST_MAX (4u * 1024 * 1024) /* a receipt beyond its limit, and a document, in base64 */

static void give_up(const char *what) {
    (void)fprintf(stderr, "lines: %s\n", what);
    exit(2);
}

/* The member's bytes in *ret; false where it is not there. */
static bool member_read(const struct json *request, const char *name, struct buf *ret) {
    const struct json *member = json_member(request, name);
    buf_init(ret, REQUEST_MAX);
    if (!member) return false;
    if (base64_decode(json_text_bytes(member), ret) != ERR_OK)
        give_up("a member that is no base64");
    return true;
}

static bool demand_read(const struct json *member, struct keybinding_demand *ret) {
    *ret = (struct keybinding_demand){.audience = json_text(json_member(member, "audience")),
                                      .nonce = json_text(json_member(member, "nonce"))};
    (void)json_int(json_member(member, "now"), &ret->now_s);
    (void)json_int(json_member(member, "max_age"), &ret->max_age_s);
    if (member && (!ret->audience || !ret->nonce))
        give_up("a key binding without audience or nonce");
    return member != NULL;
}

static struct buf verdict_text(const struct verify_input *input) {
    struct verdict *verdict = NULL;
    struct json *json = NULL;
    struct buf text;
    buf_init(&text, REQUEST_MAX);
    if (verify(input, &verdict) || verdict_json(verdict, &json) || json_format(json, &text))
        give_up("out of memory");
    json_done(json);
    verdict_done(verdict);
    return text;
}

/* Without a memory, and with one that has seen every receipt before this one. */
static void verdict_print(struct verify_input input) {
    static struct verify_memory *memory;
    if (!memory && verify_memory_new(&memory)) give_up("out of memory");
    struct buf text = verdict_text(&input);
    input.memory = memory;
    struct buf again = verdict_text(&input);
    if (!bytes_equal(buf_bytes(&text), buf_bytes(&again))) give_up("a memory changed the verdict");
    (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    (void)fflush(stdout);
    buf_done(&text);
    buf_done(&again);
}

static void answer(struct bytes line) {
    struct json *request = NULL;
    struct buf receipt, policy, document, tsa;
    struct record_doc docs[2] = {{.alg = DIGEST_SHA256}, {.alg = DIGEST_SM3}};
    if (json_parse(line, &request, NULL) != ERR_OK) give_up("a line that is no JSON");
    (void)member_read(request, "receipt", &receipt);
    (void)member_read(request, "policy", &policy);
    bool asked = member_read(request, "document", &document);
    (void)member_read(request, "tsa", &tsa);
    for (size_t i = 0; i < 2; i++) digest(docs[i].alg, buf_bytes(&document), docs[i].digest);
    struct keybinding_demand demand;
    bool bound = demand_read(json_member(request, "key_binding"), &demand);
    verdict_print((struct verify_input){.receipt = buf_bytes(&receipt),
                                        .policy = buf_bytes(&policy),
                                        .docs = docs,
                                        .doc_count = asked ? 2 : 0,
                                        .tsa_pem = buf_bytes(&tsa),
                                        .binding = bound ? &demand : NULL});
    buf_done(&receipt);
    buf_done(&policy);
    buf_done(&document);
    buf_done(&tsa);
    json_done(request);
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    for (ssize_t len; (len = getline(&line, &room, stdin)) > 0;)
        answer(bytes_of((const uint8_t *)line, (size_t)len));
    free(line);
    return 0;
}

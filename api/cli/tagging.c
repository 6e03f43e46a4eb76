/* See tagging.h. */
#include "api/cli/tagging.h"

#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"
#include "ledger/record/genesis.h"
#include "ledger/store/entropy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH "/v1/tags"
#define ENCODED_MAX 64
#define WAIT_MAX_S 10 /* a longer Retry-After is the caller's to decide about */
#define TRIES 4

struct tagging {
    struct access *access;
    struct genesis *genesis;
};

/* One request: wants of one domain. */
struct round {
    const char *domain;
    voprf_element pk; /* the genesis' */
    struct tag_want *wants[LIMIT_TAGS_ASKED];
    size_t count;
    voprf_scalar *blinds; /* locked memory */
    voprf_element blinded[LIMIT_TAGS_ASKED];
};

/* -- the genesis -- */

static enum err genesis_get(struct client *client, const char *ledger, struct genesis **ret,
                            struct problem *ret_why) {
    uint8_t id[32];
    struct buf text;
    struct genesis *genesis = NULL;
    if (hex_decode(bytes_text(ledger), id, sizeof id))
        return problem_set(ret_why, ERR_REQUEST, "A ledger id is 64 lower-case hex digits.");
    enum err err = remote_get(client, "/v1/genesis", LIMIT_GENESIS, &text, ret_why);
    if (err) return err;
    err = genesis_parse(buf_bytes(&text), &genesis, ret_why);
    buf_done(&text);
    if (err) return err;
    if (memcmp(genesis->ledger_id, id, sizeof id) != 0) {
        genesis_done(genesis);
        return problem_set(ret_why, ERR_AUDIENCE,
                           "The node hands out the genesis of another ledger than %s. No tag was "
                           "made.",
                           ledger);
    }
    *ret = genesis;
    return ERR_OK;
}

enum err tagging_open(struct access *access, const char *ledger, struct tagging **ret,
                      struct problem *ret_why) {
    char said[65];
    struct client *client = access_client(access);
    enum err err = ledger ? ERR_OK : remote_ledger(client, said, ret_why);
    if (err) return err;
    struct tagging *tagging = calloc(1, sizeof *tagging);
    if (!tagging) return problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    tagging->access = access;
    err = genesis_get(client, ledger ? ledger : said, &tagging->genesis, ret_why);
    if (err)
        tagging_close(tagging);
    else
        *ret = tagging;
    return err;
}

void tagging_close(struct tagging *tagging) {
    if (!tagging) return;
    genesis_done(tagging->genesis);
    free(tagging);
}

/* -- the question -- */

static enum err blind(struct round *round, size_t at, struct problem *ret_why) {
    uint8_t random[VOPRF_RANDOM_LEN];
    entropy(random, sizeof random);
    enum err err = tag_blind(&round->wants[at]->person, random, round->blinds[at],
                             round->blinded[at], ret_why);
    secret_wipe(random, sizeof random);
    return err;
}

static enum err question_fill(const struct round *round, struct json *question) {
    char text[ENCODED_MAX];
    struct json *list = json_new_array();
    enum err err = list ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < round->count; i++) {
        base64url_write(bytes_of(round->blinded[i], VOPRF_ELEMENT_LEN), text);
        err = json_push(list, json_new_text(text));
    }
    if (err)
        json_done(list);
    else
        err = json_put(question, "blinded", list);
    if (!err) err = json_put_text(question, "domain", round->domain);
    return err ? err : json_put_int(question, "version", TAG_VERSION);
}

static enum err question_make(struct round *round, struct buf *out, struct problem *ret_why) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < round->count; i++) err = blind(round, i, ret_why);
    if (err) return err;
    struct json *question = json_new_object();
    err = question ? question_fill(round, question) : ERR_NO_MEMORY;
    if (!err) err = json_format(question, out);
    json_done(question);
    return err ? problem_set(ret_why, err, "The question for tags cannot be written.") : ERR_OK;
}

/* Over and over while the node asks for a short wait. */
static enum err send(struct access *access, struct bytes question, struct client_reply *ret,
                     struct problem *ret_why) {
    enum err err = ERR_OK;
    for (unsigned i = 0; !err && i < TRIES; i++) {
        struct client_reply reply;
        memset(&reply, 0, sizeof reply);
        err = access_call(access, "POST", PATH, "application/json", question, LIMIT_HTTP_REPLY,
                          &reply, ret_why);
        if (err) break;
        unsigned wait_s = reply.retry_after_s;
        bool again = (reply.status == 429 || reply.status == 503) && wait_s <= WAIT_MAX_S;
        if (!again || i + 1 == TRIES) {
            *ret = reply;
            return ERR_OK;
        }
        client_reply_done(&reply);
        (void)sleep(wait_s ? wait_s : 1);
    }
    return err;
}

/* -- the answer -- */

static enum err want_finalise(struct round *round, size_t at, const struct json *answer,
                              bool with_evidence, struct problem *ret_why) {
    struct tag_want *want = round->wants[at];
    struct tag_evaluation evaluation;
    struct bytes element = json_text_bytes(json_at(json_member(answer, "evaluated"), at));
    struct bytes proof = json_text_bytes(json_at(json_member(answer, "proofs"), at));
    memcpy(evaluation.pk, round->pk, sizeof evaluation.pk);
    if (base64url_decode_fixed(element, evaluation.element, sizeof evaluation.element) ||
        base64url_decode_fixed(proof, evaluation.proof, sizeof evaluation.proof))
        return problem_set(ret_why, ERR_PROOF, "The node's answer lacks an element or its proof.");
    enum err err = tag_finalise(&want->person, round->blinds[at], &evaluation, want->tag, ret_why);
    if (err == ERR_PROOF)
        (void)problem_set(ret_why, err,
                          "The node's answer is not proven to be made with the ledger's key of "
                          "the domain %s. Ask its operator; use no tag of it.",
                          round->domain);
    if (!err && with_evidence) {
        want->evidence = tag_evidence_json(&want->person, round->blinds[at], &evaluation);
        if (!want->evidence) err = problem_set(ret_why, ERR_NO_MEMORY, "Out of memory.");
    }
    if (!err) want->is_made = true;
    return err;
}

static enum err answer_take(struct round *round, const struct client_reply *reply,
                            bool with_evidence, struct problem *ret_why) {
    struct json *answer = NULL;
    enum err err = remote_reply_check(reply, ret_why);
    if (!err) err = json_parse(buf_bytes(&reply->body), &answer, ret_why);
    for (size_t i = 0; !err && i < round->count; i++)
        err = want_finalise(round, i, answer, with_evidence, ret_why);
    json_done(answer);
    return err;
}

static enum err round_go(struct tagging *tagging, struct round *round, bool with_evidence,
                         struct problem *ret_why) {
    struct client_reply reply;
    struct buf question;
    memset(&reply, 0, sizeof reply);
    buf_init(&question, LIMIT_HTTP_BODY);
    enum err err = question_make(round, &question, ret_why);
    if (!err) err = send(tagging->access, buf_bytes(&question), &reply, ret_why);
    if (!err) err = answer_take(round, &reply, with_evidence, ret_why);
    client_reply_done(&reply);
    buf_done(&question);
    return err;
}

/* -- all of them -- */

/* That nothing but the node can refuse: every number is valid and the genesis has a key of every domain. */
static enum err wants_check(const struct tagging *tagging, const struct tag_want *wants,
                            size_t count, size_t *ret_at, struct problem *ret_why) {
    voprf_element pk;
    struct buf input;
    buf_init(&input, 1024);
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < count; i++) {
        buf_clear(&input);
        *ret_at = i;
        err = tag_input(&wants[i].person, &input, ret_why);
        if (!err && genesis_tag_key(tagging->genesis, wants[i].person.domain, pk))
            err = problem_set(ret_why, ERR_NOT_FOUND,
                              "This ledger has no key of a tag domain %s. GET /v1/types lists the "
                              "domains.",
                              wants[i].person.domain);
    }
    if (input.data) secret_wipe(input.data, input.cap);
    buf_done(&input);
    return err;
}

/* The next wants of one domain that are not made; none: count is 0. */
static void round_gather(struct round *round, struct tag_want *wants, size_t count) {
    round->count = 0;
    round->domain = NULL;
    for (size_t i = 0; i < count && round->count < LIMIT_TAGS_ASKED; i++) {
        if (wants[i].is_made) continue;
        if (!round->domain) round->domain = wants[i].person.domain;
        if (strcmp(round->domain, wants[i].person.domain) == 0)
            round->wants[round->count++] = &wants[i];
    }
}

enum err tagging_make(struct tagging *tagging, struct tag_want *wants, size_t count,
                      bool with_evidence, size_t *ret_at, struct problem *ret_why) {
    enum err err = wants_check(tagging, wants, count, ret_at, ret_why);
    if (err) return err;
    struct round *round = calloc(1, sizeof *round);
    if (round) round->blinds = secret_take(LIMIT_TAGS_ASKED * sizeof *round->blinds);
    if (!round || !round->blinds)
        err = problem_set(ret_why, ERR_NO_MEMORY, "Out of locked memory.");
    while (!err) {
        round_gather(round, wants, count);
        if (!round->count) break;
        *ret_at = (size_t)(round->wants[0] - wants);
        err = genesis_tag_key(tagging->genesis, round->domain, round->pk);
        if (!err) err = round_go(tagging, round, with_evidence, ret_why);
    }
    if (round) secret_free(round->blinds);
    free(round);
    return err;
}

void tag_want_done(struct tag_want *want) {
    json_done(want->evidence);
    want->evidence = NULL;
    want->is_made = false;
}

struct json *tag_want_json(const struct tag_want *want) {
    char text[ENCODED_MAX];
    struct json *tag = json_new_object();
    base64url_write(bytes_of(want->tag, TAG_LEN), text);
    enum err err = tag ? json_put_text(tag, "d", want->person.domain) : ERR_NO_MEMORY;
    if (!err) err = json_put_int(tag, "v", TAG_VERSION);
    if (!err) err = json_put_text(tag, "t", text);
    if (!err) return tag;
    json_done(tag);
    return NULL;
}

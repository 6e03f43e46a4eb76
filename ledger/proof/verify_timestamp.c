/* Step `timestamp`: RFC 3161 tokens over the signed checkpoint, byte for byte as it stands in the receipt's proof.
 *
 * A token is a second, independent clock: where the cosigners are few or their clocks in doubt, the checkpoint, and with it every
 * leaf under it, existed by the time of the token. One that verifies is enough, for a receipt may carry tokens of several
 * authorities and a verifier trust but one of them; where none does, the step fails.
 * Invariant: timestamp_s is the earliest time of a token that verified. */
#include "ledger/proof/verdict.h"

#include "ledger/base/text.h"
#include "ledger/crypto/timestamp.h"

struct tokens {
    size_t good;
    uint64_t time_s; /* the earliest */
    struct problem why;
};

static enum err token_check(struct verification *v, const struct timestamp_anchors *anchors,
                            struct bytes text, struct tokens *tokens) {
    struct buf der;
    uint64_t time_s = 0;
    buf_init(&der, text.len);
    enum err err = base64_decode(text, &der);
    if (err == ERR_BASE64)
        (void)problem_set(&tokens->why, err, "A token is not strict base64.");
    else if (!err)
        err = timestamp_verify(buf_bytes(&der), v->anchor.proof.checkpoint, anchors, &time_s,
                               &tokens->why);
    buf_done(&der);
    if (err) return err == ERR_NO_MEMORY ? err : ERR_OK;
    if (tokens->good++ == 0 || time_s < tokens->time_s) tokens->time_s = time_s;
    return ERR_OK;
}

static void tokens_say(struct verification *v, const struct tokens *tokens) {
    char when[TIME_TEXT_LEN];
    size_t count = json_count(v->receipt->timestamps);
    if (tokens->good == 0) {
        step_fail(v->verdict, STEP_TIMESTAMP, "时间戳验证不通过", &tokens->why);
        return;
    }
    v->verdict->timestamp_s = tokens->time_s;
    time_text(tokens->time_s, when);
    struct verdict_item *item = step_set(v->verdict, STEP_TIMESTAMP, VERDICT_PASS);
    verdict_say(
        item->reason,
        "%zu of %zu tokens verify under the given authorities: the checkpoint existed not later "
        "than "
        "%s.",
        tokens->good, count, when);
    verdict_say(item->reason_zh, "%zu 个时间戳中 %zu 个经所给机构验证通过：检查点最迟存在于 %s。",
                count, tokens->good, when);
}

static enum err tokens_check(struct verification *v, const struct timestamp_anchors *anchors) {
    struct tokens tokens = {0};
    const struct json *list = v->receipt->timestamps;
    for (size_t i = 0; i < json_count(list); i++) {
        struct bytes text = json_text_bytes(json_member(json_at(list, i), "token"));
        enum err err = token_check(v, anchors, text, &tokens);
        if (err) return err;
    }
    tokens_say(v, &tokens);
    return ERR_OK;
}

enum err timestamp_check(struct verification *v) {
    struct timestamp_anchors *anchors;
    if (!v->receipt->timestamps) {
        step_say(v->verdict, STEP_TIMESTAMP, VERDICT_NOT_APPLICABLE,
                 "The receipt carries no timestamp token.", "回执不含时间戳。");
        return ERR_OK;
    }
    if (v->input->tsa_pem.len == 0) {
        step_say(
            v->verdict, STEP_TIMESTAMP, VERDICT_NOT_APPLICABLE,
            "Not checked: no trust anchor was given. Give the timestamp authority's certificate.",
            "未检查：未提供信任锚。请提供时间戳机构的证书。");
        return ERR_OK;
    }
    if (!v->has_anchor) return ERR_OK;
    enum err err = timestamp_anchors_parse(v->input->tsa_pem, &anchors);
    if (err == ERR_NO_MEMORY) return err;
    if (err) {
        step_say(v->verdict, STEP_TIMESTAMP, VERDICT_NOT_APPLICABLE,
                 "Not checked: the trust anchors given are not certificates in PEM.",
                 "未检查：所给信任锚不是 PEM 格式的证书。");
        return ERR_OK;
    }
    err = tokens_check(v, anchors);
    timestamp_anchors_done(anchors);
    return err;
}

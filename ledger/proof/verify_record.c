/* Step `document` and the first half of `record`: the strict form (verify_issuer.c has the signature, verify_disclosures.c what is disclosed).
 *
 * Failure modes: a record that cannot be read fails `record`, and what rests on it is left as not applicable. No reason repeats what
 * a disclosure or a claim says. */
#include "ledger/proof/verdict.h"

#include "ledger/base/text.h"
#include "ledger/record/sdjwt.h"

#include <string.h>

/* -- record -- */

static enum err claims_take(struct verification *v) {
    struct verdict *verdict = v->verdict;
    const struct record *record = v->record;
    verdict->has_record = true;
    memcpy(verdict->record_id, record->id, sizeof verdict->record_id);
    memcpy(verdict->issuer, record->iss, sizeof verdict->issuer);
    memcpy(verdict->type, record->type, sizeof verdict->type);
    memcpy(verdict->act, record->act, sizeof verdict->act);
    verdict->claims = json_clone(record->payload);
    if (!verdict->claims) return ERR_NO_MEMORY;
    json_remove(verdict->claims, "_sd");
    json_remove(verdict->claims, "_sd_alg");
    return ERR_OK;
}

/* The strict form. The signature waits for the issuer chain, for without it there is no key to check it with. */
static enum err record_read(struct verification *v, struct bytes jws) {
    struct problem why = {0};
    enum err err = record_parse(jws, &v->record, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err) {
        step_fail(v->verdict, STEP_RECORD, "记录格式不合要求", &why);
        return ERR_OK;
    }
    v->record_canonical = bytes_equal(v->record->canonical, jws);
    if (v->record_canonical) {
        step_say(
            v->verdict, STEP_RECORD, VERDICT_NOT_APPLICABLE,
            "The form is strict. The signature was not checked, for no key is proven to be the "
            "issuer's: see the step `issuer`.",
            "格式合规。签名未检查，因为没有密钥被证明属于签发方：见“签发方密钥来源”一步。");
    } else {
        step_say(
            v->verdict, STEP_RECORD, VERDICT_FAIL,
            "The signature is not in its canonical form (low S), which is what the ledger hashed: "
            "ask for the receipt again.",
            "签名不是规范形式（低 S 值），与账本所哈希的内容不同：请重新索取回执。");
    }
    return claims_take(v);
}

enum err presentation_check(struct verification *v) {
    struct bytes jws, disclosures, key_binding;
    bool tilde = false;
    if (v->receipt->has_leaf) {
        step_say(v->verdict, STEP_RECORD, VERDICT_NOT_APPLICABLE,
                 "The receipt carries the leaf alone, not the record.", "回执只含叶子，不含记录。");
        disclosures_none(v);
        return ERR_OK;
    }
    enum err err = sdjwt_cut(v->receipt->presentation, &jws, &disclosures, &key_binding, &tilde);
    if (err || !tilde) {
        step_say(
            v->verdict, STEP_RECORD, VERDICT_FAIL,
            "The receipt's record is not of the form <JWS>~<disclosure>~...: a ~ ends each part.",
            "回执中的记录不符合 <JWS>~<披露>~... 的形式：每一部分都以 ~ 结尾。");
        return ERR_OK;
    }
    err = record_read(v, jws);
    if (err || !v->record) return err;
    return disclosures_check(v, disclosures, key_binding);
}

/* -- document -- */

enum doc_match { DOC_NONE, DOC_EQUAL, DOC_DIFFERENT };

static enum doc_match doc_compare(const struct record *record, const struct record_doc *doc) {
    enum doc_match match = DOC_NONE;
    for (size_t i = 0; i < record->doc_count; i++) {
        if (record->docs[i].alg != doc->alg) continue;
        if (memcmp(record->docs[i].digest, doc->digest, DIGEST_LEN) == 0) return DOC_EQUAL;
        match = DOC_DIFFERENT;
    }
    return match;
}

static void document_result(struct verdict *verdict, enum doc_match match,
                            const struct record_doc *doc) {
    char hex[2 * DIGEST_LEN + 1];
    hex_encode(bytes_of(doc->digest, DIGEST_LEN), hex);
    struct verdict_item *item =
        step_set(verdict, STEP_DOCUMENT, match == DOC_EQUAL ? VERDICT_PASS : VERDICT_FAIL);
    if (match == DOC_EQUAL) {
        verdict_say(item->reason, "The document's %s digest %s is the one that the record names.",
                    digest_name(doc->alg), hex);
        verdict_say(item->reason_zh, "文件的 %s 摘要 %s 与记录所载一致。", digest_name(doc->alg),
                    hex);
        return;
    }
    verdict_say(
        item->reason,
        "The document's %s digest %s is not among those that the record names: it is another "
        "document, or it was altered.",
        digest_name(doc->alg), hex);
    verdict_say(item->reason_zh, "文件的 %s 摘要 %s 与记录所载不同：不是同一文件，或文件已被改动。",
                digest_name(doc->alg), hex);
}

static void document_compare(struct verification *v) {
    const struct record_doc *equal = NULL;
    for (size_t i = 0; i < v->input->doc_count; i++) {
        const struct record_doc *doc = &v->input->docs[i];
        enum doc_match match = doc_compare(v->record, doc);
        if (match == DOC_DIFFERENT) {
            document_result(v->verdict, match, doc);
            return;
        }
        if (match == DOC_EQUAL) equal = doc;
    }
    if (equal) {
        document_result(v->verdict, DOC_EQUAL, equal);
        return;
    }
    step_say(v->verdict, STEP_DOCUMENT, VERDICT_NOT_APPLICABLE,
             "The record names its document by another algorithm than the digests given: hash the "
             "document with sha-256 and sm3.",
             "记录所用的摘要算法与所给摘要不同：请对文件计算 sha-256 和 sm3 摘要。");
}

void document_check(struct verification *v) {
    if (v->input->doc_count == 0) {
        step_say(v->verdict, STEP_DOCUMENT, VERDICT_NOT_APPLICABLE,
                 "No document was given to compare.", "未提供待比对的文件。");
    } else if (v->receipt->has_leaf) {
        step_say(
            v->verdict, STEP_DOCUMENT, VERDICT_NOT_APPLICABLE,
            "The receipt carries no record, so the document cannot be compared: ask the holder for "
            "the receipt with its record.",
            "回执不含记录，无法比对文件：请向持有人索取含记录的回执。");
    } else if (v->record && v->record->doc_count == 0) {
        step_say(v->verdict, STEP_DOCUMENT, VERDICT_FAIL,
                 "The record names no document at all, so it says nothing about this one.",
                 "记录未载明任何文件，与所给文件无关。");
    } else if (v->record) {
        document_compare(v);
    }
}

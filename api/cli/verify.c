/* qizheng verify: whether a receipt proves what it says, off line, step by step (ledger/proof/verify.h).
 *
 * Two conclusions stand apart at the end and are never merged: unchanged since anchoring, and what is known of the origin before. */
#include "ledger/proof/verify.h"
#include "api/cli/command.h"
#include "api/cli/disk.h"
#include "api/cli/presentation.h"
#include "api/cli/verify_folder.h"
#include "ledger/record/tag.h"

#include <stdio.h>
#include <string.h>

#define TSA_MAX (256 * 1024)
#define BINDING_MAX_AGE_S 300 /* time enough to hand a file over, and little to find a second use */

static const struct option_spec options[] = {
    {"receipt", "FILE", "the receipt", false, false},
    {"receipts", "FOLDER", "all FOLDER/*.receipt.json at once, in place of one", false, false},
    {"policy", "FILE", "the verifier policy that you trust", true, false},
    {"disclose", "NAMES",
     "look at these disclosures only, comma separated; tag_evidence is shown only so", false,
     false},
    {"audience", "NAME", "demand that the holder bound it to this name, which is yours", false,
     false},
    {"nonce", "TEXT", "and to this value, which you gave the holder for this occasion", false,
     false},
    {"max-age", "SECONDS", "how old that may be (default 300; 0: of any age)", false, false},
    {"tsa", "PEM", "trust anchors for timestamp tokens", false, false},
    {NULL, NULL, NULL, false, false},
};

struct inputs {
    struct buf receipt, policy, tsa;
    struct record_doc docs[2];
    size_t doc_count;
    struct keybinding_demand demand;
    bool has_demand;
};

static void inputs_done(struct inputs *inputs) {
    buf_done(&inputs->receipt);
    buf_done(&inputs->policy);
    buf_done(&inputs->tsa);
}

/* The receipt with fewer disclosures. */
static enum err receipt_narrow(struct buf *text, const char *names, struct problem *ret_why) {
    struct json *json = NULL;
    enum err err = json_parse(buf_bytes(text), &json, ret_why);
    if (!err && presentation_is_bound(json_text_bytes(json_member(json, "record"))))
        err = problem_set(ret_why, ERR_REQUEST,
                          "The holder bound this receipt as it is (key binding): leave --disclose "
                          "out.");
    if (!err) err = presentation_pick_in(json, names, ret_why);
    buf_clear(text);
    if (!err) err = json_format(json, text);
    json_done(json);
    return err;
}

static enum err document_read(const char *path, struct inputs *inputs, struct problem *ret_why) {
    if (!path || strcmp(path, "-") == 0) return ERR_OK;
    inputs->docs[0].alg = DIGEST_SHA256;
    inputs->docs[1].alg = DIGEST_SM3;
    inputs->doc_count = 2;
    return disk_digest(path, true, inputs->docs[0].digest, inputs->docs[1].digest, ret_why);
}

static enum err demand_read(const struct cli *cli, struct inputs *inputs, struct problem *ret_why) {
    struct keybinding_demand *demand = &inputs->demand;
    uint64_t max_age = 0;
    demand->audience = option_text(cli, "audience");
    demand->nonce = option_text(cli, "nonce");
    inputs->has_demand = demand->audience && demand->nonce;
    if (!demand->audience != !demand->nonce || (!inputs->has_demand && option_has(cli, "max-age")))
        return problem_set(ret_why, ERR_REQUEST, "--audience and --nonce go together.");
    enum err err = option_number(cli, "max-age", 0, LIMIT_JSON_INT / 1000, BINDING_MAX_AGE_S,
                                 &max_age, ret_why);
    demand->now_s = now_s();
    demand->max_age_s = (int64_t)max_age;
    return err;
}

static enum err inputs_read(const struct cli *cli, struct inputs *inputs, struct problem *ret_why) {
    const char *tsa = option_text(cli, "tsa"), *names = option_text(cli, "disclose");
    const char *receipt = option_text(cli, "receipt");
    enum err err = receipt ? disk_read(receipt, LIMIT_RECEIPT, &inputs->receipt, ret_why) : ERR_OK;
    if (!err) err = disk_read(option_text(cli, "policy"), LIMIT_POLICY, &inputs->policy, ret_why);
    if (!err && tsa) err = disk_read(tsa, TSA_MAX, &inputs->tsa, ret_why);
    if (!err) err = demand_read(cli, inputs, ret_why);
    if (!err && names) err = receipt_narrow(&inputs->receipt, names, ret_why);
    return err ? err : document_read(operand(cli, 0), inputs, ret_why);
}

/* -- for people -- */

static const char *result_word(enum verdict_result result, bool is_zh) {
    switch (result) {
    case VERDICT_PASS: return is_zh ? "通过" : "pass";
    case VERDICT_FAIL: return is_zh ? "不通过" : "FAIL";
    case VERDICT_NOT_APPLICABLE: return is_zh ? "不适用" : "n/a ";
    }
    return "";
}

static void print_steps(const struct verdict *verdict, bool is_zh) {
    static const char *const zh[STEP_COUNT] = {
#define STEP_ZH(name, text, chinese) chinese,
        VERDICT_STEPS(STEP_ZH)
#undef STEP_ZH
    };
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        const struct verdict_item *item = &verdict->items[i];
        (void)printf("%s  %-11s %s: ", result_word(item->result, is_zh),
                     verdict_step_name((enum verdict_step)i), zh[i]);
        say_clean(stdout, is_zh ? item->reason_zh : item->reason);
        (void)putchar('\n');
    }
}

static void print_text(const char *label, const struct json *object, bool is_zh) {
    const char *text = json_text(json_member(object, is_zh ? "text_zh" : "text"));
    (void)printf("\n%s\n  ", label);
    say_clean(stdout, text ? text : "");
    (void)putchar('\n');
}

/* Whether --disclose asks for it: then the whole of it is shown. */
static bool evidence_wanted(const struct cli *cli) {
    const char *names = option_text(cli, "disclose");
    return names && presentation_lists(names, TAG_CLAIM);
}

/* disclosed: as the verdict has it, or as its JSON shows it. */
static void print_disclosed(const struct json *disclosed) {
    struct buf value;
    if (json_count(disclosed)) (void)printf("\nDisclosed 已披露\n");
    for (void *it = json_first(disclosed); it; it = json_next(disclosed, it)) {
        buf_init(&value, LIMIT_RECORD_PRESENTED);
        const struct json *one = json_value_at(it);
        enum err err =
            json_text(one) ? buf_add(&value, json_text_bytes(one)) : json_format(one, &value);
        (void)printf("  ");
        say_clean(stdout, json_name_at(it));
        (void)printf(": ");
        say_clean(stdout, !err && buf_text(&value) ? buf_text(&value) : "?");
        (void)putchar('\n');
        buf_done(&value);
    }
}

static void print_all(const struct cli *cli, const struct verdict *verdict,
                      const struct json *json) {
    const struct json *conclusions = json_member(json, "conclusions");
    bool is_zh = cli->is_zh;
    print_steps(verdict, is_zh);
    print_disclosed(evidence_wanted(cli) ? verdict->disclosed
                                         : json_member(json_member(json, "record"), "disclosed"));
    print_text("Unchanged since anchoring? 上链后是否未经篡改",
               json_member(conclusions, "integrity"), is_zh);
    print_text("Origin before anchoring 上链前的来源", json_member(conclusions, "origin"), is_zh);
}

static int status_of(enum verdict_outcome outcome) {
    switch (outcome) {
    case VERDICT_VALID: return EXIT_DONE;
    case VERDICT_INVALID: return EXIT_REFUSED;
    case VERDICT_UNCHECKED: return EXIT_TROUBLE;
    }
    return EXIT_TROUBLE;
}

static int report(const struct cli *cli, const struct verdict *verdict) {
    struct json *json = NULL;
    enum err err = verdict_json(verdict, &json);
    if (err) return say_trouble(cli, err, NULL);
    if (cli->is_json) return say_json(json) ? EXIT_TROUBLE : status_of(verdict->outcome);
    print_all(cli, verdict, json);
    json_done(json);
    return status_of(verdict->outcome);
}

/* One receipt, or a folder of them, about which there is no document and nothing to pick. */
static enum err options_check(const struct cli *cli, struct problem *ret_why) {
    bool is_folder = option_has(cli, "receipts");
    if (option_has(cli, "receipt") == is_folder)
        return problem_set(ret_why, ERR_REQUEST, "Give --receipt FILE or --receipts FOLDER.");
    if (!is_folder ||
        (!operand(cli, 0) && !option_has(cli, "disclose") && !option_has(cli, "audience")))
        return ERR_OK;
    return problem_set(ret_why, ERR_REQUEST,
                       "--receipts takes no document, --disclose or --audience: verify one receipt "
                       "for that.");
}

static int run(struct cli *cli) {
    struct inputs inputs;
    struct verdict *verdict = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    memset(&inputs, 0, sizeof inputs);
    enum err err = options_check(cli, &why);
    if (!err) err = inputs_read(cli, &inputs, &why);
    if (!err && option_has(cli, "receipts")) {
        int all = verify_folder(cli, option_text(cli, "receipts"), buf_bytes(&inputs.policy),
                                buf_bytes(&inputs.tsa));
        inputs_done(&inputs);
        return all;
    }
    struct verify_input input = {.receipt = buf_bytes(&inputs.receipt),
                                 .policy = buf_bytes(&inputs.policy),
                                 .docs = inputs.docs,
                                 .doc_count = inputs.doc_count,
                                 .tsa_pem = buf_bytes(&inputs.tsa),
                                 .binding = inputs.has_demand ? &inputs.demand : NULL};
    if (!err) err = verify(&input, &verdict);
    int status = err ? say_trouble(cli, err, &why) : report(cli, verdict);
    verdict_done(verdict);
    inputs_done(&inputs);
    return status;
}

const struct command command_verify = {
    .name = "verify",
    .operands = "[FILE]",
    .max = 1,
    .summary = "Verify a receipt, and the document that it is about, off line",
    .details =
        "FILE is the document in question; without it, or with -, only the receipt is verified.\n"
        "Nothing is sent anywhere. The policy says which log and which nodes you trust: take it "
        "from a source of your own.\n"
        "Two answers are given apart: whether what was anchored is unchanged, and what is known "
        "of its origin before.\n"
        "--audience and --nonce demand that the holder's key signed this very selection for you "
        "and this occasion; give the\nholder a nonce that you draw anew each time.",
    .options = options,
    .run = run,
};

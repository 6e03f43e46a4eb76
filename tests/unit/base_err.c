/* The error table: a known answer for every code, since clients act on them. */
#include "ledger/base/err.h"

#include <criterion/criterion.h>
#include <string.h>

struct known {
    const char *code;
    int status;
};

/* FORMATS section 6, then what HTTP itself and the tools need besides. Changing a row breaks clients. */
static const struct known known[] = {
    {"ok", 200},
    {"malformed_json", 400},
    {"jws", 400},
    {"base64", 400},
    {"signature_invalid", 400},
    {"request", 400},
    {"token_missing", 401},
    {"token_invalid", 401},
    {"token_expired", 401},
    {"token_replayed", 401},
    {"issuer_unknown", 403},
    {"issuer_suspended", 403},
    {"key_revoked", 403},
    {"alg_mismatch", 403},
    {"role", 403},
    {"scope", 403},
    {"not_found", 404},
    {"not_final", 404},
    {"method", 405},
    {"timeout", 408},
    {"state", 409},
    {"stale_ref", 409},
    {"rule", 409},
    {"duplicate_tag", 409},
    {"too_large", 413},
    {"media_type", 415},
    {"schema", 422},
    {"personal_field", 422},
    {"disclosure_submitted", 422},
    {"window", 422},
    {"audience", 422},
    {"queue_full", 429},
    {"rate", 429},
    {"no_memory", 503},
    {"no_order", 503},
    {"no_quorum", 503},
    {"disk_full", 503},
    {"draining", 503},
    {"diverged", 503},
    {"io", 500},
    {"corrupt", 500},
    {"locked", 503},
    {"rollback", 500},
    {"key_mode", 500},
    {"key", 400},
    {"config", 500},
    {"protocol", 500},
    {"note", 400},
    {"checkpoint", 400},
    {"policy", 400},
    {"proof", 422},
    {"disclosure", 400},
    {"receipt", 400},
    {"batch", 400},
    {"internal", 500},
};

Test(err, err_table_is_the_published_one) {
    cr_assert_eq((size_t)ERR_COUNT, sizeof known / sizeof *known);
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        cr_expect_str_eq(err_code((enum err)i), known[i].code);
        cr_expect_eq(err_status((enum err)i), known[i].status, "%s", known[i].code);
    }
}

Test(err, err_codes_are_unique_and_found_again) {
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        enum err err = ERR_INTERNAL;
        cr_assert(err_from_code(known[i].code, &err));
        cr_expect_eq((unsigned)err, i);
        cr_expect(err_title((enum err)i)[0] && err_title_zh((enum err)i)[0]);
    }
    enum err err;
    cr_expect(!err_from_code("no such code", &err));
}

Test(err, err_classes_say_whether_to_try_again) {
    cr_expect_eq(err_class(ERR_SCHEMA), ERR_CLASS_REFUSE);
    cr_expect_eq(err_class(ERR_QUEUE_FULL), ERR_CLASS_RETRY);
    cr_expect_eq(err_class(ERR_DIVERGED), ERR_CLASS_STOP);
}

Test(err, problem_set_fills_and_truncates) {
    struct problem problem;
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    cr_expect_eq(problem_at(&problem, ERR_SCHEMA, "/start", "%s", longer), ERR_SCHEMA);
    cr_expect_eq(strlen(problem.detail), sizeof problem.detail - 1);
    cr_expect_str_eq(problem.pointer, "/start");
    cr_expect_eq(problem_set(&problem, ERR_RULE, "short"), ERR_RULE);
    cr_expect_str_empty(problem.pointer);
    cr_expect_eq(problem_set(NULL, ERR_IO, "nobody asks"), ERR_IO);
}

/* Tags on request: who has which budget, what is charged, what is counted, and what a refusal says. */
#include "node/evaluator.h"

#include "api/log.h"
#include "api/metrics.h"
#include "ledger/base/text.h"
#include "ledger/crypto/domainkey.h"
#include "ledger/crypto/secret.h"
#include "tests/lib/folder.h"

#include <string.h>
#include <sys/stat.h>

#define NOW 1795420602000ULL
#define PER_DAY 10
#define LOOKUPS 3

static char folder[FOLDER_LEN];
static struct json *voprf;
static struct genesis_node node;
static struct evaluator *evaluator;
static uint8_t blinded[16 * 32], evaluated[16 * 32], proofs[16 * 64];
static struct api_tags_made made;
static struct problem why;

static void again(void) {
    struct evaluator_options options = {.keys_dir = folder,
                                        .data_dir = folder,
                                        .node = &node,
                                        .tags_per_day = PER_DAY,
                                        .lookups_per_day = LOOKUPS};
    evaluator_close(evaluator);
    evaluator = NULL;
    cr_assert(evaluator_open(&options, &evaluator, &why) == ERR_OK, "%s", why.detail);
}

static void setup(void) {
    uint8_t random[VOPRF_RANDOM_LEN];
    voprf_scalar secret;
    voprf_element public;
    char text[DOMAINKEY_TEXT + 1], path[FOLDER_LEN];
    log_set_level(LOG_ERROR);
    folder_make(folder);
    memset(random, 5, sizeof random);
    cr_assert(voprf_scalar_make(random, secret) == ERR_OK);
    cr_assert(voprf_public(secret, public) == ERR_OK);
    domainkey_format(secret, text);
    folder_write(folder, "tag-labour-1.key", bytes_text(text));
    folder_path(folder, "tag-labour-1.key", path);
    cr_assert(chmod(path, 0600) == 0);
    base64url_write(bytes_of(public, 32), text);
    voprf = json_new_object();
    cr_assert(json_put_text(voprf, "labour", text) == ERR_OK);
    node.voprf = voprf;
    for (size_t i = 0; i < 16; i++) memcpy(blinded + 32 * i, public, 32);
    again();
}

static void teardown(void) {
    evaluator_close(evaluator);
    json_done(voprf);
    folder_remove(folder);
}

TestSuite(evaluator, .init = setup, .fini = teardown, .timeout = 60);

static enum err ask(const char *reader, size_t count, bool is_lookup, uint64_t now_ms) {
    struct api_tags question = {.reader = reader,
                                .purpose = "unit-test",
                                .is_lookup = is_lookup,
                                .domain = "labour",
                                .version = 1,
                                .blinded = blinded,
                                .count = count};
    made = (struct api_tags_made){.evaluated = evaluated, .proofs = proofs};
    return evaluator_ask(evaluator, &question, now_ms, &made, &why);
}

Test(evaluator, what_is_evaluated_is_counted_and_its_key_is_named) {
    uint64_t before = metric_get(METRIC_TAGS_EVALUATED);
    cr_assert(ask("payer", 4, false, NOW) == ERR_OK);
    cr_assert_eq(metric_get(METRIC_TAGS_EVALUATED), before + 4);
    cr_assert_eq(memcmp(made.public, blinded, 32), 0);
    for (size_t i = 0; i < 4; i++)
        cr_assert(voprf_verify(made.public, blinded + 32 * i, evaluated + 32 * i, 1,
                               proofs + 64 * i) == ERR_OK);
}

Test(evaluator, a_spent_budget_is_refused_counted_and_says_when) {
    uint64_t before = metric_get(METRIC_TAGS_REFUSED), done = metric_get(METRIC_TAGS_EVALUATED);
    cr_assert(ask("payer", PER_DAY, false, NOW) == ERR_OK);
    memset(evaluated, 0, sizeof evaluated);
    cr_assert(ask("payer", 2, false, NOW) == ERR_RATE);
    cr_assert_eq(metric_get(METRIC_TAGS_REFUSED), before + 2);
    cr_assert_eq(metric_get(METRIC_TAGS_EVALUATED), done + PER_DAY);
    cr_assert_eq(made.retry_after_s, 2 * 8640, "a fifth of a day, not %u", made.retry_after_s);
    cr_assert(strstr(why.detail, "10 tags a day") && strstr(why.detail, "none was made"));
    for (size_t i = 0; i < sizeof evaluated; i++) cr_assert_eq(evaluated[i], 0);
    again();
    cr_assert(ask("payer", 1, false, NOW) == ERR_RATE, "a restart gives nothing back");
    cr_assert(ask("payer", 2, false, NOW + made.retry_after_s * 2000ULL) == ERR_OK);
}

Test(evaluator, a_lookup_has_the_small_budget) {
    cr_assert(ask("court", LOOKUPS + 1, true, NOW) == ERR_TOO_LARGE);
    cr_assert(strstr(why.detail, "3 tags a day"));
    cr_assert(ask("court", LOOKUPS, true, NOW) == ERR_OK);
    cr_assert(ask("court", 1, true, NOW) == ERR_RATE);
    cr_assert(ask("payer", LOOKUPS + 1, false, NOW) == ERR_OK);
}

Test(evaluator, a_domain_or_version_without_a_key_costs_nothing) {
    struct api_tags question = {.reader = "payer",
                                .purpose = "unit-test",
                                .domain = "benefit",
                                .version = 1,
                                .blinded = blinded,
                                .count = PER_DAY};
    made = (struct api_tags_made){.evaluated = evaluated, .proofs = proofs};
    cr_assert(evaluator_ask(evaluator, &question, NOW, &made, &why) == ERR_NOT_FOUND);
    cr_assert(strstr(why.detail, "benefit"));
    question.domain = "labour";
    question.version = 2;
    cr_assert(evaluator_ask(evaluator, &question, NOW, &made, &why) == ERR_NOT_FOUND);
    cr_assert(ask("payer", PER_DAY, false, NOW) == ERR_OK);
}

Test(evaluator, it_does_not_open_without_its_key_or_folder) {
    struct evaluator_options options = {.keys_dir = folder,
                                        .data_dir = "/nonexistent",
                                        .node = &node,
                                        .tags_per_day = PER_DAY,
                                        .lookups_per_day = LOOKUPS};
    struct evaluator *other = NULL;
    cr_assert(evaluator_open(&options, &other, &why) == ERR_IO && !other);
    cr_assert(strstr(why.detail, "/nonexistent/tag-budget"));
    options.keys_dir = "/nonexistent";
    options.data_dir = folder;
    cr_assert(evaluator_open(&options, &other, &why) == ERR_NOT_FOUND && !other);
    evaluator_close(NULL);
}

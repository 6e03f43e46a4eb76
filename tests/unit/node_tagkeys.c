/* The keys of tag domains: what a node refuses to start with, and that what it evaluates is proven to be its key's. */
#include "node/tagkeys.h"

#include "ledger/base/text.h"
#include "ledger/crypto/domainkey.h"
#include "ledger/record/tag.h"
#include "tests/lib/folder.h"

#include <string.h>
#include <sys/stat.h>

static char folder[FOLDER_LEN];
static struct json *voprf;
static struct genesis_node node;
static voprf_scalar secrets[2];
static voprf_element publics[2];
static const char *const domains[2] = {"labour", "benefit"};

static void write_key(const char *name, const voprf_scalar secret, mode_t mode) {
    char text[DOMAINKEY_TEXT + 1], path[FOLDER_LEN];
    domainkey_format(secret, text);
    folder_path(folder, name, path);
    (void)remove(path);
    folder_write(folder, name, bytes_text(text));
    cr_assert(chmod(path, mode) == 0);
}

static void setup(void) {
    folder_make(folder);
    voprf = json_new_object();
    for (size_t i = 0; i < 2; i++) {
        uint8_t random[VOPRF_RANDOM_LEN];
        char text[64];
        memset(random, (int)i + 5, sizeof random);
        cr_assert(voprf_scalar_make(random, secrets[i]) == ERR_OK);
        cr_assert(voprf_public(secrets[i], publics[i]) == ERR_OK);
        base64url_write(bytes_of(publics[i], 32), text);
        cr_assert(json_put_text(voprf, domains[i], text) == ERR_OK);
    }
    node.voprf = voprf;
    write_key("tag-labour-1.key", secrets[0], 0600);
    write_key("tag-benefit-1.key", secrets[1], 0600);
}

static void teardown(void) {
    json_done(voprf);
    folder_remove(folder);
}

TestSuite(tagkeys, .init = setup, .fini = teardown, .timeout = 60);

static struct tagkeys *open_good(void) {
    struct tagkeys *keys = NULL;
    struct problem why = {0};
    enum err err = tagkeys_open(folder, &node, &keys, &why);
    cr_assert(err == ERR_OK, "%s", why.detail);
    return keys;
}

static void expect_refused(enum err expected, const char *word) {
    struct tagkeys *keys = NULL;
    struct problem why = {0};
    enum err err = tagkeys_open(folder, &node, &keys, &why);
    cr_expect(err == expected && why.err == expected, "%s: %s", err_code(err), why.detail);
    cr_expect(strstr(why.detail, word), "%s", why.detail);
    cr_expect(keys == NULL);
}

Test(tagkeys, each_domain_evaluates_with_its_own_key_and_proves_each_element_alone) {
    enum { COUNT = 3 };
    struct tagkeys *keys = open_good();
    voprf_scalar blinds[COUNT];
    uint8_t blinded[COUNT * 32], evaluated[COUNT * 32], proofs[COUNT * 64];
    for (size_t d = 0; d < 2; d++) {
        voprf_element public;
        for (size_t i = 0; i < COUNT; i++) {
            uint8_t random[VOPRF_RANDOM_LEN];
            memset(random, (int)(i + 1), sizeof random);
            cr_assert(voprf_scalar_make(random, blinds[i]) == ERR_OK);
            cr_assert(voprf_blind(bytes_text("a person"), blinds[i], blinded + 32 * i) == ERR_OK);
        }
        cr_assert(tagkeys_evaluate(keys, domains[d], blinded, COUNT, public, evaluated, proofs) ==
                  ERR_OK);
        cr_assert_eq(memcmp(public, publics[d], 32), 0);
        uint8_t expected[VOPRF_OUTPUT_LEN], output[VOPRF_OUTPUT_LEN];
        cr_assert(voprf_evaluate(secrets[d], bytes_text("a person"), expected) == ERR_OK);
        for (size_t i = 0; i < COUNT; i++) {
            cr_assert(voprf_verify(public, blinded + 32 * i, evaluated + 32 * i, 1,
                                   proofs + 64 * i) == ERR_OK);
            cr_assert(voprf_verify(publics[1 - d], blinded + 32 * i, evaluated + 32 * i, 1,
                                   proofs + 64 * i) == ERR_PROOF);
            cr_assert(voprf_finalise(bytes_text("a person"), blinds[i], evaluated + 32 * i,
                                     output) == ERR_OK);
            cr_assert_eq(memcmp(output, expected, sizeof output), 0);
        }
        cr_assert(memcmp(proofs, proofs + 64, 64) != 0, "two proofs with one nonce");
    }
    tagkeys_close(keys);
}

Test(tagkeys, a_domain_without_a_key_and_a_bad_element_are_refused) {
    struct tagkeys *keys = open_good();
    uint8_t zero[32] = {0}, evaluated[32], proof[64];
    voprf_element public;
    cr_assert(tagkeys_has(keys, "labour") && !tagkeys_has(keys, "health") &&
              !tagkeys_has(keys, ""));
    cr_assert(tagkeys_evaluate(keys, "health", publics[0], 1, public, evaluated, proof) ==
              ERR_NOT_FOUND);
    cr_assert(tagkeys_evaluate(keys, "labour", zero, 1, public, evaluated, proof) == ERR_REQUEST);
    tagkeys_close(keys);
    tagkeys_close(NULL);
}

Test(tagkeys, a_genesis_without_domains_needs_no_files) {
    json_done(voprf);
    voprf = json_new_object();
    node.voprf = voprf;
    struct tagkeys *keys = open_good();
    cr_assert(!tagkeys_has(keys, "labour"));
    tagkeys_close(keys);
}

Test(tagkeys, a_missing_file_says_that_no_other_key_will_do) {
    char path[FOLDER_LEN];
    folder_path(folder, "tag-benefit-1.key", path);
    cr_assert(remove(path) == 0);
    expect_refused(ERR_NOT_FOUND, "no other key makes the same tags");
}

Test(tagkeys, another_domains_key_is_foreign) {
    write_key("tag-benefit-1.key", secrets[0], 0600);
    expect_refused(ERR_KEY, "not the key that the genesis lists for the tag domain benefit");
}

Test(tagkeys, a_file_that_others_can_read_is_refused) {
    write_key("tag-labour-1.key", secrets[0], 0640);
    expect_refused(ERR_KEY_MODE, "chmod 600");
}

Test(tagkeys, a_link_in_the_place_of_a_key_is_refused) {
    char path[FOLDER_LEN], other[FOLDER_LEN];
    folder_path(folder, "tag-labour-1.key", path);
    folder_path(folder, "other", other);
    cr_assert(rename(path, other) == 0 && symlink(other, path) == 0);
    expect_refused(ERR_KEY_MODE, "tag-labour-1.key");
}

Test(tagkeys, what_is_no_key_is_refused) {
    static const char *const bad[] = {"", "x\n",
                                      "0000000000000000000000000000000000000000000000"
                                      "000000000000000000\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char path[FOLDER_LEN];
        folder_path(folder, "tag-labour-1.key", path);
        (void)remove(path);
        folder_write(folder, "tag-labour-1.key", bytes_text(bad[i]));
        cr_assert(chmod(path, 0600) == 0);
        expect_refused(ERR_KEY, "64 lower-case hex digits");
    }
    write_key("tag-labour-1.key", secrets[0], 0600);
    folder_write(folder, "tag-benefit-1.key",
                 bytes_text("00000000000000000000000000000000000000000000000000000000000000000000"
                            "0000"));
    expect_refused(ERR_TOO_LARGE, "tag-benefit-1.key");
}

Test(tagkeys, a_genesis_with_a_name_or_element_that_no_key_has_is_refused) {
    static const char *const names[] = {"../labour", "Labour", "labour"};
    static const char *const elements[] = {"4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY",
                                           "4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY",
                                           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < 3; i++) {
        json_done(voprf);
        voprf = json_new_object();
        node.voprf = voprf;
        cr_assert(json_put_text(voprf, names[i], elements[i]) == ERR_OK);
        expect_refused(ERR_KEY, "The genesis lists a tag domain");
    }
}

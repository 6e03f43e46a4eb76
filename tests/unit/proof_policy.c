/* Policies: the standard's grammar line by line, every way to miss the quorum, nested groups against a naive count, ours written and
 * read back. */
#include "tests/lib/world.h"

#define PEOPLE 6 /* witnesses with keys of their own */

static struct world world;

static void begin(void) {
    world_begin(&world, 3);
}

static void end(void) {
    world_end(&world);
}

TestSuite(proof_policy, .init = begin, .fini = end);

/* %L<i> and %W<i> become the vkeys of node i. */
static struct buf policy_text(const char *pattern) {
    struct buf text;
    buf_init(&text, 1024 * 1024);
    for (const char *at = pattern; *at; at++) {
        if (at[0] != '%') {
            cr_assert(buf_add_byte(&text, (uint8_t)*at) == ERR_OK);
            continue;
        }
        size_t node = (size_t)(at[2] - '0');
        const struct vkey *vkey = at[1] == 'L' ? &world.logs[node] : &world.cosigners[node];
        cr_assert(vkey_format(vkey, &text) == ERR_OK);
        at += 2;
    }
    return text;
}

static struct policy *policy_of(const char *pattern) {
    struct policy *policy = NULL;
    struct problem why = {0};
    struct buf text = policy_text(pattern);
    enum err err = policy_parse(buf_bytes(&text), &policy, &why);
    cr_assert(err == ERR_OK, "%s: %s", pattern, why.detail);
    buf_done(&text);
    return policy;
}

static void refused(const char *pattern, const char *reason) {
    struct policy *policy = NULL;
    struct problem why = {0};
    struct buf text = policy_text(pattern);
    cr_assert(policy_parse(buf_bytes(&text), &policy, &why) == ERR_POLICY, "%s", pattern);
    cr_assert(strstr(why.detail, reason), "%s: %s", pattern, why.detail);
    cr_assert_null(policy);
    buf_done(&text);
}

static enum err judge(const struct policy *policy, unsigned logs, unsigned cosigners,
                      struct policy_result *ret) {
    struct problem why = {0};
    struct buf note = world_checkpoint(&world, world.size, logs, cosigners);
    enum err err = policy_check(policy, buf_bytes(&note), ret, &why);
    cr_assert(err == why.err, "the reason belongs to the error");
    cr_assert(!err || why.detail[0]);
    cr_assert(bytes_is(ret->checkpoint.origin, WORLD_ORIGIN));
    buf_done(&note); /* and with it the origin */
    return err;
}

/* -- grammar -- */

Test(proof_policy, comments_blank_lines_tabs_and_urls_are_as_the_standard_has_them) {
    struct policy *policy = policy_of("# a comment\n \t# another\n\n  \t \n"
                                      "\tlog\t%L0  https://example.org/log \t\n"
                                      "witness \xe8\xa7\x81\xff %W0 https://example.org/w\n"
                                      "witness B %W1\ngroup g  any \xe8\xa7\x81\xff\tB \nquorum g\n"
                                      "log %L1\n");
    cr_assert(policy_log_count(policy) == 2);
    cr_assert(policy_witness_count(policy) == 2);
    cr_assert(vkey_same(policy_log(policy, 1), &world.logs[1]));
    cr_assert(vkey_same(policy_witness(policy, 1), &world.cosigners[1]));
    cr_assert_null(policy_log(policy, 2));
    cr_assert_null(policy_witness(policy, 2));
    policy_done(policy);
}

Test(proof_policy, every_departure_from_the_grammar_is_refused_with_its_line) {
    refused("", "no quorum line");
    refused("log %L0\n", "no quorum line");
    refused("quorum none", "no newline");
    refused("log %L0\nquorum none\nquorum none\n", "Line 3");
    refused("quorum none\r\n", "control character");
    refused("quorum none\n\x7f\n", "control character");
    refused("quorum\n", "name is missing");
    refused("quorum a\n", "no witness or group");
    refused("quorum none none\n", "one name");
    refused("logs %L0\nquorum none\n", "none of log");
    refused("Log %L0\nquorum none\n", "none of log");
    refused("log\nquorum none\n", "vkey is missing");
    refused("log %L0 url more\nquorum none\n", "More items");
    refused("log %L0\n\nlog %L0\nquorum none\n", "Line 3");
    refused("log %W0\nquorum none\n", "type 0x01");
    refused("log example+00000000+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\nquorum none\n",
            "not valid");
    refused("witness\nquorum none\n", "name is missing");
    refused("witness A\nquorum none\n", "vkey is missing");
    refused("witness A %L0\nquorum none\n", "type 0x04");
    refused("witness none %W0\nquorum none\n", "predefined");
    refused("witness A %W0\nwitness A %W1\nquorum none\n", "defined already");
    refused("witness A %W0\nwitness B %W0\nquorum none\n", "listed already");
    refused("witness A %W0\ngroup A any A\nquorum none\n", "defined already");
    refused("quorum A\nwitness A %W0\n", "no witness or group");
}

Test(proof_policy, every_departure_from_the_grammar_of_groups_is_refused) {
#define WITNESSES "witness A %W0\nwitness B %W1\nwitness C %W2\n"
    refused(WITNESSES "group\nquorum none\n", "name is missing");
    refused(WITNESSES "group none any A\nquorum none\n", "predefined");
    refused(WITNESSES "group g\nquorum none\n", "threshold is missing");
    refused(WITNESSES "group g any\nquorum none\n", "one member");
    refused(WITNESSES "group g 1\nquorum none\n", "one member");
    refused(WITNESSES "group g 0 A\nquorum none\n", "between 1");
    refused(WITNESSES "group g 3 A B\nquorum none\n", "between 1");
    refused(WITNESSES "group g 01 A B\nquorum none\n", "decimal number");
    refused(WITNESSES "group g +1 A B\nquorum none\n", "decimal number");
    refused(WITNESSES "group g 99999999999999999999 A\nquorum none\n", "decimal number");
    refused(WITNESSES "group g some A B\nquorum none\n", "decimal number");
    refused(WITNESSES "group g any A A\nquorum none\n", "in a group already");
    refused(WITNESSES "group g any A\ngroup h any A B\nquorum none\n", "in a group already");
    refused(WITNESSES "group g any g\nquorum none\n", "of a line before");
    refused(WITNESSES "group g any h\ngroup h any A\nquorum none\n", "of a line before");
    refused(WITNESSES "group g any none\nquorum none\n", "of a line before");
}

Test(proof_policy, what_is_too_much_is_refused) {
    struct buf text = policy_text("log %L0\nwitness A %W0\ngroup g0 any A\n");
    struct policy *policy = NULL;
    struct problem why = {0};
    for (int i = 1; i < LIMIT_POLICY_NAMES; i++)
        cr_assert(buf_format(&text, "group g%d all g%d\n", i, i - 1) == ERR_OK);
    cr_assert(buf_add_text(&text, "quorum none\n") == ERR_OK);
    cr_assert(policy_parse(buf_bytes(&text), &policy, &why) == ERR_POLICY);
    cr_assert(strstr(why.detail, "Too many witnesses and groups"));
    while (text.len <= LIMIT_POLICY) cr_assert(buf_add_text(&text, "# long\n") == ERR_OK);
    cr_assert(policy_parse(buf_bytes(&text), &policy, &why) == ERR_TOO_LARGE);
    cr_assert_null(policy);
    buf_done(&text);
}

/* As many as the standard recommends to support. */
Test(proof_policy, a_chain_of_two_hundred_groups_is_judged) {
    struct buf text = policy_text("log %L0\nwitness A %W0\ngroup g0 any A\n");
    struct policy *policy = NULL;
    struct policy_result result;
    for (int i = 1; i < 200; i++)
        cr_assert(buf_format(&text, "group g%d all g%d\n", i, i - 1) == ERR_OK);
    cr_assert(buf_add_text(&text, "quorum g199\n") == ERR_OK);
    cr_assert(policy_parse(buf_bytes(&text), &policy, NULL) == ERR_OK);
    cr_assert(judge(policy, 1, 1, &result) == ERR_OK);
    cr_assert(result.n == 1 && result.q == 1 && !result.plain);
    policy_result_done(&result);
    cr_assert(judge(policy, 1, 2, &result) == ERR_POLICY);
    policy_result_done(&result);
    policy_done(policy);
    buf_done(&text);
}

/* -- judging -- */

Test(proof_policy, two_of_three_and_any_log_meet_our_own_policy) {
    struct buf text = world_policy(&world);
    struct policy *policy = NULL;
    cr_assert(policy_parse(buf_bytes(&text), &policy, NULL) == ERR_OK);
    for (unsigned logs = 0; logs < 8; logs++) {
        for (unsigned set = 0; set < 8; set++) {
            struct policy_result result;
            size_t count = (size_t)__builtin_popcount(set);
            if (logs + set == 0) continue; /* a note without lines is no note */
            enum err err = judge(policy, logs, set, &result);
            cr_assert(err == (logs && count >= 2 ? ERR_OK : ERR_POLICY), "%u %u", logs, set);
            cr_assert(result.log_signed == (logs != 0));
            cr_assert(result.quorum_met == (count >= 2));
            cr_assert(result.plain && result.n == 3 && result.q == 2);
            cr_assert(result.signer_count == count);
            cr_assert(result.checkpoint.size == world.size);
            policy_result_done(&result);
        }
    }
    policy_done(policy);
    buf_done(&text);
}

Test(proof_policy, signers_are_named_in_policy_order_with_their_times) {
    struct policy *policy = policy_of("log %L0\nwitness three %W2\nwitness one %W0\n"
                                      "witness two %W1\ngroup g all one three\nquorum g\n");
    struct policy_result result;
    cr_assert(judge(policy, 1, 7, &result) == ERR_OK);
    cr_assert(result.signer_count == 2, "the witness outside of the quorum does not count");
    cr_assert_str_eq(result.signers[0].name, "three");
    cr_assert_str_eq(result.signers[1].name, "one");
    cr_assert(result.signers[0].time_s == WORLD_COSIGNED_S + 20);
    cr_assert(result.signers[1].time_s == WORLD_COSIGNED_S);
    cr_assert(vkey_same(result.signers[0].vkey, &world.cosigners[2]));
    policy_result_done(&result);
    policy_done(policy);
}

Test(proof_policy, a_single_witness_can_be_the_quorum) {
    struct policy *policy = policy_of("log %L0\n" WITNESSES "quorum B\n");
    struct policy_result result;
    cr_assert(judge(policy, 1, 2, &result) == ERR_OK);
    cr_assert(result.plain && result.n == 1 && result.q == 1);
    policy_result_done(&result);
    cr_assert(judge(policy, 1, 5, &result) == ERR_POLICY);
    cr_assert(result.signer_count == 0);
    policy_result_done(&result);
    policy_done(policy);
}

Test(proof_policy, quorum_none_asks_for_the_log_alone) {
    struct policy *policy = policy_of("log %L0\nquorum none\n");
    struct policy_result result;
    cr_assert(judge(policy, 1, 0, &result) == ERR_OK);
    cr_assert(result.plain && result.n == 0 && result.q == 0 && result.quorum_met);
    policy_result_done(&result);
    cr_assert(judge(policy, 2, 7, &result) == ERR_POLICY, "an unknown log key counts for nothing");
    policy_result_done(&result);
    policy_done(policy);
}

Test(proof_policy, without_a_listed_log_no_checkpoint_is_met) {
    struct policy *policy = policy_of(WITNESSES "group g 2 A B C\nquorum g\n");
    struct policy_result result;
    cr_assert(judge(policy, 7, 7, &result) == ERR_POLICY);
    cr_assert(result.quorum_met && !result.log_signed);
    policy_result_done(&result);
    policy_done(policy);
}

/* "This name MUST correspond to the log's origin line" */
Test(proof_policy, a_log_key_under_another_name_is_not_the_logs) {
    struct vkey foreign;
    struct policy *policy = policy_of("log %L0\nquorum none\n");
    struct policy_result result;
    struct buf body, note;
    cr_assert(vkey_make("other.invalid", NOTE_TYPE_ED25519, key_secret_public(world.nodes[0].log),
                        &foreign) == ERR_OK);
    body = world_body(&world, world.size);
    buf_init(&note, LIMIT_NOTE);
    cr_assert(buf_add(&note, buf_bytes(&body)) == ERR_OK);
    cr_assert(buf_add_byte(&note, '\n') == ERR_OK);
    cr_assert(checkpoint_sign(&foreign, world.nodes[0].log, buf_bytes(&body), &note) == ERR_OK);
    cr_assert(policy_check(policy, buf_bytes(&note), &result, NULL) == ERR_POLICY);
    cr_assert(!result.log_signed);
    policy_result_done(&result);
    policy_done(policy);
    struct buf text;
    buf_init(&text, 1024);
    cr_assert(buf_add_text(&text, "log ") == ERR_OK);
    cr_assert(vkey_format(&foreign, &text) == ERR_OK);
    cr_assert(buf_add_text(&text, "\nquorum none\n") == ERR_OK);
    cr_assert(policy_parse(buf_bytes(&text), &policy, NULL) == ERR_OK);
    cr_assert(policy_check(policy, buf_bytes(&note), &result, NULL) == ERR_POLICY,
              "a known key signed it, but under a name that is not the origin");
    policy_result_done(&result);
    policy_done(policy);
    buf_done(&text);
    buf_done(&note);
    buf_done(&body);
}

Test(proof_policy, a_false_line_of_a_listed_key_rejects_the_note) {
    struct policy *policy = policy_of("log %L0\nlog %L1\n" WITNESSES "quorum A\n");
    struct buf body = world_body(&world, world.size), other = world_body(&world, world.size - 1);
    for (unsigned bad = 0; bad < 4;
         bad++) { /* a log line, the quorum's witness, one outside of it, an unlisted log */
        struct policy_result result;
        struct problem why = {0};
        static const unsigned logs[] = {2, 0, 0, 4}, cosigners[] = {0, 1, 4, 0};
        struct buf note = world_note(&world, buf_bytes(&body), 1, bad == 1 ? 2 : 1);
        struct buf lines = world_note(&world, buf_bytes(&other), logs[bad], cosigners[bad]);
        cr_assert(buf_add(&note, bytes_slice(buf_bytes(&lines), other.len + 1, lines.len)) ==
                  ERR_OK);
        enum err err = policy_check(policy, buf_bytes(&note), &result, &why);
        cr_assert(err == (bad < 3 ? ERR_SIGNATURE_INVALID : ERR_OK), "%u: %s", bad, why.detail);
        policy_result_done(&result);
        buf_done(&note);
        buf_done(&lines);
    }
    buf_done(&body);
    buf_done(&other);
    policy_done(policy);
}

/* A note whose lines are those of `first` and then those of `second`, each over its own text; the text is the first's. */
static struct buf note_joined(struct bytes text, struct bytes second, unsigned logs,
                              unsigned cosigners) {
    struct buf note = world_note(&world, text, 1, 3);
    struct buf lines = world_note(&world, second, logs, cosigners);
    cr_assert(buf_add(&note, bytes_slice(buf_bytes(&lines), second.len + 1, lines.len)) == ERR_OK);
    buf_done(&lines);
    return note;
}

Test(proof_policy, a_false_second_line_of_a_listed_key_rejects_the_note) {
    struct policy *policy = policy_of("log %L0\n" WITNESSES "group g 2 A B C\nquorum g\n");
    struct buf body = world_body(&world, world.size), other = world_body(&world, world.size - 1);
    static const unsigned logs[] = {1, 0, 0}, cosigners[] = {0, 1, 2};
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        struct policy_result result;
        struct buf good = note_joined(buf_bytes(&body), buf_bytes(&body), logs[i], cosigners[i]);
        cr_assert(policy_check(policy, buf_bytes(&good), &result, NULL) == ERR_OK,
                  "a true line may stand there twice");
        cr_assert(result.signer_count == 2, "and its key counts once");
        policy_result_done(&result);
        struct buf bad = note_joined(buf_bytes(&body), buf_bytes(&other), logs[i], cosigners[i]);
        cr_assert(policy_check(policy, buf_bytes(&bad), &result, NULL) == ERR_SIGNATURE_INVALID);
        policy_result_done(&result);
        buf_done(&good);
        buf_done(&bad);
    }
    buf_done(&body);
    buf_done(&other);
    policy_done(policy);
}

Test(proof_policy, the_earliest_of_a_witnesss_cosignatures_counts_once) {
    struct policy *policy = policy_of("log %L0\n" WITNESSES "group g 2 A B C\nquorum g\n");
    struct policy_result result;
    struct buf body = world_body(&world, world.size);
    struct buf note = world_note(&world, buf_bytes(&body), 1, 1);
    for (uint64_t time_s = WORLD_COSIGNED_S - 5; time_s < WORLD_COSIGNED_S + 5; time_s += 5)
        cr_assert(checkpoint_cosign(&world.cosigners[0], world.nodes[0].cosigner, buf_bytes(&body),
                                    time_s, &note) == ERR_OK);
    cr_assert(policy_check(policy, buf_bytes(&note), &result, NULL) == ERR_POLICY,
              "three lines of one key are one cosigner");
    cr_assert(result.signer_count == 1);
    cr_assert(result.signers[0].time_s == WORLD_COSIGNED_S - 5);
    policy_result_done(&result);
    policy_done(policy);
    buf_done(&note);
    buf_done(&body);
}

Test(proof_policy, what_is_no_checkpoint_is_said_to_be_none) {
    struct policy *policy = policy_of("log %L0\nquorum none\n");
    struct policy_result result;
    struct buf note;
    uint8_t sig[KEY_SIG_LEN];
    buf_init(&note, LIMIT_NOTE);
    cr_assert(buf_add_text(&note, "no checkpoint\n\n") == ERR_OK);
    cr_assert(key_sign(world.nodes[0].log, bytes_text("no checkpoint\n"), sig) == ERR_OK);
    cr_assert(note_line_format(&world.logs[0], bytes_of(sig, sizeof sig), &note) == ERR_OK);
    cr_assert(policy_check(policy, buf_bytes(&note), &result, NULL) == ERR_CHECKPOINT);
    policy_result_done(&result);
    cr_assert(policy_check(policy, bytes_text("no note"), &result, NULL) == ERR_NOTE);
    policy_result_done(&result);
    buf_done(&note);
    policy_done(policy);
}

/* -- nested groups against a count by hand, every set of cosigners -- */

static bool naive(unsigned set) { /* (2 of 0,1,2) and ((any of 3,4) or 5) */
    int first = (int)(set & 1) + (int)(set >> 1 & 1) + (int)(set >> 2 & 1);
    return first >= 2 && (set >> 3 & 7) != 0;
}

Test(proof_policy_nested, nested_groups_are_judged_as_by_hand_for_every_set) {
    struct policy_result result;
    world_begin(&world, PEOPLE);
    struct policy *policy =
        policy_of("log %L0\nwitness X1 %W0\nwitness Y1 %W3\nwitness X2 %W1\nwitness Y2 %W4\n"
                  "witness X3 %W2\nwitness Z %W5\ngroup X 2 X3 X2 X1\ngroup Y any Y1 Y2\n"
                  "group YZ 1 Y Z\ngroup both all X YZ\nquorum both\n");
    for (unsigned set = 0; set < 1u << PEOPLE; set++) {
        enum err err = judge(policy, 1, set, &result);
        cr_assert(err == (naive(set) ? ERR_OK : ERR_POLICY), "%x", set);
        cr_assert(!result.plain && result.n == 6 && result.q == 3);
        cr_assert(result.signer_count == (size_t)__builtin_popcount(set));
        policy_result_done(&result);
    }
    policy_done(policy);
    world_end(&world);
}

/* -- ours -- */

Test(proof_policy, ours_reads_back_with_its_own_log_first) {
    for (size_t own = 0; own < 3; own++) {
        struct buf text;
        struct policy *policy = NULL;
        buf_init(&text, LIMIT_POLICY);
        cr_assert(policy_format(world.logs, world.cosigners, 3, own, &text) == ERR_OK);
        cr_assert(bytes_starts(buf_bytes(&text), "# sizes 0 -\nlog "));
        cr_assert(policy_parse(buf_bytes(&text), &policy, NULL) == ERR_OK);
        cr_assert(policy_log_count(policy) == 3 && policy_witness_count(policy) == 3);
        cr_assert(vkey_same(policy_log(policy, 0), &world.logs[own]));
        policy_done(policy);
        buf_done(&text);
    }
    struct buf none;
    buf_init(&none, LIMIT_POLICY);
    cr_assert(policy_format(world.logs, world.cosigners, 3, 3, &none) == ERR_POLICY);
    cr_assert(policy_format(world.logs, world.cosigners, 0, 0, &none) == ERR_POLICY);
    cr_assert(none.len == 0);
}

Test(proof_policy, done_takes_null) {
    policy_done(NULL);
    cr_assert(true);
}

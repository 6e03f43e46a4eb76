/* Two checkpoints: a lie is proven in every world where there is one, and in no world where there is none.
 *
 * Small worlds: every pair of sizes; logs that agree up to some leaf and differ from there on. */
#include "ledger/proof/conflict.h"

#include "tests/lib/world.h"

#define LEAVES 12

static struct world honest, forked; /* the same nodes; forked differs from leaf `fork` on */

static void leaves_fill(struct world *world, size_t fork) {
    for (world->size = 0; world->size < LEAVES; world->size++) {
        char text[32];
        (void)snprintf(text, sizeof text, "%s %zu", world->size < fork ? "leaf" : "other",
                       world->size);
        merkle_leaf(bytes_text(text), world->hashes[world->size]);
    }
}

static void begin(void) {
    world_begin(&honest, 3);
    forked = honest; /* borrows everything; only its leaves are its own */
    leaves_fill(&honest, LEAVES);
    leaves_fill(&forked, 0);
}

static void end(void) {
    world_end(&honest);
}

TestSuite(proof_conflict, .init = begin, .fini = end);

static struct conflict check(struct bytes a, struct bytes b, const char *hashes) {
    struct conflict conflict = {0}, again = {0};
    struct problem why = {0};
    const struct vkey *keys[6];
    for (size_t i = 0; i < 3; i++) {
        keys[i] = &honest.logs[i];
        keys[3 + i] = &honest.cosigners[i];
    }
    enum err err = conflict_check(a, b, bytes_text(hashes), keys, 6, &conflict, &why);
    cr_assert(err == ERR_OK, "%s", why.detail);
    cr_assert(conflict_check(b, a, bytes_text(hashes), keys, 6, &again, NULL) == ERR_OK);
    cr_assert(conflict.proven == again.proven && conflict.liar_count == again.liar_count,
              "the order of the two makes no difference");
    cr_assert(conflict.proven == (conflict.liar_count > 0));
    cr_assert(conflict.reason[0] && conflict.reason_zh[0]);
    cr_assert(utf8_valid(bytes_text(conflict.reason_zh)));
    return conflict;
}

static void line_add(struct buf *text, const uint8_t hash[HASH_LEN]) {
    cr_assert(base64_encode(bytes_of(hash, HASH_LEN), text) == ERR_OK);
    cr_assert(buf_add_byte(text, '\n') == ERR_OK);
}

/* What an auditor writes down who holds the larger tree. */
static struct buf hashes_of(struct world *world, uint64_t old_size, uint64_t new_size) {
    struct merkle_proof proof;
    struct merkle_source source = {world, world_perfect};
    struct buf text;
    uint8_t first[HASH_LEN];
    buf_init(&text, 8192);
    cr_assert(merkle_consistency_prove(&source, old_size, new_size, &proof) == ERR_OK);
    if ((old_size & (old_size - 1)) == 0) {
        cr_assert(merkle_root(&source, old_size, first) == ERR_OK);
        line_add(&text, first);
    }
    for (size_t i = 0; i < proof.count; i++) line_add(&text, proof.hashes[i]);
    return text;
}

/* -- one size -- */

Test(proof_conflict, two_roots_for_one_size_prove_the_lie_of_whoever_signed_both) {
    struct buf a = world_checkpoint(&honest, 5, 1, 3), b = world_checkpoint(&forked, 5, 3, 6);
    struct conflict conflict = check(buf_bytes(&a), buf_bytes(&b), "");
    cr_assert(conflict.proven && conflict.liar_count == 2);
    char log[CONFLICT_NAME_LEN + 1], node[CONFLICT_NAME_LEN + 1];
    (void)snprintf(log, sizeof log, WORLD_ORIGIN "+%08x", honest.logs[0].id);
    (void)snprintf(node, sizeof node, WORLD_ORIGIN "/node/2+%08x", honest.cosigners[1].id);
    cr_assert_str_eq(conflict.liars[0], log);
    cr_assert_str_eq(conflict.liars[1], node);
    buf_done(&a);
    buf_done(&b);
}

Test(proof_conflict, every_pair_of_signer_sets_names_just_those_in_both) {
    for (unsigned first = 1; first < 8; first++) {
        for (unsigned second = 1; second < 8; second++) {
            struct buf a = world_checkpoint(&honest, 5, 0, first);
            struct buf b = world_checkpoint(&forked, 5, 0, second);
            struct conflict conflict = check(buf_bytes(&a), buf_bytes(&b), "");
            cr_assert(conflict.liar_count == (size_t)__builtin_popcount(first & second));
            cr_assert(
                strstr(conflict.reason, (first & second) ? "Two different roots" : "none of"));
            buf_done(&a);
            buf_done(&b);
        }
    }
}

Test(proof_conflict, the_same_checkpoint_signed_twice_is_no_lie) {
    struct buf a = world_checkpoint(&honest, 5, 1, 7), b = world_checkpoint(&honest, 5, 7, 1);
    cr_assert(!check(buf_bytes(&a), buf_bytes(&b), "").proven);
    cr_assert(!check(buf_bytes(&a), buf_bytes(&a), "").proven);
    buf_done(&a);
    buf_done(&b);
}

Test(proof_conflict, a_line_that_does_not_verify_counts_for_nothing_and_spoils_nothing) {
    struct buf a = world_checkpoint(&honest, 5, 1, 0), b = world_checkpoint(&forked, 5, 0, 2);
    struct buf body = world_body(&forked, 5), other = world_body(&honest, 4);
    struct buf lines = world_note(&honest, buf_bytes(&other), 1, 1); /* right keys, another text */
    cr_assert(buf_add(&b, bytes_slice(buf_bytes(&lines), other.len + 1, lines.len)) == ERR_OK);
    struct conflict conflict = check(buf_bytes(&a), buf_bytes(&b), "");
    cr_assert(!conflict.proven, "a copied line accuses nobody");
    struct buf good = world_note(&honest, buf_bytes(&body), 1, 0);
    cr_assert(buf_add(&b, bytes_slice(buf_bytes(&good), body.len + 1, good.len)) == ERR_OK);
    conflict = check(buf_bytes(&a), buf_bytes(&b), "");
    cr_assert(conflict.proven && conflict.liar_count == 1, "and does not shield the liar");
    buf_done(&a);
    buf_done(&b);
    buf_done(&body);
    buf_done(&other);
    buf_done(&lines);
    buf_done(&good);
}

Test(proof_conflict, keys_that_were_not_given_are_not_judged) {
    struct buf a = world_checkpoint(&honest, 5, 1, 7), b = world_checkpoint(&forked, 5, 1, 7);
    struct conflict conflict;
    const struct vkey *twice[] = {&honest.cosigners[1], &honest.cosigners[1]};
    cr_assert(conflict_check(buf_bytes(&a), buf_bytes(&b), bytes_text(""), NULL, 0, &conflict,
                             NULL) == ERR_OK);
    cr_assert(!conflict.proven);
    cr_assert(conflict_check(buf_bytes(&a), buf_bytes(&b), bytes_text(""), twice, 2, &conflict,
                             NULL) == ERR_OK);
    cr_assert(conflict.liar_count == 1, "a key given twice lied once");
    buf_done(&a);
    buf_done(&b);
}

Test(proof_conflict, a_policys_keys_are_all_asked) {
    struct buf a = world_checkpoint(&honest, 5, 7, 7), b = world_checkpoint(&forked, 5, 7, 7);
    struct buf text = world_policy(&honest);
    struct policy *policy = NULL;
    struct conflict conflict;
    cr_assert(policy_parse(buf_bytes(&text), &policy, NULL) == ERR_OK);
    cr_assert(conflict_check_policy(buf_bytes(&a), buf_bytes(&b), bytes_text(""), policy, &conflict,
                                    NULL) == ERR_OK);
    cr_assert(conflict.proven && conflict.liar_count == 6);
    policy_done(policy);
    buf_done(&text);
    buf_done(&a);
    buf_done(&b);
}

Test(proof_conflict, other_logs_may_have_other_roots) {
    struct buf body, a = world_checkpoint(&honest, 5, 0, 1);
    uint8_t root[HASH_LEN] = {1};
    buf_init(&body, LIMIT_NOTE);
    cr_assert(checkpoint_format("other.invalid", 5, root, &body) == ERR_OK);
    struct buf b = world_note(&honest, buf_bytes(&body), 0, 1);
    struct conflict conflict = check(buf_bytes(&a), buf_bytes(&b), "");
    cr_assert(!conflict.proven && strstr(conflict.reason, "different logs"));
    buf_done(&a);
    buf_done(&b);
    buf_done(&body);
}

/* -- two sizes -- */

Test(proof_conflict,
     for_every_pair_of_sizes_and_every_fork_the_lie_is_proven_just_where_there_is_one) {
    for (size_t fork = 0; fork < LEAVES; fork++) {
        leaves_fill(&forked, fork);
        for (uint64_t small = 1; small < LEAVES; small++) {
            for (uint64_t large = small + 1; large <= LEAVES; large += 3) {
                struct buf a = world_checkpoint(&honest, small, 0, 1);
                struct buf b = world_checkpoint(&forked, large, 0, 1);
                struct buf hashes = hashes_of(&forked, small, large);
                struct conflict conflict = check(buf_bytes(&a), buf_bytes(&b), buf_text(&hashes));
                cr_assert(conflict.proven == (fork < small), "fork %zu, %llu to %llu: %s", fork,
                          (unsigned long long)small, (unsigned long long)large, conflict.reason);
                buf_done(&a);
                buf_done(&b);
                buf_done(&hashes);
            }
        }
    }
}

/* The larger checkpoint is honest, so no hashes whatever may accuse its signer: each bit flipped, each line dropped, one added, another
 * tree's. */
Test(proof_conflict, made_up_hashes_accuse_nobody) {
    for (uint64_t small = 1; small < LEAVES; small++) {
        struct buf a = world_checkpoint(&honest, small, 0, 1);
        struct buf b = world_checkpoint(&honest, LEAVES, 0, 1);
        struct buf hashes = hashes_of(&honest, small, LEAVES), of_forked;
        struct conflict conflict = check(buf_bytes(&a), buf_bytes(&b), buf_text(&hashes));
        cr_assert(!conflict.proven && strstr(conflict.reason, "Consistent"));
        for (size_t i = 0; i < hashes.len; i += 5) {
            uint8_t kept = hashes.data[i];
            if (i % 45 > 41) continue; /* the last digit, the padding and the newline */
            hashes.data[i] = kept == 'A' ? 'B' : 'A';
            conflict = check(buf_bytes(&a), buf_bytes(&b), buf_text(&hashes));
            cr_assert(!conflict.proven && strstr(conflict.reason, "do not build"));
            hashes.data[i] = kept;
        }
        for (size_t from = 45; from < hashes.len; from += 45) {
            conflict = check(buf_bytes(&a), buf_bytes(&b), buf_text(&hashes) + from);
            cr_assert(!conflict.proven);
        }
        line_add(&hashes, honest.hashes[0]);
        cr_assert(!check(buf_bytes(&a), buf_bytes(&b), buf_text(&hashes)).proven);
        of_forked = hashes_of(&forked, small, LEAVES);
        cr_assert(!check(buf_bytes(&a), buf_bytes(&b), buf_text(&of_forked)).proven);
        buf_done(&of_forked);
        buf_done(&hashes);
        buf_done(&a);
        buf_done(&b);
    }
}

Test(proof_conflict, without_hashes_two_sizes_prove_nothing) {
    struct buf a = world_checkpoint(&honest, 5, 1, 7), b = world_checkpoint(&forked, 9, 1, 7);
    struct conflict conflict = check(buf_bytes(&a), buf_bytes(&b), "");
    cr_assert(!conflict.proven && strstr(conflict.reason, "without hashes"));
    buf_done(&a);
    a = world_checkpoint(&honest, 0, 1, 7);
    struct buf hashes = hashes_of(&forked, 1, 9);
    conflict = check(buf_bytes(&a), buf_bytes(&b), buf_text(&hashes));
    cr_assert(!conflict.proven && strstr(conflict.reason, "empty"));
    buf_done(&hashes);
    buf_done(&a);
    buf_done(&b);
}

/* -- what cannot be read -- */

Test(proof_conflict, what_cannot_be_read_is_said) {
    struct buf a = world_checkpoint(&honest, 5, 1, 1), b = world_checkpoint(&forked, 5, 1, 1);
    struct conflict conflict;
    struct problem why = {0};
    const struct vkey *keys[] = {&honest.logs[0]};
    struct buf many;
    cr_assert(conflict_check(bytes_text("x"), buf_bytes(&b), bytes_text(""), keys, 1, &conflict,
                             &why) == ERR_NOTE);
    cr_assert(conflict_check(buf_bytes(&a), bytes_text(""), bytes_text(""), keys, 1, &conflict,
                             &why) == ERR_NOTE);
    cr_assert(conflict_check(buf_bytes(&a), buf_bytes(&b), bytes_text("AAAA\n"), keys, 1, &conflict,
                             &why) == ERR_PROOF);
    cr_assert(strstr(why.detail, "Line 1"));
    cr_assert(conflict_check(buf_bytes(&a), buf_bytes(&b), bytes_text("AAAA"), keys, 1, &conflict,
                             &why) == ERR_PROOF);
    cr_assert(strstr(why.detail, "no newline"));
    buf_init(&many, 8192);
    for (int i = 0; i < LIMIT_PROOF_HASHES + 2; i++) line_add(&many, honest.hashes[0]);
    cr_assert(conflict_check(buf_bytes(&a), buf_bytes(&b), buf_bytes(&many), keys, 1, &conflict,
                             &why) == ERR_PROOF);
    buf_done(&many);
    buf_done(&a);
    buf_done(&b);
}

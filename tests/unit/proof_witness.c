/* The witness: its request's text, every answer in the standard's order, and every small world in which it must or must not cosign. */
#include "ledger/proof/witness.h"
#include "tests/lib/note.h"

#define ORIGIN "log.example/a"
#define HASH "LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk=\n"

static struct signer log_make(void) {
    return signer_make(ORIGIN, NOTE_TYPE_ED25519, "log");
}

static struct witness_state state_at(size_t size) {
    struct witness_state state = {.size = size};
    memcpy(state.root, model_root(0, size), HASH_LEN);
    return state;
}

/* The body of a request from old_size to the world of new_size with the model's proof between proof_from and new_size. */
static struct buf body_make(const struct signer *log, uint64_t old_size, size_t proof_from,
                            size_t new_size) {
    struct merkle_proof proof = {.count = 0};
    struct buf note = world_note(log, new_size), body;
    if (proof_from && proof_from <= new_size) {
        model_subproof(proof_from, 0, new_size, true, &proof);
    }
    buf_init(&body, LIMIT_NOTE);
    cr_assert(witness_request_format(old_size, &proof, buf_bytes(&note), &body) == ERR_OK);
    buf_done(&note);
    return body;
}

/* Parses the body and decides; *state moves on where it is cosigned and must not otherwise. */
static enum witness_answer decide(const struct buf *body, const struct vkey *keys, size_t count,
                                  struct witness_state *state) {
    struct witness_request request;
    struct problem why;
    struct witness_state next = {.size = 77};
    cr_assert(witness_request_parse(buf_bytes(body), &request, &why) == ERR_OK, "%s", why.detail);
    enum witness_answer answer = witness_decide(&request, keys, count, state, &next);
    if (answer == WITNESS_COSIGN) {
        cr_assert(next.size == request.checkpoint.size);
        cr_assert_arr_eq(next.root, request.checkpoint.root, HASH_LEN);
        *state = next;
    } else {
        cr_assert(next.size == 77);
    }
    witness_request_done(&request);
    return answer;
}

static enum witness_answer ask(const struct signer *log, struct witness_state state,
                               uint64_t old_size, size_t proof_from, size_t new_size) {
    struct buf body = body_make(log, old_size, proof_from, new_size);
    enum witness_answer answer = decide(&body, &log->vkey, 1, &state);
    buf_done(&body);
    return answer;
}

/* -- the request's text -- */

Test(proof_witness, request_text_is_that_of_the_vectors) {
    struct json *vectors = vector_read_json("tlog.json");
    struct bytes body = json_bytes(vectors, "add_checkpoint");
    struct witness_request request;
    struct buf out, note;
    struct vkey log;
    struct witness_state state = state_at(257), next;
    cr_assert(witness_request_parse(body, &request, NULL) == ERR_OK);
    cr_assert(request.old_size == 257 && request.checkpoint.size == 300);
    cr_assert(request.note.count == 2 && !request.checkpoint.has_extensions);
    cr_assert(vkey_parse(json_bytes(vectors, "log_vkey"), &log, NULL) == ERR_OK);
    cr_assert(witness_decide(&request, &log, 1, &state, &next) == WITNESS_COSIGN);
    cr_assert(next.size == 300);
    buf_init(&out, LIMIT_NOTE);
    buf_init(&note, LIMIT_NOTE);
    cr_assert(buf_format(&note, "%s\n%s%s", json_text(json_member(vectors, "checkpoint")),
                         json_text(json_member(vectors, "log_line")),
                         json_text(json_member(vectors, "cosignature_line"))) == ERR_OK);
    cr_assert(witness_request_format(257, &request.proof, buf_bytes(&note), &out) == ERR_OK);
    cr_assert(bytes_equal(buf_bytes(&out), body));
    buf_done(&out);
    buf_done(&note);
    witness_request_done(&request);
    witness_request_done(&request); /* a zeroed request may be freed */
    json_done(vectors);
}

static enum err parse(struct bytes text) {
    struct bytes copy = exact_copy(text);
    struct witness_request request = {.old_size = 77};
    struct problem why = {.err = ERR_OK};
    enum err err = witness_request_parse(copy, &request, &why);
    cr_assert(err == why.err && (!err || request.old_size == 77));
    if (!err) witness_request_done(&request);
    exact_free(copy);
    return err;
}

static enum err parse_head(const char *head, struct bytes note) {
    struct buf body;
    buf_init(&body, 4 * LIMIT_NOTE);
    cr_assert(buf_add_text(&body, head) == ERR_OK && buf_add(&body, note) == ERR_OK);
    enum err err = parse(buf_bytes(&body));
    buf_done(&body);
    return err;
}

Test(proof_witness, requests_of_another_form_are_refused) {
    const struct {
        const char *head;
        enum err err;
    } cases[] = {
        {"old 0\n\n", ERR_OK},
        {"old 3\n" HASH "\n", ERR_OK},
        {"old 18446744073709551615\n\n", ERR_OK},
        {"", ERR_REQUEST},
        {"\n", ERR_REQUEST},
        {"old\n\n", ERR_REQUEST},
        {"old \n\n", ERR_REQUEST},
        {"old 00\n\n", ERR_REQUEST},
        {"old 03\n\n", ERR_REQUEST},
        {"old -3\n\n", ERR_REQUEST},
        {"old +3\n\n", ERR_REQUEST},
        {"old  3\n\n", ERR_REQUEST},
        {"old 3 \n\n", ERR_REQUEST},
        {"Old 3\n\n", ERR_REQUEST},
        {" old 3\n\n", ERR_REQUEST},
        {"old 3\r\n\r\n", ERR_REQUEST},
        {"old 18446744073709551616\n\n", ERR_REQUEST},
        {"old 3\n", ERR_REQUEST}, /* the note's origin is no hash */
        {"old 3\nAAAA\n\n", ERR_REQUEST},
        {"old 3\nLyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk\n\n", ERR_REQUEST},
        {"old 3\nLyelCCwdQq-kiKw1Cp_EOQwIT1T3Hs3_hZ6Y24QptHk=\n\n", ERR_REQUEST},
        {"old 3\nold 3\n\n", ERR_REQUEST},
        {"old 3\n\n\n", ERR_CHECKPOINT}, /* a text that begins with an empty line */
        {"old 3\n\nx\n", ERR_CHECKPOINT},
    };
    struct signer log = log_make();
    struct buf note = world_note(&log, 5);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(parse_head(cases[i].head, buf_bytes(&note)) == cases[i].err, "case %zu", i);
    }
    cr_assert(parse_head("old 0\n\n", bytes_text("")) == ERR_NOTE);
    cr_assert(parse_head("old 0\n\n", bytes_text(ORIGIN "\n5\n" HASH)) == ERR_NOTE);
    cr_assert(parse_head("old 0\n\n", bytes_slice(buf_bytes(&note), 0, note.len - 1)) == ERR_NOTE);
    buf_done(&note);
    signer_done(&log);
}

/* "The client MUST NOT send more than 63 consistency proof lines." */
Test(proof_witness, sixty_three_hashes_are_read_and_one_more_is_not) {
    struct signer log = log_make();
    struct buf note = world_note(&log, 5);
    for (size_t count = 62; count <= 64; count++) {
        struct buf body;
        buf_init(&body, LIMIT_NOTE);
        cr_assert(buf_add_text(&body, "old 3\n") == ERR_OK);
        for (size_t i = 0; i < count; i++) cr_assert(buf_add_text(&body, HASH) == ERR_OK);
        cr_assert(buf_add_byte(&body, '\n') == ERR_OK);
        cr_assert(buf_add(&body, buf_bytes(&note)) == ERR_OK);
        cr_assert(parse(buf_bytes(&body)) == (count > 63 ? ERR_REQUEST : ERR_OK));
        buf_done(&body);
    }
    buf_done(&note);
    signer_done(&log);
}

Test(proof_witness, bodies_beyond_the_limit_and_every_cut_are_refused) {
    static uint8_t big[LIMIT_WITNESS_BODY + 1];
    cr_assert(parse(bytes_of(big, sizeof big)) == ERR_TOO_LARGE);
    cr_assert(parse(bytes_of(big, sizeof big - 1)) == ERR_REQUEST);
    struct signer log = log_make();
    struct buf body = body_make(&log, 3, 3, 5);
    for (size_t len = 0; len < body.len; len++) {
        cr_assert(parse(bytes_slice(buf_bytes(&body), 0, len)) != ERR_OK, "%zu", len);
    }
    cr_assert(parse(buf_bytes(&body)) == ERR_OK);
    buf_done(&body);
    signer_done(&log);
}

/* -- the answers, one by one -- */

Test(proof_witness, answers_have_the_statuses_of_the_standard) {
    cr_assert(witness_status(WITNESS_COSIGN) == 200);
    cr_assert(witness_status(WITNESS_MALFORMED) == 400);
    cr_assert(witness_status(WITNESS_UNTRUSTED) == 403);
    cr_assert(witness_status(WITNESS_SIZE_CONFLICT) == 409);
    cr_assert(witness_status(WITNESS_ROOT_CONFLICT) == 409);
    cr_assert(witness_status(WITNESS_BAD_PROOF) == 422);
}

Test(proof_witness, each_check_gives_its_answer) {
    struct signer log = log_make();
    cr_assert(ask(&log, state_at(0), 0, 0, 5) == WITNESS_COSIGN); /* the first ever */
    cr_assert(ask(&log, state_at(3), 3, 3, 5) == WITNESS_COSIGN); /* the next */
    cr_assert(ask(&log, state_at(5), 5, 5, 5) == WITNESS_COSIGN); /* the same again, a fresh time */
    cr_assert(ask(&log, state_at(0), 0, 0, 0) == WITNESS_COSIGN); /* an empty log */
    cr_assert(ask(&log, state_at(3), 6, 0, 5) == WITNESS_MALFORMED);
    cr_assert(ask(&log, state_at(0), UINT64_MAX, 0, 5) == WITNESS_MALFORMED);
    cr_assert(ask(&log, state_at(3), 2, 2, 5) == WITNESS_SIZE_CONFLICT);
    cr_assert(ask(&log, state_at(3), 4, 4, 5) == WITNESS_SIZE_CONFLICT);
    cr_assert(ask(&log, state_at(3), 0, 0, 5) == WITNESS_SIZE_CONFLICT); /* a client that asks */
    cr_assert(ask(&log, state_at(9), 5, 5, 5) == WITNESS_SIZE_CONFLICT); /* a stale log */
    cr_assert(ask(&log, state_at(0), 3, 3, 5) == WITNESS_SIZE_CONFLICT);
    cr_assert(ask(&log, state_at(3), 3, 0, 5) == WITNESS_BAD_PROOF); /* no proof */
    cr_assert(ask(&log, state_at(3), 3, 2, 5) == WITNESS_BAD_PROOF); /* another proof */
    cr_assert(ask(&log, state_at(0), 0, 3, 5) == WITNESS_BAD_PROOF); /* "MUST be empty" */
    cr_assert(ask(&log, state_at(5), 5, 3, 5) == WITNESS_BAD_PROOF); /* identical, yet a proof */
    struct witness_state lied = state_at(5);
    lied.root[31] ^= 1;
    cr_assert(ask(&log, lied, 5, 5, 5) == WITNESS_ROOT_CONFLICT);
    cr_assert(ask(&log, lied, 5, 3, 5) ==
              WITNESS_ROOT_CONFLICT);                         /* before the proof is looked at */
    cr_assert(ask(&log, lied, 5, 5, 6) == WITNESS_BAD_PROOF); /* a log that forked */
    struct witness_state blank = {0};                         /* size 0, a root that nobody set */
    cr_assert(ask(&log, blank, 0, 0, 5) == WITNESS_COSIGN);
    cr_assert(ask(&log, blank, 0, 0, 0) == WITNESS_COSIGN);
    signer_done(&log);
}

/* Every wrong thing at once: the earlier check answers. */
Test(proof_witness, checks_stand_in_the_order_of_the_standard) {
    struct signer log = log_make(), stranger = signer_make(ORIGIN, NOTE_TYPE_ED25519, "stranger");
    struct witness_state state = state_at(3);
    struct buf body = body_make(&stranger, 9, 2, 5); /* signature, old size above, state, proof */
    cr_assert(decide(&body, &log.vkey, 1, &state) == WITNESS_UNTRUSTED);
    cr_assert(decide(&body, &stranger.vkey, 1, &state) == WITNESS_MALFORMED);
    buf_done(&body);
    body = body_make(&stranger, 4, 2, 5); /* state, proof */
    cr_assert(decide(&body, &stranger.vkey, 1, &state) == WITNESS_SIZE_CONFLICT);
    cr_assert(state.size == 3);
    buf_done(&body);
    signer_done(&log);
    signer_done(&stranger);
}

/* -- who signed -- */

/* A request whose note carries the lines of `first` and, where given, `second`, both over the same checkpoint or, where `spoilt`, the
 * second over another. */
static struct buf body_of_two(const struct signer *first, const struct signer *second,
                              bool spoilt) {
    struct merkle_proof none = {.count = 0};
    struct buf note = world_note(first, 5), other = world_checkpoint(ORIGIN, spoilt ? 6 : 5), body;
    cr_assert(checkpoint_sign(&second->vkey, second->key, buf_bytes(&other), &note) == ERR_OK);
    buf_init(&body, LIMIT_NOTE);
    cr_assert(witness_request_format(0, &none, buf_bytes(&note), &body) == ERR_OK);
    buf_done(&note);
    buf_done(&other);
    return body;
}

static enum witness_answer ask_two(const struct signer *first, const struct signer *second,
                                   bool spoilt, const struct vkey *keys, size_t count) {
    struct witness_state state = state_at(0);
    struct buf body = body_of_two(first, second, spoilt);
    enum witness_answer answer = decide(&body, keys, count, &state);
    buf_done(&body);
    return answer;
}

Test(proof_witness, a_trusted_key_must_sign_and_all_its_lines_must_verify) {
    struct signer a = log_make(), b = signer_make(ORIGIN, NOTE_TYPE_ED25519, "b");
    struct signer unknown = signer_make(ORIGIN, NOTE_TYPE_ED25519, "unknown");
    const struct vkey keys[] = {a.vkey, b.vkey};
    cr_assert(ask_two(&a, &b, false, keys, 2) == WITNESS_COSIGN);
    cr_assert(ask_two(&a, &unknown, false, keys, 2) == WITNESS_COSIGN);
    cr_assert(ask_two(&unknown, &b, false, keys, 2) == WITNESS_COSIGN);
    cr_assert(ask_two(&a, &unknown, true, keys, 2) == WITNESS_COSIGN); /* an unknown key's lie */
    cr_assert(ask_two(&a, &b, true, keys, 2) == WITNESS_UNTRUSTED);    /* a trusted key's lie */
    cr_assert(ask_two(&a, &b, true, keys, 1) == WITNESS_COSIGN);       /* b is not trusted here */
    cr_assert(ask_two(&a, &a, false, keys, 1) == WITNESS_COSIGN);      /* one key, twice */
    cr_assert(ask_two(&a, &a, true, keys, 1) == WITNESS_UNTRUSTED); /* the second line is false */
    cr_assert(ask_two(&unknown, &unknown, false, keys, 2) == WITNESS_UNTRUSTED);
    cr_assert(ask_two(&a, &b, false, keys, 0) == WITNESS_UNTRUSTED);
    /* a key whose id collides with the trusted one's does not sign for it */
    struct signer forged = unknown;
    forged.vkey.id = a.vkey.id;
    cr_assert(ask_two(&forged, &forged, false, keys, 1) == WITNESS_UNTRUSTED);
    signer_done(&a);
    signer_done(&b);
    signer_done(&unknown);
}

Test(proof_witness, every_flipped_bit_of_the_body_is_refused_or_changes_nothing) {
    struct signer log = log_make();
    struct buf body = body_make(&log, 3, 3, 5);
    for (size_t bit = 0; bit < 8 * body.len; bit++) {
        struct bytes copy = exact_copy(buf_bytes(&body));
        struct witness_request request;
        struct witness_state state = state_at(3), next;
        ((uint8_t *)(uintptr_t)copy.data)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (witness_request_parse(copy, &request, NULL) == ERR_OK) {
            cr_assert(witness_decide(&request, &log.vkey, 1, &state, &next) != WITNESS_COSIGN,
                      "bit %zu", bit);
            witness_request_done(&request);
        }
        exact_free(copy);
    }
    buf_done(&body);
    signer_done(&log);
}

/* -- every small world -- */

/* For every state, every old size and every checkpoint up to 12 leaves with the proof between any two sizes: cosigned exactly where the old
 * size is the state's and the proof is the one between them. */
Test(proof_witness, cosigns_exactly_what_extends_its_state) {
    struct signer log = log_make();
    const size_t top = 12;
    for (size_t new_size = 0; new_size <= top; new_size++) {
        for (size_t from = 0; from <= new_size; from++) {
            for (size_t old = 0; old <= top; old++) {
                struct buf body = body_make(&log, old, from, new_size);
                struct witness_request request;
                cr_assert(witness_request_parse(buf_bytes(&body), &request, NULL) == ERR_OK);
                struct merkle_proof right = {.count = 0};
                if (old && old <= new_size) model_subproof(old, 0, new_size, true, &right);
                for (size_t known = 0; known <= top && old <= top; known++) {
                    struct witness_state state = state_at(known), next;
                    enum witness_answer want = old > new_size ? WITNESS_MALFORMED
                                               : old != known ? WITNESS_SIZE_CONFLICT
                                               : proof_same(&request.proof, &right)
                                                   ? WITNESS_COSIGN
                                                   : WITNESS_BAD_PROOF;
                    cr_assert(witness_decide(&request, &log.vkey, 1, &state, &next) == want,
                              "known %zu, old %zu, new %zu, proof from %zu", known, old, new_size,
                              from);
                }
                witness_request_done(&request);
                buf_done(&body);
            }
        }
    }
    signer_done(&log);
}

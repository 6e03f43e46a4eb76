/* The witness's decision as a pure function. See witness.h; the standard is C2SP tlog-witness v1.
 *
 * Happy path: parse the body, find the trusted keys of its origin (none: 404, the caller's answer), decide, persist the new
 * state, cosign, answer.
 * Failure modes: the answers of enum witness_answer; their order is the standard's, so that two witnesses answer alike.
 * Invariant: WITNESS_COSIGN only for a checkpoint that a trusted key signed and that extends the state, and nothing else
 * writes *ret_state. */
#include "ledger/proof/witness.h"

#include "ledger/base/text.h"
#include "ledger/proof/tlog_proof.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* -- the request's text -- */

/* "The old size line MUST consist of the string old, a single space (0x20), and the tree size of the previous checkpoint
 * encoded as an ASCII decimal with no leading zeroes" */
static enum err old_parse(struct bytes *body, uint64_t *ret, struct problem *ret_why) {
    struct bytes line;
    if (!bytes_line(body, &line) || !bytes_starts(line, "old ") ||
        decimal_parse(bytes_slice(line, strlen("old "), line.len), ret) != ERR_OK) {
        return problem_set(ret_why, ERR_REQUEST,
                           "The body must begin with a line `old N`, N a decimal number.");
    }
    return ERR_OK;
}

enum err witness_request_parse(struct bytes body, struct witness_request *ret,
                               struct problem *ret_why) {
    struct witness_request request = {0};
    if (body.len > LIMIT_WITNESS_BODY) {
        return problem_set(ret_why, ERR_TOO_LARGE, "The body may take %d bytes, not %zu.",
                           LIMIT_WITNESS_BODY, body.len);
    }
    enum err err = old_parse(&body, &request.old_size, ret_why);
    /* "Each consistency proof line MUST encode a single hash in base64. The client MUST NOT send more than 63 consistency proof
     * lines." */
    if (!err) err = tlog_proof_hashes_parse(&body, ERR_REQUEST, &request.proof, ret_why);
    if (!err) err = note_parse(body, &request.note, ret_why);
    if (err) return err;
    if (checkpoint_parse(request.note.text, &request.checkpoint)) {
        note_done(&request.note);
        return problem_set(ret_why, ERR_CHECKPOINT,
                           "The note's text is not a checkpoint: origin, size and root hash, each "
                           "on a line of its own.");
    }
    *ret = request;
    return ERR_OK;
}

void witness_request_done(struct witness_request *request) {
    note_done(&request->note);
    memset(request, 0, sizeof *request);
}

enum err witness_request_format(uint64_t old_size, const struct merkle_proof *proof,
                                struct bytes checkpoint, struct buf *out) {
    enum err err = buf_format(out, "old %" PRIu64 "\n", old_size);
    if (!err) err = tlog_proof_hashes_format(proof, out);
    return err ? err : buf_add(out, checkpoint);
}

/* -- the decision -- */

/* "The witness MUST verify the checkpoint signature against the public key(s) it trusts for the checkpoint origin, and it MUST
 * ignore signatures from unknown keys." A trusted key's line that fails rejects the whole note, as signed-note asks of clients. */
static bool signed_by_log(const struct witness_request *request, const struct vkey *keys,
                          size_t key_count) {
    bool any = false;
    const struct note *note = &request->note;
    for (size_t i = 0; i < note->count; i++) {
        for (size_t k = 0; k < key_count; k++) {
            uint64_t time_s;
            if (!note_line_by(&note->lines[i], &keys[k])) continue;
            if (checkpoint_line_verify(&note->lines[i], &keys[k], note->text, &time_s)) {
                return false;
            }
            any = true;
        }
    }
    return any;
}

enum witness_answer witness_decide(const struct witness_request *request, const struct vkey *keys,
                                   size_t key_count, const struct witness_state *state,
                                   struct witness_state *ret_state) {
    const struct checkpoint *checkpoint = &request->checkpoint;
    /* "If none of the signatures verify against a trusted public key, the witness MUST respond with a 403" */
    if (!signed_by_log(request, keys, key_count)) return WITNESS_UNTRUSTED;
    /* "The old size MUST be equal to or lower than the checkpoint size. Otherwise, the witness MUST respond with a 400" */
    if (request->old_size > checkpoint->size) return WITNESS_MALFORMED;
    /* "The witness MUST check that the old size matches the size of the latest checkpoint it cosigned for the checkpoint's
     * origin (or zero if it never cosigned a checkpoint for that origin). If it doesn't match, [...] 409" */
    if (request->old_size != state->size) return WITNESS_SIZE_CONFLICT;
    uint8_t old_root[HASH_LEN];
    memcpy(old_root, state->root, HASH_LEN);
    if (state->size == 0) merkle_empty(old_root);
    /* "If the old size matches the checkpoint size, the witness MUST check that the root hashes are also identical. If they
     * don't match, the witness MUST respond with a 409" */
    if (state->size == checkpoint->size && memcmp(old_root, checkpoint->root, HASH_LEN) != 0) {
        return WITNESS_ROOT_CONFLICT;
    }
    /* "The proof MUST be empty if the old size is zero. If the Merkle Consistency Proof doesn't verify, [...] 422". RFC 6962
     * section 2.1.2 gives the empty proof for equal sizes: PROOF(m, D[n]) ends in SUBPROOF(m, D[m], true) = {}. */
    if (merkle_consistency_verify(state->size, old_root, checkpoint->size, checkpoint->root,
                                  &request->proof)) {
        return WITNESS_BAD_PROOF;
    }
    ret_state->size = checkpoint->size;
    memcpy(ret_state->root, checkpoint->root, HASH_LEN);
    return WITNESS_COSIGN;
}

int witness_status(enum witness_answer answer) {
    switch (answer) {
    case WITNESS_COSIGN: return 200;
    case WITNESS_MALFORMED: return 400;
    case WITNESS_UNTRUSTED: return 403;
    case WITNESS_SIZE_CONFLICT:
    case WITNESS_ROOT_CONFLICT: return 409;
    case WITNESS_BAD_PROOF: return 422;
    }
    assert(false);
    return 500;
}

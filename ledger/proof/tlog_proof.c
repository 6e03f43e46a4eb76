/* The text of an inclusion proof with its checkpoint. See tlog_proof.h; the standard is C2SP tlog-proof v1.
 *
 * Happy path: header, optional extra data, index, hashes, empty line, and the signed checkpoint, which is left to note.h.
 * Failure modes: ERR_RECEIPT with the line at fault. "Applications MUST NOT implicitly trust the extra data, as it is not
 * authenticated": it must be base64 and is dropped. */
#include "ledger/proof/tlog_proof.h"

#include "ledger/base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* "The first line MUST be the string c2sp.org/tlog-proof@v1." */
#define HEADER "c2sp.org/tlog-proof@v1"

static struct bytes after(struct bytes line, const char *prefix) {
    return bytes_slice(line, strlen(prefix), line.len);
}

/* Not empty: "If no extra data is present, this line is omitted." */
static enum err extra_check(struct bytes text, struct problem *ret_why) {
    struct buf data;
    buf_init(&data, text.len);
    enum err err = text.len ? base64_decode(text, &data) : ERR_BASE64;
    buf_done(&data);
    if (err == ERR_NO_MEMORY) return problem_set(ret_why, err, "Out of memory.");
    return err ? problem_set(ret_why, ERR_RECEIPT, "The proof's extra data is not strict base64.")
               : ERR_OK;
}

/* "The second line MAY start with the string extra followed by a space (U+0020) and base64-encoded opaque extra data." "The next
 * line MUST start with the string index followed by a space (U+0020) and the zero-based index of the entry in the log" */
static enum err head_parse(struct bytes *text, uint64_t *ret_index, struct problem *ret_why) {
    struct bytes line;
    if (!bytes_line(text, &line) || !bytes_is(line, HEADER)) {
        return problem_set(ret_why, ERR_RECEIPT, "The proof does not begin with " HEADER ".");
    }
    bool any = bytes_line(text, &line);
    if (any && bytes_starts(line, "extra ")) {
        enum err err = extra_check(after(line, "extra "), ret_why);
        if (err) return err;
        any = bytes_line(text, &line);
    }
    if (!any || !bytes_starts(line, "index ") ||
        decimal_parse(after(line, "index "), ret_index) != ERR_OK) {
        return problem_set(ret_why, ERR_RECEIPT,
                           "The proof has no line `index N` with a decimal number.");
    }
    return ERR_OK;
}

/* "The next zero or more non-empty lines are the base64-encoded Merkle inclusion proof [...], one SHA-256 hash per line,
 * starting from the leaf's sibling hash up to the root's child hash." */
enum err tlog_proof_hashes_parse(struct bytes *text, enum err refusal, struct merkle_proof *ret,
                                 struct problem *ret_why) {
    struct bytes line;
    for (ret->count = 0; bytes_line(text, &line); ret->count++) {
        if (line.len == 0) return ERR_OK;
        if (ret->count == LIMIT_PROOF_HASHES) {
            return problem_set(ret_why, refusal, "A proof has at most %d hashes.",
                               LIMIT_PROOF_HASHES);
        }
        if (base64_decode_fixed(line, ret->hashes[ret->count], HASH_LEN)) {
            return problem_set(ret_why, refusal, "Proof hash %zu is not the base64 of %d bytes.",
                               ret->count + 1, HASH_LEN);
        }
    }
    return problem_set(ret_why, refusal, "The proof has no empty line behind its hashes.");
}

enum err tlog_proof_hashes_format(const struct merkle_proof *proof, struct buf *out) {
    assert(proof->count <= LIMIT_PROOF_HASHES);
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < proof->count; i++) {
        err = base64_encode(bytes_of(proof->hashes[i], HASH_LEN), out);
        if (!err) err = buf_add_byte(out, '\n');
    }
    return err ? err : buf_add_byte(out, '\n');
}

enum err tlog_proof_parse(struct bytes text, struct tlog_proof *ret, struct problem *ret_why) {
    struct tlog_proof proof;
    if (text.len > LIMIT_RECEIPT) {
        return problem_set(ret_why, ERR_RECEIPT, "A proof may take %d bytes, not %zu.",
                           LIMIT_RECEIPT, text.len);
    }
    enum err err = head_parse(&text, &proof.index, ret_why);
    if (!err) err = tlog_proof_hashes_parse(&text, ERR_RECEIPT, &proof.proof, ret_why);
    if (err) return err;
    /* "After the inclusion proof lines and an empty line, the checkpoint issued by the log is included verbatim" */
    if (text.len == 0) {
        return problem_set(ret_why, ERR_RECEIPT, "The proof holds no checkpoint.");
    }
    proof.checkpoint = text;
    *ret = proof;
    return ERR_OK;
}

enum err tlog_proof_format(uint64_t index, const struct merkle_proof *proof,
                           struct bytes checkpoint, struct buf *out) {
    assert(checkpoint.len > 0);
    enum err err = buf_format(out, HEADER "\nindex %" PRIu64 "\n", index);
    if (!err) err = tlog_proof_hashes_format(proof, out);
    return err ? err : buf_add(out, checkpoint);
}

/* The tlog-proof text: the known answer byte for byte, and every other form refused. */
#include "ledger/proof/tlog_proof.h"
#include "tests/lib/note.h"

#define HEADER "c2sp.org/tlog-proof@v1\n"
#define HASH "LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk=\n"
#define NOTE "origin\n3\nroot\n\nsignatures\n" /* not looked into here */

static enum err parse(const char *text, struct tlog_proof *ret) {
    struct problem why = {.err = ERR_OK};
    enum err err = tlog_proof_parse(bytes_text(text), ret, &why);
    cr_assert(err == why.err && (err == ERR_OK) == (why.detail[0] == 0));
    return err;
}

static void proof_is(struct bytes text, uint64_t index, size_t size) {
    struct tlog_proof proof;
    struct world_source world = {size};
    struct merkle_source source = {&world, world_node};
    struct merkle_proof want;
    struct note note;
    struct checkpoint checkpoint;
    struct buf out;
    cr_assert(tlog_proof_parse(text, &proof, NULL) == ERR_OK && proof.index == index);
    cr_assert(merkle_inclusion_prove(&source, index, size, &want) == ERR_OK);
    cr_assert(proof_same(&proof.proof, &want));
    cr_assert(note_parse(proof.checkpoint, &note, NULL) == ERR_OK);
    cr_assert(checkpoint_parse(note.text, &checkpoint) == ERR_OK && checkpoint.size == size);
    cr_assert(merkle_inclusion_verify(model_root(index, index + 1), index, size, &proof.proof,
                                      checkpoint.root) == ERR_OK);
    buf_init(&out, LIMIT_RECEIPT);
    cr_assert(tlog_proof_format(index, &want, proof.checkpoint, &out) == ERR_OK);
    cr_assert(bytes_equal(buf_bytes(&out), text));
    buf_done(&out);
    note_done(&note);
}

Test(proof_tlog_proof, proof_text_is_that_of_the_known_answers) {
    struct buf kat;
    if (!kat_read(&kat)) return;
    proof_is(kat_proof(&kat), 2, 3);
    buf_done(&kat);
}

Test(proof_tlog_proof, proof_text_is_that_of_the_vectors) {
    struct json *vectors = vector_read_json("tlog.json");
    proof_is(json_bytes(vectors, "tlog_proof"), 299, 300);
    json_done(vectors);
}

Test(proof_tlog_proof, extra_data_are_read_and_ignored) {
    struct tlog_proof proof;
    cr_assert(parse(HEADER "extra aGVsbG8=\nindex 1\n" HASH "\n" NOTE, &proof) == ERR_OK);
    cr_assert(proof.index == 1 && proof.proof.count == 1 && bytes_is(proof.checkpoint, NOTE));
    cr_assert(parse(HEADER "index 18446744073709551615\n\n" NOTE, &proof) == ERR_OK);
    cr_assert(proof.index == UINT64_MAX && proof.proof.count == 0);
}

Test(proof_tlog_proof, proofs_of_another_form_are_refused) {
    const char *bad[] = {
        "",
        HEADER,
        "c2sp.org/tlog-proof@v2\nindex 1\n" HASH "\n" NOTE,
        "c2sp.org/tlog-proof@v1 \nindex 1\n" HASH "\n" NOTE,
        "\n" HEADER "index 1\n" HASH "\n" NOTE,
        "c2sp.org/tlog-proof@v1\r\nindex 1\n" HASH "\n" NOTE,
        HEADER HASH "\n" NOTE,              /* no index */
        HEADER "index 01\n" HASH "\n" NOTE, /* a leading zero */
        HEADER "index 00\n" HASH "\n" NOTE,
        HEADER "index -1\n" HASH "\n" NOTE,
        HEADER "index \n" HASH "\n" NOTE,
        HEADER "index  1\n" HASH "\n" NOTE,
        HEADER "index 1 \n" HASH "\n" NOTE,
        HEADER "Index 1\n" HASH "\n" NOTE,
        HEADER "index 18446744073709551616\n" HASH "\n" NOTE,
        HEADER "index 1\nindex 1\n" HASH "\n" NOTE,
        HEADER "index 1\nextra aGVsbG8=\n" HASH "\n" NOTE, /* the wrong order */
        HEADER "extra aGVsbG8=\n" HASH "\n" NOTE,          /* extra and no index */
        HEADER "extra aGVsbG8=\nextra aGVsbG8=\nindex 1\n" HASH "\n" NOTE,
        HEADER "extra \nindex 1\n" HASH "\n" NOTE,         /* no data: the line is to be omitted */
        HEADER "extra aGVsbG8\nindex 1\n" HASH "\n" NOTE,  /* no padding */
        HEADER "extra aGVsbG9=\nindex 1\n" HASH "\n" NOTE, /* unused bits */
        HEADER "extra a b\nindex 1\n" HASH "\n" NOTE,
        HEADER "extra\nindex 1\n" HASH "\n" NOTE,
        HEADER "index 1\n" HASH,         /* cut */
        HEADER "index 1\n" HASH "\n",    /* no checkpoint */
        HEADER "index 1\n" HASH NOTE,    /* no empty line */
        HEADER "index 1\nAAAA\n\n" NOTE, /* 3 bytes */
        HEADER "index 1\nLyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk\n\n" NOTE,
        HEADER "index 1\nLyelCCwdQq-kiKw1Cp_EOQwIT1T3Hs3_hZ6Y24QptHk=\n\n" NOTE,
        HEADER "index 1\nLyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHl=\n\n" NOTE,
        HEADER "index 1\n " HASH "\n" NOTE,
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tlog_proof proof = {.index = 77};
        cr_assert(parse(bad[i], &proof) == ERR_RECEIPT, "%s", bad[i]);
        cr_assert(proof.index == 77);
    }
}

Test(proof_tlog_proof, proofs_have_at_most_as_many_hashes_as_a_tree_is_high) {
    for (size_t count = LIMIT_PROOF_HASHES - 1; count <= LIMIT_PROOF_HASHES + 1; count++) {
        struct buf text;
        struct tlog_proof proof;
        buf_init(&text, LIMIT_NOTE);
        cr_assert(buf_add_text(&text, HEADER "index 1\n") == ERR_OK);
        for (size_t i = 0; i < count; i++) cr_assert(buf_add_text(&text, HASH) == ERR_OK);
        cr_assert(buf_add_text(&text, "\n" NOTE) == ERR_OK);
        enum err err = parse(buf_text(&text), &proof);
        cr_assert(err == (count > LIMIT_PROOF_HASHES ? ERR_RECEIPT : ERR_OK));
        cr_assert(err || proof.proof.count == count);
        buf_done(&text);
    }
}

Test(proof_tlog_proof, every_cut_before_the_checkpoint_is_refused) {
    const char *text = HEADER "extra aGVsbG8=\nindex 1\n" HASH HASH "\n" NOTE;
    for (size_t len = 0; len <= strlen(text) - strlen(NOTE); len++) {
        struct tlog_proof proof;
        struct bytes copy = exact_copy(bytes_of(text, len));
        cr_assert(tlog_proof_parse(copy, &proof, NULL) == ERR_RECEIPT, "%zu", len);
        exact_free(copy);
    }
}

Test(proof_tlog_proof, texts_beyond_the_limit_are_refused) {
    struct buf text;
    struct tlog_proof proof;
    buf_init(&text, 2 * LIMIT_RECEIPT);
    cr_assert(buf_add_text(&text, HEADER "index 1\n\n") == ERR_OK);
    while (text.len < LIMIT_RECEIPT) cr_assert(buf_add_byte(&text, 'a') == ERR_OK);
    cr_assert(tlog_proof_parse(buf_bytes(&text), &proof, NULL) == ERR_OK);
    cr_assert(buf_add_byte(&text, 'a') == ERR_OK);
    cr_assert(tlog_proof_parse(buf_bytes(&text), &proof, NULL) == ERR_RECEIPT);
    buf_done(&text);
}

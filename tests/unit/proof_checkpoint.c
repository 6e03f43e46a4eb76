/* Checkpoints and cosignatures: the known answers byte for byte, strict form, and signatures that must fail. */
#include "tests/lib/note.h"

#define ORIGIN "log.example/a"
#define ROOT "pkvybgkSj2/i/m+LLYyAHhZrV8BHp82bK4Ceepai8cs=" /* of the world of 3 leaves */
#define EMPTY "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define BODY ORIGIN "\n3\n" ROOT "\n"

/* -- text -- */

static enum err parse(const char *text, struct checkpoint *ret) {
    return checkpoint_parse(bytes_text(text), ret);
}

Test(proof_checkpoint, checkpoint_text_reads_and_writes_alike) {
    struct checkpoint checkpoint;
    struct buf text = world_checkpoint(ORIGIN, 3);
    cr_assert(bytes_is(buf_bytes(&text), BODY));
    cr_assert(checkpoint_parse(buf_bytes(&text), &checkpoint) == ERR_OK);
    cr_assert(bytes_is(checkpoint.origin, ORIGIN) && checkpoint.size == 3);
    cr_assert(!checkpoint.has_extensions);
    cr_assert_arr_eq(checkpoint.root, model_root(0, 3), HASH_LEN);
    buf_done(&text);
    text = world_checkpoint(ORIGIN, 0);
    cr_assert(bytes_is(buf_bytes(&text), ORIGIN "\n0\n" EMPTY "\n"));
    cr_assert(checkpoint_parse(buf_bytes(&text), &checkpoint) == ERR_OK && checkpoint.size == 0);
    buf_done(&text);
}

Test(proof_checkpoint, foreign_origins_and_extension_lines_are_read) {
    struct checkpoint checkpoint;
    /* "clients MUST NOT assume that the origin is following this format" */
    cr_assert(parse("any + thing\n3\n" ROOT "\n", &checkpoint) == ERR_OK);
    cr_assert(bytes_is(checkpoint.origin, "any + thing"));
    cr_assert(parse(BODY "extension\nanother one\n", &checkpoint) == ERR_OK);
    cr_assert(checkpoint.has_extensions && checkpoint.size == 3);
    cr_assert(parse(ORIGIN "\n18446744073709551615\n" ROOT "\n", &checkpoint) == ERR_OK);
    cr_assert(checkpoint.size == UINT64_MAX);
}

Test(proof_checkpoint, checkpoints_of_another_form_are_refused) {
    const char *bad[] = {
        "",
        "\n",
        ORIGIN,
        ORIGIN "\n",
        ORIGIN "\n3\n",
        ORIGIN "\n3\n" ROOT,        /* no final newline */
        "\n3\n" ROOT "\n",          /* no origin */
        ORIGIN "\n\n" ROOT "\n",    /* no size */
        ORIGIN "\n3\n\n",           /* no root */
        ORIGIN "\n03\n" ROOT "\n",  /* a leading zero */
        ORIGIN "\n00\n" EMPTY "\n", /* two zeros */
        ORIGIN "\n+3\n" ROOT "\n",  /* a sign */
        ORIGIN "\n-3\n" ROOT "\n",  /* a sign */
        ORIGIN "\n 3\n" ROOT "\n",  /* a space */
        ORIGIN "\n3 \n" ROOT "\n",  /* a space */
        ORIGIN "\n0x3\n" ROOT "\n", /* hexadecimal */
        ORIGIN "\n3.0\n" ROOT "\n", /* a fraction */
        ORIGIN "\n18446744073709551616\n" ROOT "\n",
        ORIGIN "\n3\n" ROOT " \n",                                    /* a space behind the root */
        ORIGIN "\n3\n" ROOT "=\n",                                    /* padding too much */
        ORIGIN "\n3\npkvybgkSj2/i/m+LLYyAHhZrV8BHp82bK4Ceepai8cs\n",  /* no padding */
        ORIGIN "\n3\npkvybgkSj2/i/m+LLYyAHhZrV8BHp82bK4Ceepai8ct=\n", /* unused bits */
        ORIGIN "\n3\npkvybgkSj2_i_m-LLYyAHhZrV8BHp82bK4Ceepai8cs=\n", /* base64url */
        ORIGIN "\n3\npkvybgkSj2/i/m+LLYyAHhZrV8BHp82bK4Ceepai8Q==\n", /* 31 bytes */
        ORIGIN "\n3\npkvybgkSj2/i/m+LLYyAHhZrV8BHp82bK4Ceepai8csA\n", /* 33 bytes */
        ORIGIN "\n0\n" ROOT "\n", /* an empty tree with another root */
        BODY "\n",                /* an empty extension line */
        BODY "extension\n\n",
        BODY "\nextension\n",
        BODY "extension",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct checkpoint checkpoint = {.size = 77};
        struct bytes copy = exact_copy(bytes_text(bad[i]));
        cr_assert(checkpoint_parse(copy, &checkpoint) == ERR_CHECKPOINT, "%s", bad[i]);
        cr_assert(checkpoint.size == 77);
        exact_free(copy);
    }
}

Test(proof_checkpoint, origins_that_would_break_the_text_are_not_written) {
    const char *bad[] = {"", "a\nb", "a\n", "\x01", "a\tb", "\xff"};
    struct buf out;
    buf_init(&out, 1024);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert(checkpoint_format(bad[i], 3, model_root(0, 3), &out) == ERR_CHECKPOINT);
        cr_assert(out.len == 0);
    }
    buf_done(&out);
}

/* -- signatures, byte for byte -- */

Test(proof_checkpoint, signed_checkpoint_is_that_of_the_known_answers) {
    struct buf kat, note;
    if (!kat_read(&kat)) return;
    struct signer log = kat_signer("log.example.gov/contracts", NOTE_TYPE_ED25519, 0x00);
    struct signer witness = kat_signer("witness.example.gov/w1", NOTE_TYPE_COSIGNATURE, 0x20);
    struct buf text = world_checkpoint(log.vkey.name, 3);
    note = world_note(&log, 3);
    cr_assert(checkpoint_cosign(&witness.vkey, witness.key, buf_bytes(&text), 1700000000, &note) ==
              ERR_OK);
    struct bytes proof = kat_proof(&kat);
    cr_assert(proof.len > note.len);
    cr_assert(bytes_equal(bytes_slice(proof, proof.len - note.len, proof.len), buf_bytes(&note)));
    buf_done(&note);
    buf_done(&text);
    buf_done(&kat);
    signer_done(&log);
    signer_done(&witness);
}

struct pair {
    struct signer log, cosigner;
    struct buf text, note;
    struct note parsed;
};

/* The vectors' checkpoint of 300 leaves, signed and cosigned. */
static struct pair pair_make(uint64_t time_s) {
    struct pair pair = {0};
    pair.log = signer_make("qizheng.invalid/0badc0de", NOTE_TYPE_ED25519, "tlog log");
    pair.cosigner =
        signer_make("qizheng.invalid/0badc0de/node/1", NOTE_TYPE_COSIGNATURE, "tlog cosigner");
    pair.text = world_checkpoint(pair.log.vkey.name, WORLD);
    pair.note = world_note(&pair.log, WORLD);
    cr_assert(checkpoint_cosign(&pair.cosigner.vkey, pair.cosigner.key, buf_bytes(&pair.text),
                                time_s, &pair.note) == ERR_OK);
    cr_assert(note_parse(buf_bytes(&pair.note), &pair.parsed, NULL) == ERR_OK);
    cr_assert(pair.parsed.count == 2);
    cr_assert(bytes_equal(pair.parsed.text, buf_bytes(&pair.text)));
    return pair;
}

static void pair_done(struct pair *pair) {
    note_done(&pair->parsed);
    buf_done(&pair->note);
    buf_done(&pair->text);
    signer_done(&pair->log);
    signer_done(&pair->cosigner);
}

static bool line_is(const struct note_line *line, struct bytes want) {
    return bytes_equal(line->raw, bytes_slice(want, 0, want.len - 1));
}

Test(proof_checkpoint, lines_are_those_of_the_vectors) {
    struct json *vectors = vector_read_json("tlog.json");
    struct pair pair = pair_make(json_u64(vectors, "time"));
    cr_assert(bytes_equal(buf_bytes(&pair.text), json_bytes(vectors, "checkpoint")));
    cr_assert(line_is(&pair.parsed.lines[0], json_bytes(vectors, "log_line")));
    cr_assert(line_is(&pair.parsed.lines[1], json_bytes(vectors, "cosignature_line")));
    pair_done(&pair);
    json_done(vectors);
}

Test(proof_checkpoint, lines_verify_and_tell_their_time) {
    const uint64_t times[] = {0, 1, 1795420544, INT64_MAX};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct pair pair = pair_make(times[i]);
        uint64_t time_s = 77;
        cr_assert(checkpoint_line_verify(&pair.parsed.lines[0], &pair.log.vkey, pair.parsed.text,
                                         &time_s) == ERR_OK);
        cr_assert(time_s == 0);
        cr_assert(checkpoint_line_verify(&pair.parsed.lines[1], &pair.cosigner.vkey,
                                         pair.parsed.text, &time_s) == ERR_OK);
        cr_assert(time_s == times[i]);
        pair_done(&pair);
    }
}

/* The line with another signature, against vkey. */
static enum err verify_sig(const struct vkey *vkey, struct bytes sig, struct bytes text) {
    uint64_t time_s = 77;
    struct note_line line = {.name = bytes_text(vkey->name), .id = vkey->id, .sig = sig};
    enum err err = checkpoint_line_verify(&line, vkey, text, &time_s);
    cr_assert(!err || time_s == 77);
    return err;
}

static void flips_fail(const struct vkey *vkey, struct bytes sig, struct bytes text) {
    uint8_t copy[LIMIT_NOTE];
    for (size_t bit = 0; bit < 8 * sig.len; bit++) {
        memcpy(copy, sig.data, sig.len);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(verify_sig(vkey, bytes_of(copy, sig.len), text) != ERR_OK, "bit %zu", bit);
    }
    for (size_t bit = 0; bit < 8 * text.len; bit++) {
        memcpy(copy, text.data, text.len);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert(verify_sig(vkey, sig, bytes_of(copy, text.len)) == ERR_SIGNATURE_INVALID);
    }
    memcpy(copy, sig.data, sig.len);
    copy[sig.len] = 0;
    cr_assert(verify_sig(vkey, bytes_of(copy, sig.len + 1), text) == ERR_NOTE);
    for (size_t len = 0; len < sig.len; len++) {
        cr_assert(verify_sig(vkey, bytes_of(copy, len), text) == ERR_NOTE);
    }
    cr_assert(verify_sig(vkey, sig, text) == ERR_OK);
}

Test(proof_checkpoint, signatures_fail_for_every_flipped_bit_and_other_length) {
    struct pair pair = pair_make(1795420544);
    flips_fail(&pair.log.vkey, pair.parsed.lines[0].sig, pair.parsed.text);
    flips_fail(&pair.cosigner.vkey, pair.parsed.lines[1].sig, pair.parsed.text);
    pair_done(&pair);
}

/* "It MUST NOT exceed 2^63 - 1" */
Test(proof_checkpoint, cosignature_times_beyond_63_bits_are_refused_even_when_signed) {
    struct pair pair = pair_make(1);
    const uint64_t time_s = UINT64_C(1) << 63;
    uint8_t sig[8 + KEY_SIG_LEN];
    struct buf message;
    buf_init(&message, LIMIT_NOTE);
    cr_assert(buf_format(&message, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s) ==
              ERR_OK);
    cr_assert(buf_add(&message, pair.parsed.text) == ERR_OK);
    put_u64(sig, time_s);
    cr_assert(key_sign(pair.cosigner.key, buf_bytes(&message), sig + 8) == ERR_OK);
    cr_assert(verify_sig(&pair.cosigner.vkey, bytes_of(sig, sizeof sig), pair.parsed.text) ==
              ERR_NOTE);
    buf_done(&message);
    pair_done(&pair);
}

Test(proof_checkpoint, a_line_verifies_only_under_its_own_key_and_type) {
    struct pair pair = pair_make(5);
    uint64_t time_s = 77;
    const struct note_line *lines = pair.parsed.lines;
    cr_assert(checkpoint_line_verify(&lines[0], &pair.cosigner.vkey, pair.parsed.text, &time_s) ==
              ERR_SIGNATURE_INVALID);
    cr_assert(checkpoint_line_verify(&lines[1], &pair.log.vkey, pair.parsed.text, &time_s) ==
              ERR_SIGNATURE_INVALID);
    /* another key of the same name whose id was forged to collide */
    struct signer other = signer_make(pair.log.vkey.name, NOTE_TYPE_ED25519, "another");
    struct vkey forged = other.vkey;
    forged.id = pair.log.vkey.id;
    cr_assert(checkpoint_line_verify(&lines[0], &forged, pair.parsed.text, &time_s) ==
              ERR_SIGNATURE_INVALID);
    /* one Ed25519 key under both types: a log signature is no cosignature */
    struct signer twin = signer_make(pair.log.vkey.name, NOTE_TYPE_COSIGNATURE, "tlog log");
    cr_assert(verify_sig(&twin.vkey, lines[0].sig, pair.parsed.text) == ERR_NOTE);
    cr_assert(time_s == 77);
    signer_done(&other);
    signer_done(&twin);
    pair_done(&pair);
}

Test(proof_checkpoint, nothing_but_a_checkpoint_is_ever_signed) {
    const char *bad[] = {"",
                         "text\n",
                         "cosignature/v1\ntime 1\n",
                         ORIGIN "\n3\n" ROOT,
                         BODY "\n",
                         "qizheng batch v1\n"};
    struct pair pair = pair_make(5);
    struct buf out;
    buf_init(&out, LIMIT_NOTE);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bytes text = bytes_text(bad[i]);
        cr_assert(checkpoint_sign(&pair.log.vkey, pair.log.key, text, &out) == ERR_CHECKPOINT);
        cr_assert(checkpoint_cosign(&pair.cosigner.vkey, pair.cosigner.key, text, 5, &out) ==
                  ERR_CHECKPOINT);
    }
    cr_assert(out.len == 0);
    buf_done(&out);
    pair_done(&pair);
}

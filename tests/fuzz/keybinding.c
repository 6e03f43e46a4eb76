/* Key binding: the input is a KB-JWT, or its payload as JSON, which the holder of a record signs here, with the right sd_hash where it has none. What is read has the form
 * that was promised, and what the holder then signs anew is read as the same; nothing is read but what the holder signed.
 * fuzz: max_len=1024 dict=record */
#include "tests/fuzz/lib/fuzz.h"
#include "tests/lib/vector.h"

#include "ledger/record/keybinding.h"

static struct {
    struct key_secret *holder;
    struct record *record;
    struct buf presentation;
    char hash[44];
} fixture;

static void fixture_begin(void) {
    char payload[1024];
    struct buf jwk;
    uint8_t digest[32];
    struct problem why = {0};
    if (fixture.record) return;
    fixture.holder = vector_key(KEY_ED25519, "a holder");
    struct json *json = key_public_jwk(key_secret_public(fixture.holder));
    buf_init(&jwk, 1024);
    FUZZ_CHECK(json && json_format(json, &jwk) == ERR_OK);
    (void)snprintf(payload, sizeof payload,
                   "{\"act\":\"conclude\",\"aud\":\"%064d\",\"cnf\":{\"jwk\":%s},"
                   "\"iat\":1795420542,\"iss\":\"acme\",\"jti\":\"AAAAAAAAAAAAAAAAAAAAAA\","
                   "\"vct\":\"urn:qizheng:labour-contract:1\"}",
                   0, buf_text(&jwk));
    fixture.presentation = compact_of("{\"alg\":\"ES256K\",\"kid\":\"" KID_TEXT
                                      "\",\"typ\":\"qizheng-record+sd-jwt\"}",
                                      bytes_text(payload));
    enum err err = record_parse(buf_bytes(&fixture.presentation), &fixture.record, &why);
    if (err) (void)fprintf(stderr, "%s\n", why.detail);
    FUZZ_CHECK(err == ERR_OK && buf_add_byte(&fixture.presentation, '~') == ERR_OK);
    sha256(buf_bytes(&fixture.presentation), digest);
    base64url_write(bytes_of(digest, 32), fixture.hash);
    buf_done(&jwk);
    json_done(json);
}

/* The payload signed by the holder; false where it is no JSON or too long. */
static bool sign(struct bytes in, struct buf *out) {
    struct json *json = NULL;
    struct buf text;
    if (json_parse(in, &json, NULL)) return false;
    if (json_kind(json) == JSON_KIND_OBJECT && !json_member(json, "sd_hash"))
        FUZZ_CHECK(json_put_text(json, "sd_hash", fixture.hash) == ERR_OK);
    buf_init(&text, 4 * LIMIT_RECORD);
    FUZZ_CHECK(json_format(json, &text) == ERR_OK);
    enum err err = jws_sign_bare(fixture.holder, KEYBINDING_TYP, buf_bytes(&text), out);
    json_done(json);
    buf_done(&text);
    return err == ERR_OK;
}

static void meets(const struct keybinding *binding) {
    struct keybinding_demand demand = {
        .audience = binding->aud, .nonce = binding->nonce, .now_s = 1795420600, .max_age_s = 600};
    struct problem why = {0};
    enum err err = keybinding_meets(binding, &demand, &why);
    FUZZ_CHECK(err == ERR_OK || (err == ERR_WINDOW && why.detail[0]));
    demand.nonce = "another occasion";
    demand.now_s = 0;
    err = keybinding_meets(binding, &demand, &why);
    FUZZ_CHECK(err == (strcmp(binding->nonce, demand.nonce) ? ERR_AUDIENCE : ERR_OK));
}

static void taken(const struct keybinding *binding) {
    struct keybinding again;
    struct problem why = {0};
    struct buf kb;
    struct bytes presentation = buf_bytes(&fixture.presentation);
    buf_init(&kb, LIMIT_RECORD);
    FUZZ_CHECK(keybinding_text_valid(binding->aud) && keybinding_text_valid(binding->nonce));
    FUZZ_CHECK(strcmp(binding->kid, key_secret_public(fixture.holder)->kid) == 0);
    FUZZ_CHECK(keybinding_sign(fixture.holder, presentation, binding->aud, binding->nonce,
                               binding->iat, &kb) == ERR_OK);
    FUZZ_CHECK(keybinding_read(buf_bytes(&kb), presentation, fixture.record, &again, &why) ==
               ERR_OK);
    FUZZ_CHECK(strcmp(again.aud, binding->aud) == 0 && strcmp(again.nonce, binding->nonce) == 0);
    FUZZ_CHECK(again.iat == binding->iat);
    buf_done(&kb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    struct keybinding binding;
    struct problem why = {0};
    struct buf kb;
    fixture_begin();
    buf_init(&kb, 4 * LIMIT_RECORD);
    bool signed_here = sign(in, &kb);
    if (!signed_here) FUZZ_CHECK(buf_add(&kb, in) == ERR_OK);
    enum err err = keybinding_read(buf_bytes(&kb), buf_bytes(&fixture.presentation), fixture.record,
                                   &binding, &why);
    if (err) {
        fuzz_refused(err);
        FUZZ_CHECK(why.err == err && why.detail[0]);
    } else {
        FUZZ_CHECK(signed_here);
        taken(&binding);
        meets(&binding);
    }
    buf_done(&kb);
    return 0;
}

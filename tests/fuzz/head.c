/* Head statements: the input as it is, and signed by the key that is asked for; what is read and written is the same bytes.
 * fuzz: max_len=4096 */
#include "tests/fuzz/lib/fuzz.h"

#include "contracts/order_state.h"
#include "ledger/record/batch.h"
#include "tests/lib/vector.h"

static void append_signature(struct buf *head, const struct key_secret *auth) {
    struct buf message;
    uint8_t sig[KEY_SIG_LEN];
    buf_init(&message, 4 * LIMIT_HEAD);
    FUZZ_CHECK(buf_add_text(&message, HEAD_CONTEXT) == ERR_OK);
    FUZZ_CHECK(buf_add(&message, buf_bytes(head)) == ERR_OK);
    FUZZ_CHECK(key_sign(auth, buf_bytes(&message), sig) == ERR_OK);
    FUZZ_CHECK(buf_add(head, bytes_of(sig, sizeof sig)) == ERR_OK);
    buf_done(&message);
}

static void taken(const struct head *head, struct bytes in, const struct key_secret *auth) {
    struct buf out;
    struct order_state order;
    buf_init(&out, LIMIT_HEAD);
    FUZZ_CHECK(head_encode(head, auth, &out) == ERR_OK);
    FUZZ_CHECK(bytes_equal(buf_bytes(&out), in));
    enum err err = order_state_decode(head->order_state, &order);
    FUZZ_CHECK(err == ERR_OK || err == ERR_CORRUPT);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct key_secret *auth;
    struct head head;
    struct buf text;
    if (!auth) auth = vector_key(KEY_ED25519, "fuzz head");
    enum err err = head_decode(bytes_of(data, size), key_secret_public(auth), &head);
    FUZZ_CHECK(err == ERR_OK || err == ERR_BATCH || err == ERR_SIGNATURE_INVALID);
    buf_init(&text, 4 * LIMIT_HEAD);
    FUZZ_CHECK(buf_add(&text, bytes_of(data, size)) == ERR_OK);
    append_signature(&text, auth);
    err = head_decode(buf_bytes(&text), key_secret_public(auth), &head);
    FUZZ_CHECK(err == ERR_OK || err == ERR_BATCH);
    if (!err) taken(&head, buf_bytes(&text), auth);
    buf_done(&text);
    return 0;
}

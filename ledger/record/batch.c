/* Batch envelopes and head statements, to bytes and back. See batch.h for the layouts.
 *
 * Both are written into one buffer that begins with the context line, so that what is signed is exactly what stands there, and
 * handed on without that line. Decoding reads every field and checks once at the end; nothing is trusted before its signature
 * is verified, but a bad count can never make it allocate more than the envelope itself could hold. */
#include "ledger/record/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAGIC "QZB1"
#define HEAD_MAGIC "QZH1"
#define HEAD_FIELDS_LEN (4 + 32 + 8 + 32 + 4 + 8)

int position_compare(struct position a, struct position b) {
    if (a.epoch != b.epoch) return a.epoch < b.epoch ? -1 : 1;
    return (a.revision > b.revision) - (a.revision < b.revision);
}

static enum err message_put(const char *context, struct bytes body, struct buf *out) {
    enum err err = buf_add_text(out, context);
    return err ? err : buf_add(out, body);
}

static enum err signature_check(const char *context, struct bytes body, const uint8_t *sig,
                                const struct key_public *auth) {
    if (auth->alg != KEY_ED25519) return ERR_ALG_MISMATCH;
    struct buf message;
    buf_init(&message, strlen(context) + body.len);
    enum err err = message_put(context, body, &message);
    if (!err) err = key_verify(auth, buf_bytes(&message), sig);
    buf_done(&message);
    return err;
}

/* message: the context line and the body. Appends the body and its signature to *out, or nothing. */
static enum err signature_put(const char *context, const struct buf *message,
                              const struct key_secret *auth, struct buf *out) {
    assert(key_secret_public(auth)->alg == KEY_ED25519);
    uint8_t sig[KEY_SIG_LEN];
    struct bytes body = bytes_slice(buf_bytes(message), strlen(context), message->len);
    enum err err = key_sign(auth, buf_bytes(message), sig);
    if (!err) err = buf_reserve(out, body.len + sizeof sig);
    if (!err) err = buf_add(out, body);
    if (!err) err = buf_add(out, bytes_of(sig, sizeof sig));
    return err;
}

/* -- batches -- */

static enum err batch_put_head(const struct batch *batch, struct buf *out) {
    enum err err = buf_add_text(out, BATCH_CONTEXT BATCH_MAGIC);
    if (!err) err = buf_add(out, bytes_of(batch->ledger_id, sizeof batch->ledger_id));
    if (!err) err = buf_add_u32(out, batch->epoch);
    if (!err) err = buf_add_u16(out, batch->node);
    if (!err) err = buf_add_u64(out, batch->counter);
    if (!err) err = buf_add_u64(out, batch->clock_ms);
    if (!err) err = buf_add_u32(out, batch->count);
    return err;
}

static enum err batch_put_records(const struct batch *batch, struct buf *out) {
    for (uint32_t i = 0; i < batch->count; i++) {
        struct bytes record = batch->records[i];
        assert(record.len > 0);
        if (record.len > LIMIT_RECORD) return ERR_TOO_LARGE;
        enum err err = buf_add_u32(out, (uint32_t)record.len);
        if (!err) err = buf_add(out, record);
        if (err) return err;
    }
    return ERR_OK;
}

enum err batch_encode(const struct batch *batch, const struct key_secret *auth, struct buf *out) {
    if (batch->count > LIMIT_BATCH_RECORDS) return ERR_TOO_LARGE;
    struct buf message;
    buf_init(&message, strlen(BATCH_CONTEXT) + LIMIT_BATCH - KEY_SIG_LEN);
    enum err err = batch_put_head(batch, &message);
    if (!err) err = batch_put_records(batch, &message);
    if (!err) err = signature_put(BATCH_CONTEXT, &message, auth, out);
    buf_done(&message);
    return err;
}

/* The fields before the records. */
static enum err batch_take_head(struct cursor *cursor, struct batch *ret) {
    bool known = bytes_is(cursor_take(cursor, 4), BATCH_MAGIC);
    cursor_copy(cursor, ret->ledger_id, sizeof ret->ledger_id);
    ret->epoch = cursor_u32(cursor);
    ret->node = cursor_u16(cursor);
    ret->counter = cursor_u64(cursor);
    ret->clock_ms = cursor_u64(cursor);
    ret->count = cursor_u32(cursor);
    return known && !cursor->failed && ret->count <= LIMIT_BATCH_RECORDS ? ERR_OK : ERR_BATCH;
}

/* Each record takes five bytes at least, so a count that the envelope cannot hold is refused before memory is asked for. */
static enum err batch_take_records(struct cursor *cursor, struct batch *batch) {
    if (batch->count == 0) return ERR_OK;
    if (batch->count > cursor->rest.len / 5) return ERR_BATCH;
    batch->records = calloc(batch->count, sizeof *batch->records);
    if (!batch->records) return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t len = cursor_u32(cursor);
        if (len == 0 || len > LIMIT_RECORD) return ERR_BATCH;
        batch->records[i] = cursor_take(cursor, len);
    }
    return ERR_OK;
}

enum err batch_decode(struct bytes in, struct batch *ret) {
    if (in.len < BATCH_OVERHEAD || in.len > LIMIT_BATCH) return ERR_BATCH;
    struct batch batch = {0};
    batch.signed_bytes = bytes_slice(in, 0, in.len - KEY_SIG_LEN);
    memcpy(batch.sig, in.data + in.len - KEY_SIG_LEN, KEY_SIG_LEN);
    struct cursor cursor = cursor_of(batch.signed_bytes);
    enum err err = batch_take_head(&cursor, &batch);
    if (!err) err = batch_take_records(&cursor, &batch);
    if (!err && !cursor_ended(&cursor)) err = ERR_BATCH;
    if (err) {
        batch_done(&batch);
        return err;
    }
    *ret = batch;
    return ERR_OK;
}

enum err batch_verify(const struct batch *batch, const struct key_public *auth) {
    return signature_check(BATCH_CONTEXT, batch->signed_bytes, batch->sig, auth);
}

void batch_done(struct batch *batch) {
    free(batch->records);
    memset(batch, 0, sizeof *batch);
}

/* -- head statements -- */

static enum err head_put(const struct head *head, struct buf *out) {
    enum err err = buf_add_text(out, HEAD_CONTEXT HEAD_MAGIC);
    if (!err) err = buf_add(out, bytes_of(head->ledger_id, sizeof head->ledger_id));
    if (!err) err = buf_add_u64(out, head->size);
    if (!err) err = buf_add(out, bytes_of(head->root, sizeof head->root));
    if (!err) err = buf_add_u32(out, head->position.epoch);
    if (!err) err = buf_add_u64(out, head->position.revision);
    if (!err) err = buf_add(out, head->order_state);
    return err;
}

enum err head_encode(const struct head *head, const struct key_secret *auth, struct buf *out) {
    struct buf message;
    buf_init(&message, strlen(HEAD_CONTEXT) + LIMIT_HEAD - KEY_SIG_LEN);
    enum err err = head_put(head, &message);
    if (!err) err = signature_put(HEAD_CONTEXT, &message, auth, out);
    buf_done(&message);
    return err;
}

static struct head head_take(struct cursor *cursor) {
    struct head head = {0};
    cursor_copy(cursor, head.ledger_id, sizeof head.ledger_id);
    head.size = cursor_u64(cursor);
    cursor_copy(cursor, head.root, sizeof head.root);
    head.position.epoch = cursor_u32(cursor);
    head.position.revision = cursor_u64(cursor);
    head.order_state = cursor->rest;
    return head;
}

enum err head_decode(struct bytes in, const struct key_public *auth, struct head *ret) {
    if (in.len < HEAD_FIELDS_LEN + KEY_SIG_LEN || in.len > LIMIT_HEAD) return ERR_BATCH;
    struct bytes body = bytes_slice(in, 0, in.len - KEY_SIG_LEN);
    struct cursor cursor = cursor_of(body);
    if (!bytes_is(cursor_take(&cursor, 4), HEAD_MAGIC)) return ERR_BATCH;
    struct head head = head_take(&cursor);
    assert(!cursor.failed); /* the length was checked */
    enum err err = signature_check(HEAD_CONTEXT, body, in.data + body.len, auth);
    if (!err) *ret = head;
    return err;
}

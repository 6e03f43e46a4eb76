/* Receipts: a leaf, its inclusion proof at the published checkpoint's size, and how its issuer's key came to be bound (FORMATS.md section 5).
 *
 * Happy path: leaf and body at index -> proof -> the record's kid -> the record that bound that kid -> the kid that signed that one -> ... -> genesis. A holder's
 * own record, such as a worker's acknowledgement, has in front of that the record that names its key: the one in its ref.
 * Each step of that chain must lie below the one before, since a key is bound before it signs: it ends, and a row that says otherwise is ERR_CORRUPT. */
#include "api/shown.h"

#include "api/chains.h"
#include "ledger/base/text.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tlog_proof.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every text of one receipt: proofs, bodies, genesis. */
#define RECEIPT_MEMORY (2 * LIMIT_RECEIPT)

struct builder {
    struct api_call *call;
    struct call_final *final;
    struct arena memory;
    struct buf scratch, issuer;
    struct receipt_link links[LIMIT_CHAIN];
    size_t link_count;
};

static enum err proof_text(struct call_final *final, uint64_t index, struct buf *out) {
    struct merkle_proof *proof = calloc(1, sizeof *proof);
    if (!proof) return ERR_NO_MEMORY;
    enum err err = store_view_inclusion(final->view, index, final->checkpoint.size, proof);
    if (!err) err = tlog_proof_format(index, proof, final->checkpoint.note, out);
    free(proof);
    return err;
}

static enum err builder_proof(struct builder *builder, uint64_t index, struct bytes *ret) {
    buf_clear(&builder->scratch);
    enum err err = proof_text(builder->final, index, &builder->scratch);
    if (err) return err;
    *ret = arena_copy(&builder->memory, buf_bytes(&builder->scratch));
    return ret->data ? ERR_OK : ERR_NO_MEMORY;
}

static enum err builder_body(struct builder *builder, uint64_t index, struct bytes *ret) {
    buf_clear(&builder->scratch);
    enum err err = store_view_body(builder->final->view, index, &builder->scratch);
    if (err) return err;
    *ret = arena_copy(&builder->memory, buf_bytes(&builder->scratch));
    return ret->data ? ERR_OK : ERR_NO_MEMORY;
}

enum err receipt_of_index(struct store_view *view, uint64_t index, struct receipt_of *ret) {
    uint8_t hash[32];
    memset(ret, 0, sizeof *ret);
    ret->index = index;
    enum err err = store_view_leaf(view, index, ret->leaf);
    return err ? err : leaf_decode(ret->leaf, &ret->time_ms, hash);
}

struct receipt_of receipt_of_record(const struct record *record, uint64_t index, uint64_t time_ms) {
    struct receipt_of of = {.index = index, .time_ms = time_ms, .record = record};
    leaf_encode(time_ms, record->hash, of.leaf);
    return of;
}

/* A holder's own record: its key was bound by the record that its ref names. */
static enum err holder_bound(struct store_view *view, struct bytes body, uint64_t *ret) {
    struct record *record = NULL;
    enum err err = record_parse(body, &record, NULL);
    if (!err && !record_issuer_kid(record)) err = ERR_CORRUPT;
    if (!err) err = store_view_find(view, record->ref, ret);
    record_done(record);
    return err;
}

/* Index of the leaf that bound the key with that kid, which signed the stored record at index. A key that a participant had by then is no holder's (contracts/holder.h), so its kid decides; the
 * record is read whole for holders alone. It can be read, and its key was bound before: whatever else is found is this node's trouble. */
static enum err kid_bound(struct store_view *view, uint64_t index, const char *kid,
                          struct bytes body, uint64_t *ret) {
    struct registry_key key;
    enum err err = registry_key_get(api_state_view(view), kid, &key);
    if (!err && key.bound_index < index) {
        *ret = key.bound_index;
        return ERR_OK;
    }
    if (!err || err == ERR_NOT_FOUND) err = holder_bound(view, body, ret);
    return err && err_class(err) == ERR_CLASS_REFUSE ? ERR_CORRUPT : err;
}

static enum err body_bound(struct store_view *view, uint64_t index, struct bytes body,
                           uint64_t *ret) {
    char kid[KEY_KID_LEN + 1];
    enum err err = jws_kid(body, kid, NULL);
    if (err) return err_class(err) == ERR_CLASS_REFUSE ? ERR_CORRUPT : err;
    return kid_bound(view, index, kid, body, ret);
}

static enum err builder_link(struct builder *builder, uint64_t index, struct bytes *ret_body) {
    if (builder->link_count == LIMIT_CHAIN) return ERR_TOO_LARGE;
    struct receipt_link *link = &builder->links[builder->link_count];
    enum err err = builder_body(builder, index, ret_body);
    if (!err) err = builder_proof(builder, index, &link->proof);
    struct receipt_of of;
    if (!err) err = receipt_of_index(builder->final->view, index, &of);
    if (err) return err;
    link->time_ms = of.time_ms;
    if (index == 0)
        link->genesis = *ret_body;
    else
        link->record = *ret_body;
    builder->link_count++;
    return ERR_OK;
}

static enum err builder_chain(struct builder *builder, uint64_t index, struct bytes body) {
    while (index > 0) {
        uint64_t bound = 0;
        enum err err = body_bound(builder->final->view, index, body, &bound);
        if (err) return err;
        if (bound >= index) return ERR_CORRUPT;
        index = bound;
        err = builder_link(builder, index, &body);
        if (err) return err;
    }
    return ERR_OK;
}

/* The member `issuer` of a record whose key was bound by the leaf at `bound`, as text; kept for the next one. */
static enum err issuer_text(struct builder *builder, uint64_t bound, struct buf *out) {
    struct call_final *final = builder->final;
    struct chains *chains = builder->call->api->chains;
    struct bytes body, note = final->checkpoint.note;
    enum err err = chains_get(chains, note, bound, out);
    if (err != ERR_NOT_FOUND) return err;
    err = builder_link(builder, bound, &body);
    if (!err) err = builder_chain(builder, bound, body);
    if (!err) err = receipt_issuer_format(builder->links, builder->link_count, out);
    if (err) return err;
    chains_put(chains, note, final->checkpoint.size, final->checkpoint.time_s, bound,
               buf_bytes(out));
    return ERR_OK;
}

/* Record and issuer of a receipt that shows them. */
static enum err record_parts(struct builder *builder, const struct receipt_of *of,
                             struct receipt_parts *parts) {
    struct store_view *view = builder->final->view;
    uint64_t bound = 0;
    enum err err = ERR_OK;
    if (of->index == 0) return ERR_OK; /* the genesis is no record: its leaf stands */
    if (of->record) {
        parts->record = of->record->canonical;
        err = kid_bound(view, of->index, of->record->jws.kid, parts->record, &bound);
    } else {
        err = builder_body(builder, of->index, &parts->record);
        if (!err) err = body_bound(view, of->index, parts->record, &bound);
    }
    if (err) return err;
    if (bound >= of->index) return ERR_CORRUPT;
    err = issuer_text(builder, bound, &builder->issuer);
    parts->issuer = buf_bytes(&builder->issuer);
    return err;
}

static enum err build(struct builder *builder, const struct receipt_of *of, bool with_record,
                      struct buf *out) {
    struct receipt_parts parts = {.leaf = of->leaf, .time_ms = of->time_ms};
    enum err err = builder_proof(builder, of->index, &parts.proof);
    if (!err && with_record) err = record_parts(builder, of, &parts);
    return err ? err : receipt_format(&parts, out);
}

enum err receipt_add(struct api_call *call, struct call_final *final, const struct receipt_of *of,
                     bool with_record, struct buf *out) {
    struct builder *builder = calloc(1, sizeof *builder);
    if (!builder) return ERR_NO_MEMORY;
    builder->call = call;
    builder->final = final;
    arena_init(&builder->memory, RECEIPT_MEMORY);
    buf_init(&builder->scratch, LIMIT_RECEIPT);
    buf_init(&builder->issuer, LIMIT_RECEIPT);
    size_t before = out->len;
    enum err err = build(builder, of, with_record, out);
    if (!err && out->len - before > LIMIT_RECEIPT) err = ERR_TOO_LARGE;
    if (err) out->len = before;
    if (err == ERR_TOO_LARGE) {
        (void)problem_set(&call->why, err, "The receipt would be larger than %d bytes.",
                          LIMIT_RECEIPT);
    }
    buf_done(&builder->issuer);
    buf_done(&builder->scratch);
    arena_done(&builder->memory);
    free(builder);
    return err;
}

enum err receipt_join(struct api_call *call, struct call_final *final, const struct receipt_of *of,
                      struct json *object, struct buf *out) {
    enum err err = json_format(object, out);
    if (err) return err;
    assert(out->len && out->data[out->len - 1] == '}');
    out->len--;
    err = buf_add_text(out, ",\"receipt\":");
    if (!err) err = receipt_add(call, final, of, true, out);
    return err ? err : buf_format(out, "}");
}

/* -- GET /v1/records/{id}/receipt -- */

static enum err receipt_find(struct api_call *call, struct call_final *final, uint64_t *ret) {
    uint8_t id[RECORD_ID_LEN];
    enum err err = call_record_id(call, call->parts[0], id);
    if (!err) err = store_view_find(final->view, id, ret);
    if (err == ERR_NOT_FOUND && !call->why.err) {
        return problem_set(&call->why, err, "No record with that id is in this ledger.");
    }
    if (err) return err;
    if (*ret < final->checkpoint.size) return ERR_OK;
    return problem_set(&call->why, ERR_NOT_FINAL,
                       "The record is leaf %llu, and the newest final checkpoint covers %llu "
                       "leaves; ask again in a moment.",
                       (unsigned long long)*ret, (unsigned long long) final->checkpoint.size);
}

static enum err reply_proof(struct api_call *call, struct call_final *final, uint64_t index) {
    enum err err = call_text(call, MEDIA_TEXT, bytes_of(NULL, 0));
    return err ? err : proof_text(final, index, &call->reply->body);
}

static enum err reply_receipt(struct api_call *call, struct call_final *final, uint64_t index,
                              bool with_record) {
    struct receipt_of of;
    enum err err = call_text(call, RECEIPT_MEDIA_TYPE, bytes_of(NULL, 0));
    if (!err) err = receipt_of_index(final->view, index, &of);
    return err ? err : receipt_add(call, final, &of, with_record, &call->reply->body);
}

/* ERR_SCOPE, as GET /v1/records/{id} would answer. Who asked in its own name is not given the public form instead: it would take it for the record's. */
static enum err may_see(struct api_call *call, struct call_final *final,
                        const struct reader *reader, uint64_t index) {
    struct record *record = NULL;
    uint64_t time_ms;
    if (index == 0) return ERR_OK; /* the genesis is public */
    enum err err = stored_record(final->view, index, &record, &time_ms);
    if (!err) err = shown_check(reader, final->view, record, &call->why);
    record_done(record);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static enum err receipts_reply(struct api_call *call, struct call_final *final,
                               const struct reader *reader) {
    uint64_t index = 0;
    enum err err = receipt_find(call, final, &index);
    if (!err && reader) err = may_see(call, final, reader, index);
    if (err) return err;
    if (field_wants_text(call->request->header(call->request, "Accept")))
        return reply_proof(call, final, index);
    return reply_receipt(call, final, index, reader != NULL);
}

/* A receipt file has exactly the members of FORMATS.md section 5, so the size stands in the header alone. */
enum err receipts_get(struct api_call *call) {
    struct call_final final;
    struct reader reader;
    bool has_reader = false;
    enum err err = call_reader_maybe(call, &reader, &has_reader);
    if (!err) err = call_final(call, &final);
    if (err) return err;
    err = receipts_reply(call, &final, has_reader ? &reader : NULL);
    call_final_done(call, &final);
    if (!err) http_reply_header(call->reply, "Vary", "Accept, Authorization");
    return err;
}

/* The C2SP log: /checkpoint, /tile/..., and the witness endpoint /add-checkpoint (FORMATS.md section 4).
 *
 * Tiles are served as of the newest published checkpoint, never of what is merely committed: C2SP tlog-tiles lets a client ask for any partial tile of a
 * checkpoint that it has seen, and a leaf without a checkpoint is nobody's business yet. */
#include "api/call.h"

#include <string.h>

#define MEDIA_TILE "application/octet-stream"
#define MEDIA_TLOG_SIZE "text/x.tlog.size"
#define CACHE_FOREVER "public, max-age=31536000, immutable"

enum err checkpoint_get(struct api_call *call) {
    const struct api_host *host = &call->api->host;
    struct api_checkpoint checkpoint;
    enum err err = host->checkpoint(host->ctx, &checkpoint);
    if (err == ERR_NOT_FINAL) {
        return problem_set(&call->why, err, "This ledger has no final checkpoint yet.");
    }
    if (err) return err;
    call->size = checkpoint.size;
    call->has_size = true;
    err = call_text(call, MEDIA_TEXT, checkpoint.note);
    host->checkpoint_release(host->ctx, &checkpoint);
    return err;
}

static enum err hashes_read(struct call_final *final, const struct tile *tile, struct buf *out) {
    size_t len = (size_t)tile->width * HASH_LEN;
    enum err err = buf_reserve(out, len);
    if (!err) err = store_view_tile(final->view, tile->level, tile->index, tile->width, out->data);
    if (!err) out->len = len;
    return err;
}

static enum err tile_read(struct call_final *final, const struct tile *tile, struct buf *out) {
    if (tile_width_at(tile->level, tile->index, final->checkpoint.size) < tile->width) {
        return ERR_NOT_FOUND;
    }
    if (tile->entries) return store_view_bundle(final->view, tile->index, tile->width, out);
    return hashes_read(final, tile, out);
}

enum err tile_get(struct api_call *call) {
    struct tile tile;
    struct call_final final;
    if (tile_path_parse(call->request->path, &tile)) {
        return problem_set(&call->why, ERR_NOT_FOUND, "That is no path of a tile.");
    }
    enum err err = call_final(call, &final);
    if (!err) {
        err = call_text(call, MEDIA_TILE, bytes_of(NULL, 0));
        if (!err) err = tile_read(&final, &tile, &call->reply->body);
        call_final_done(call, &final);
    }
    if (err == ERR_NOT_FOUND || err == ERR_NOT_FINAL) {
        return problem_set(&call->why, ERR_NOT_FOUND,
                           "The published checkpoint's tree does not reach that tile.");
    }
    if (!err) http_reply_header(call->reply, "Cache-Control", CACHE_FOREVER);
    return err;
}

static enum err reply_known_size(struct api_call *call, uint64_t size) {
    enum err err = call_text(call, MEDIA_TLOG_SIZE, bytes_of(NULL, 0));
    if (!err) err = buf_format(&call->reply->body, "%llu\n", (unsigned long long)size);
    call->reply->status = 409;
    return err;
}

/* C2SP tlog-witness: the status says what was wrong; the problem explains it to people. */
static void reply_refused(struct api_call *call, enum err err, int status) {
    if (!call->why.err) (void)problem_set(&call->why, err ? err : ERR_REQUEST, "Not cosigned.");
    if (status < 400) status = err_status(call->why.err);
    http_reply_problem_as(call->reply, &call->why, status, call->request->id);
}

enum err add_checkpoint_post(struct api_call *call) {
    const struct api_host *host = &call->api->host;
    struct buf lines;
    int status = 0;
    uint64_t known = API_SIZE_UNKNOWN;
    buf_init(&lines, LIMIT_NOTE);
    enum err err =
        host->cosign_add(host->ctx, call->request->body, &status, &known, &lines, &call->why);
    bool is_cosigned = !err && status == 200;
    if (is_cosigned) {
        err = call_text(call, MEDIA_TEXT, buf_bytes(&lines));
    } else if (status == 409 && known != API_SIZE_UNKNOWN) {
        err = reply_known_size(call, known);
    } else {
        reply_refused(call, err, status);
        err = ERR_OK;
    }
    buf_done(&lines);
    return err;
}

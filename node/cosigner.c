/* See cosigner.h. Jobs and the closing flag are guarded by `lock`; the last-signed files by `sign_lock`. */
#include "node/cosigner.h"

#include "api/log.h"
#include "api/metrics.h"
#include "ledger/base/text.h"
#include "ledger/crypto/sha256.h"
#include "ledger/proof/witness.h"
#include "node/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 1000 /* between two tries on a full disk */

struct foreign {
    const struct vkey *keys; /* all of one origin, side by side */
    size_t key_count;
    struct lastsigned *state; /* guarded by sign_lock */
};

struct cosigner {
    struct cosigner_options options;
    pthread_t thread;
    struct foreign *foreign;
    size_t foreign_count;

    pthread_mutex_t sign_lock;

    pthread_mutex_t lock;
    pthread_cond_t pushed;
    struct cosign_job
        newest; /* heads are signed from the newest on; its list holds all that wait */
    struct submission **last;
    bool has_job, is_closed;
};

/* -- signing -- */

/* A peer may have had a larger head cosigned while this one waited (/add-checkpoint). That one was committed, so the newest commit is not behind it. */
static void head_advance(struct cosigner *cosigner, struct witness_state *head) {
    if (lastsigned_get(cosigner->options.lastsigned).size <= head->size) return;
    struct store_head current = store_current(cosigner->options.store);
    head->size = current.size;
    memcpy(head->root, current.root, HASH_LEN);
}

/* The note of a head, once its size is persisted: own log line, own cosignature. */
static enum err head_sign(struct cosigner *cosigner, struct witness_state *head, uint64_t time_s,
                          struct buf *out, struct problem *ret_why) {
    const struct cosigner_options *options = &cosigner->options;
    pthread_mutex_lock(&cosigner->sign_lock);
    head_advance(cosigner, head);
    enum err err = lastsigned_put(options->lastsigned, head, ret_why);
    pthread_mutex_unlock(&cosigner->sign_lock);
    if (!err) err = checkpoint_format(options->genesis->origin, head->size, head->root, out);
    if (err) return err;
    uint8_t text[512];
    if (out->len > sizeof text) return ERR_TOO_LARGE;
    memcpy(text, out->data, out->len);
    struct bytes signed_text = bytes_of(text, out->len);
    err = buf_add_byte(out, '\n');
    if (!err) err = checkpoint_sign(options->log_vkey, options->keys->log, signed_text, out);
    if (!err)
        err = checkpoint_cosign(options->cosigner_vkey, options->keys->cosigner, signed_text,
                                time_s, out);
    return err;
}

/* Publishes where the note meets the policy; a note that does not is a bug or a wrong key, and is never shown. */
static enum err head_publish(struct cosigner *cosigner, const struct witness_state *head,
                             uint64_t time_s, struct bytes note, struct problem *ret_why) {
    struct policy_result result;
    memset(&result, 0, sizeof result);
    enum err err = policy_check(cosigner->options.policy, note, &result, ret_why);
    policy_result_done(&result);
    if (!err) err = store_put_checkpoint(cosigner->options.store, note, ret_why);
    if (!err)
        err = published_put(cosigner->options.published, head->size, head->root, time_s, note);
    if (err) return err;
    metric_add(METRIC_CHECKPOINTS, 1);
    metric_set(METRIC_FINAL_SIZE, head->size);
    metric_set(METRIC_CHECKPOINT_TIME, time_s);
    return ERR_OK;
}

static enum err head_finish(struct cosigner *cosigner, struct witness_state *head,
                            struct problem *ret_why) {
    struct buf note;
    buf_init(&note, LIMIT_NOTE);
    uint64_t time_s = clock_unix_ms() / 1000;
    enum err err = head_sign(cosigner, head, time_s, &note, ret_why);
    if (!err) err = head_publish(cosigner, head, time_s, buf_bytes(&note), ret_why);
    buf_done(&note);
    return err;
}

/* -- the thread -- */

static void finish_all(struct submission *list) {
    while (list) {
        struct submission *next = list->next;
        submission_finish(list, SUBMISSION_FINAL);
        submission_release(list);
        list = next;
    }
}

static void release_all(struct submission *list) {
    while (list) {
        struct submission *next = list->next;
        submission_release(list);
        list = next;
    }
}

/* Waits for a head, or for the idle time to pass: then ret_job keeps size 0. False where it is time to end. */
static bool job_take(struct cosigner *cosigner, struct cosign_job *ret_job) {
    struct timespec until = clock_after(COSIGN_IDLE_MS);
    memset(ret_job, 0, sizeof *ret_job);
    pthread_mutex_lock(&cosigner->lock);
    int rc = 0;
    while (!cosigner->has_job && !cosigner->is_closed && !rc) {
        rc = pthread_cond_timedwait(&cosigner->pushed, &cosigner->lock, &until);
    }
    bool go_on = cosigner->has_job || !cosigner->is_closed;
    if (cosigner->has_job) {
        *ret_job = cosigner->newest;
        memset(&cosigner->newest, 0, sizeof cosigner->newest);
        cosigner->last = &cosigner->newest.submissions;
        cosigner->has_job = false;
    }
    pthread_mutex_unlock(&cosigner->lock);
    return go_on;
}

/* Sleeps before the next try. False where it is time to end: then what was pushed is given up. */
static bool wait_for_room(struct cosigner *cosigner) {
    struct timespec until = clock_after(RETRY_MS);
    pthread_mutex_lock(&cosigner->lock);
    int rc = 0;
    while (!cosigner->is_closed && !rc) {
        rc = pthread_cond_timedwait(&cosigner->pushed, &cosigner->lock, &until);
    }
    bool go_on = !cosigner->is_closed;
    pthread_mutex_unlock(&cosigner->lock);
    return go_on;
}

/* A full disk is waited for: what the last-signed file holds is signed again then, and nothing was shown before. */
static enum err head_finish_patiently(struct cosigner *cosigner, struct witness_state *head,
                                      struct problem *ret_why) {
    enum err err = head_finish(cosigner, head, ret_why);
    if (err == ERR_DISK_FULL)
        log_event(LOG_ERROR, "disk_full", "action", "checkpoints wait until there is room", NULL);
    while (err == ERR_DISK_FULL && wait_for_room(cosigner))
        err = head_finish(cosigner, head, ret_why);
    return err;
}

static void *cosigner_main(void *arg) {
    struct cosigner *cosigner = arg;
    struct witness_state head;
    struct cosign_job job;
    memset(&head, 0, sizeof head);
    while (job_take(cosigner, &job)) {
        if (job.size) {
            head.size = job.size;
            memcpy(head.root, job.root, HASH_LEN);
        }
        struct problem why;
        (void)problem_set(&why, ERR_INTERNAL, "A head could not be signed or published.");
        enum err err = head_finish_patiently(cosigner, &head, &why);
        if (!err) {
            finish_all(job.submissions);
            continue;
        }
        release_all(job.submissions);
        cosigner->options.fatal(cosigner->options.fatal_ctx, err, &why);
        break;
    }
    return NULL;
}

void cosigner_push(struct cosigner *cosigner, struct cosign_job job) {
    pthread_mutex_lock(&cosigner->lock);
    cosigner->newest.size = job.size;
    memcpy(cosigner->newest.root, job.root, HASH_LEN);
    *cosigner->last = job.submissions;
    while (*cosigner->last) cosigner->last = &(*cosigner->last)->next;
    cosigner->has_job = true;
    pthread_cond_signal(&cosigner->pushed);
    pthread_mutex_unlock(&cosigner->lock);
}

/* -- start and end -- */

/* What this key signed must be a prefix of what the store holds: otherwise the data are older, or another branch. */
static enum err check_floor(const struct cosigner_options *options, struct problem *ret_why) {
    struct witness_state floor = lastsigned_get(options->lastsigned);
    struct store_head head = store_current(options->store);
    if (floor.size > head.size) {
        return problem_set(
            ret_why, ERR_ROLLBACK,
            "The data hold %llu leaves, but this node's key has signed %llu. They were restored "
            "from an old copy, or the last write is damaged (database_tail_cut). "
            "Bring the newer data back, or let the node return with a new cosigner key.",
            (unsigned long long)head.size, (unsigned long long)floor.size);
    }
    if (!floor.size) return ERR_OK;
    struct store_view *view;
    uint8_t root[HASH_LEN];
    enum err err = store_view_open(options->store, &view);
    if (err) return err;
    err = store_view_root(view, floor.size, root);
    store_view_close(view);
    if (err)
        return problem_set(
            ret_why, err,
            "The tree at the last signed size cannot be computed. Run `qizheng fsck`.");
    if (memcmp(root, floor.root, HASH_LEN) == 0) return ERR_OK;
    return problem_set(
        ret_why, ERR_DIVERGED,
        "At size %llu this key has signed another root than these data have. Nothing is signed. "
        "Keep both the data and the key directory, and call the operators.",
        (unsigned long long)floor.size);
}

/* One state file for each origin that we witness. Keys of one origin stand side by side. */
static enum err foreign_open(struct cosigner *cosigner, struct problem *ret_why) {
    const struct cosigner_options *options = &cosigner->options;
    if (!options->foreign_count) return ERR_OK;
    cosigner->foreign = calloc(options->foreign_count, sizeof *cosigner->foreign);
    if (!cosigner->foreign) return ERR_NO_MEMORY;
    for (size_t i = 0; i < options->foreign_count;) {
        struct foreign *foreign = &cosigner->foreign[cosigner->foreign_count];
        const char *origin = options->foreign[i].name;
        foreign->keys = &options->foreign[i];
        while (i < options->foreign_count && strcmp(options->foreign[i].name, origin) == 0) {
            foreign->key_count++;
            i++;
        }
        uint8_t hash[SHA256_LEN];
        char name[2 * SHA256_LEN + 1], path[4096];
        sha256(bytes_text(origin), hash);
        hex_encode(bytes_of(hash, sizeof hash), name);
        if (snprintf(path, sizeof path, "%s/foreign-%.16s", options->keys_dir, name) >=
            (int)sizeof path) {
            return problem_set(ret_why, ERR_CONFIG, "keys_dir is too long a path.");
        }
        enum err err = lastsigned_open(path, hash, true, &foreign->state, ret_why);
        if (err) return err;
        cosigner->foreign_count++;
    }
    return ERR_OK;
}

static void cosigner_free(struct cosigner *cosigner) {
    for (size_t i = 0; i < cosigner->foreign_count; i++)
        lastsigned_close(cosigner->foreign[i].state);
    free(cosigner->foreign);
    release_all(cosigner->newest.submissions);
    (void)pthread_cond_destroy(&cosigner->pushed);
    (void)pthread_mutex_destroy(&cosigner->lock);
    (void)pthread_mutex_destroy(&cosigner->sign_lock);
    free(cosigner);
}

enum err cosigner_start(const struct cosigner_options *options, struct cosigner **ret,
                        struct problem *ret_why) {
    enum err err = check_floor(options, ret_why);
    if (err) return err;
    struct cosigner *cosigner = calloc(1, sizeof *cosigner);
    if (!cosigner) return ERR_NO_MEMORY;
    cosigner->options = *options;
    cosigner->last = &cosigner->newest.submissions;
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&cosigner->sign_lock, NULL);
    (void)pthread_mutex_init(&cosigner->lock, NULL);
    (void)pthread_cond_init(&cosigner->pushed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    err = foreign_open(cosigner, ret_why);
    if (!err) {
        struct store_head head = store_current(options->store);
        struct cosign_job job = {.size = head.size};
        memcpy(job.root, head.root, HASH_LEN);
        cosigner_push(cosigner, job);
        if (pthread_create(&cosigner->thread, NULL, cosigner_main, cosigner)) err = ERR_NO_MEMORY;
    }
    if (err) {
        cosigner_free(cosigner);
        return err;
    }
    *ret = cosigner;
    return ERR_OK;
}

void cosigner_join(struct cosigner *cosigner) {
    if (!cosigner) return;
    pthread_mutex_lock(&cosigner->lock);
    cosigner->is_closed = true;
    pthread_cond_signal(&cosigner->pushed);
    pthread_mutex_unlock(&cosigner->lock);
    (void)pthread_join(cosigner->thread, NULL);
}

void cosigner_close(struct cosigner *cosigner) {
    if (cosigner) cosigner_free(cosigner);
}

/* -- POST /add-checkpoint -- */

struct add {
    struct witness_request request;
    const struct vkey *keys; /* trusted for the request's origin */
    size_t key_count;
    struct lastsigned *state;
    bool is_own;
};

/* Which keys and which state the request's origin has here. */
static enum err add_find(struct cosigner *cosigner, struct add *add, struct vkey *own_keys,
                         struct problem *ret_why) {
    const struct genesis *genesis = cosigner->options.genesis;
    add->is_own = bytes_is(add->request.checkpoint.origin, genesis->origin);
    if (add->is_own) {
        for (size_t i = 0; i < genesis->node_count; i++) {
            enum err err =
                vkey_parse(bytes_text(genesis->nodes[i].log_vkey), &own_keys[i], ret_why);
            if (err) return err;
        }
        add->keys = own_keys;
        add->key_count = genesis->node_count;
        add->state = cosigner->options.lastsigned;
        return ERR_OK;
    }
    for (size_t i = 0; i < cosigner->foreign_count; i++) {
        const struct foreign *foreign = &cosigner->foreign[i];
        if (!bytes_is(add->request.checkpoint.origin, foreign->keys[0].name)) continue;
        add->keys = foreign->keys;
        add->key_count = foreign->key_count;
        add->state = foreign->state;
        return ERR_OK;
    }
    return problem_set(
        ret_why, ERR_NOT_FOUND,
        "This node does not witness that log. Its operator can add the log's key to foreign_logs.");
}

/* What proves a lie. That it could not be kept changes no answer. */
static void evidence_keep(struct cosigner *cosigner, struct bytes body) {
    struct problem why;
    enum err err = store_keep_evidence(cosigner->options.store, body, &why);
    if (!err)
        log_event(LOG_ERROR, "conflicting_checkpoint", "action",
                  "kept as evidence; see `qizheng conflict`", NULL);
    else
        log_event(LOG_ERROR, "conflicting_checkpoint", "action", "it could not be kept", "error",
                  err_code(err), "detail", why.detail, NULL);
}

/* For the own origin a consistency proof is not enough: the root must be the one that our own store has. */
static enum err add_check_own(struct cosigner *cosigner, const struct add *add, struct bytes body,
                              struct problem *ret_why) {
    const struct checkpoint *checkpoint = &add->request.checkpoint;
    struct store_view *view;
    uint8_t root[HASH_LEN];
    enum err err = store_view_open(cosigner->options.store, &view);
    if (err) return err;
    bool is_there = checkpoint->size <= store_view_head(view).size;
    if (is_there) err = store_view_root(view, checkpoint->size, root);
    store_view_close(view);
    if (err) return err;
    if (!is_there)
        return problem_set(ret_why, ERR_NO_QUORUM,
                           "This node does not hold that size yet. Try again.");
    if (memcmp(root, checkpoint->root, HASH_LEN) == 0) return ERR_OK;
    evidence_keep(cosigner, body);
    return problem_set(ret_why, ERR_PROOF,
                       "This node's log has another root at that size. The checkpoint is evidence "
                       "against who signed it.");
}

static enum err answer_error(enum witness_answer answer, struct problem *ret_why) {
    switch (answer) {
    case WITNESS_COSIGN: return ERR_OK;
    case WITNESS_MALFORMED:
        return problem_set(ret_why, ERR_REQUEST, "The old size is larger than the checkpoint's.");
    case WITNESS_UNTRUSTED:
        return problem_set(ret_why, ERR_SCOPE, "No trusted key of that log signed the checkpoint.");
    case WITNESS_SIZE_CONFLICT:
        return problem_set(ret_why, ERR_STATE,
                           "The old size is not the one that this witness has cosigned last.");
    case WITNESS_ROOT_CONFLICT:
        return problem_set(ret_why, ERR_STATE,
                           "This witness has cosigned another root at that size.");
    case WITNESS_BAD_PROOF:
        return problem_set(ret_why, ERR_PROOF, "The consistency proof does not verify.");
    }
    return ERR_INTERNAL;
}

/* Decision, persistence and signature under one lock: two requests can never both be right about the same state. */
static enum err add_decide(struct cosigner *cosigner, const struct add *add, struct bytes body,
                           enum witness_answer *ret_answer, uint64_t *ret_known_size,
                           struct buf *ret_lines, struct problem *ret_why) {
    struct witness_state state = lastsigned_get(add->state), next;
    enum witness_answer answer =
        witness_decide(&add->request, add->keys, add->key_count, &state, &next);
    *ret_answer = answer;
    if (answer == WITNESS_SIZE_CONFLICT) *ret_known_size = state.size;
    if (answer == WITNESS_ROOT_CONFLICT) evidence_keep(cosigner, body);
    enum err err = answer_error(answer, ret_why);
    if (!err && add->is_own) err = add_check_own(cosigner, add, body, ret_why);
    if (!err) err = lastsigned_put(add->state, &next, ret_why);
    if (!err) {
        err = checkpoint_cosign(cosigner->options.cosigner_vkey, cosigner->options.keys->cosigner,
                                add->request.note.text, clock_unix_ms() / 1000, ret_lines);
    }
    if (!err && !add->is_own) metric_add(METRIC_COSIGNATURES_FOREIGN, 1);
    return err;
}

enum err cosigner_add(struct cosigner *cosigner, struct bytes body, int *ret_status,
                      uint64_t *ret_known_size, struct buf *ret_lines, struct problem *ret_why) {
    struct add *add = calloc(1, sizeof *add);
    struct vkey *own_keys = calloc(cosigner->options.genesis->node_count, sizeof *own_keys);
    enum witness_answer answer = WITNESS_COSIGN;
    enum err err = add && own_keys ? ERR_OK : ERR_NO_MEMORY;
    if (!err) err = witness_request_parse(body, &add->request, ret_why);
    if (!err) err = add_find(cosigner, add, own_keys, ret_why);
    if (!err) {
        pthread_mutex_lock(&cosigner->sign_lock);
        err = add_decide(cosigner, add, body, &answer, ret_known_size, ret_lines, ret_why);
        pthread_mutex_unlock(&cosigner->sign_lock);
    }
    *ret_status = answer != WITNESS_COSIGN ? witness_status(answer) : err_status(err);
    if (add) witness_request_done(&add->request);
    free(add);
    free(own_keys);
    return err;
}

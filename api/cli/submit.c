/* See submit.h. */
#include "api/cli/submit.h"

#include "api/cli/disk.h"
#include "api/cli/remote.h"
#include "api/cli/review.h"
#include "ledger/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_S 60
#define PAUSE_MAX_S 10

struct submit {
    const struct cli *cli;
    struct client *client;
    struct parcel parcel;
    uint64_t timeout_s;
    char pending[DISK_PATH], receipt[DISK_PATH], disclosures[DISK_PATH];
    bool is_unsure;      /* an earlier attempt may have got through */
    bool is_known;       /* the record was there already */
    bool is_quiet;       /* where all went well */
    struct json *answer; /* the node's, owned */
    struct problem why;
};

/* -- before: files that may be there, the rules, the signature -- */

static enum err paths_make(struct submit *s, const char *prefix) {
    if (!prefix) return ERR_OK;
    enum err err = disk_path(s->pending, &s->why, "%s.pending.json", prefix);
    if (!err) err = disk_path(s->receipt, &s->why, "%s.receipt.json", prefix);
    if (!err) err = disk_path(s->disclosures, &s->why, "%s.disclosures.json", prefix);
    return err;
}

/* A receipt may stand there only for the record that is being submitted again. */
static enum err receipt_is_ours(struct submit *s) {
    if (!disk_exists(s->receipt) || parcel_receipt_is(s->receipt, s->parcel.id)) return ERR_OK;
    return problem_set(&s->why, ERR_STATE,
                       "%s is the receipt of another record and is not overwritten. Choose another "
                       "name with --out.",
                       s->receipt);
}

static enum err parcel_resume(struct submit *s, const struct draft *draft) {
    enum err err = parcel_load(s->pending, &s->parcel, &s->why);
    if (err) return err;
    if (!parcel_says(&s->parcel, draft)) {
        return problem_set(&s->why, ERR_STATE,
                           "%s holds an unfinished submission that says something else. Finish it "
                           "with the same arguments as then, or move it away to start anew.",
                           s->pending);
    }
    s->is_unsure = true;
    say_note("going on with the record that %s holds", s->pending);
    return ERR_OK;
}

static enum err parcel_ready(struct submit *s, const struct draft *draft,
                             const struct key_secret *key) {
    if (!s->pending[0]) return draft_sign(draft, key, &s->parcel, &s->why);
    if (disk_exists(s->pending)) {
        enum err err = parcel_resume(s, draft);
        return err ? err : receipt_is_ours(s);
    }
    enum err err = receipt_is_ours(s);
    if (!err) err = draft_sign(draft, key, &s->parcel, &s->why);
    if (!err) err = parcel_save(&s->parcel, s->pending, &s->why);
    return err;
}

/* -- sending -- */

enum step { STEP_AGAIN, STEP_FINAL, STEP_REFUSED, STEP_FAILED };

static enum step read_answer(struct submit *s, const struct client_reply *reply) {
    s->is_known = reply->status == 200;
    enum err err = json_parse(buf_bytes(&reply->body), &s->answer, &s->why);
    return err ? STEP_FAILED : STEP_FINAL;
}

static enum step read_reply(struct submit *s, const struct client_reply *reply) {
    if (reply->status == 200 || reply->status == 201) return read_answer(s, reply);
    if (reply->status == 202) {
        (void)problem_set(&s->why, ERR_NOT_FINAL, "The node has received the record.");
        s->is_unsure = true;
        return STEP_AGAIN;
    }
    client_problem(reply, &s->why);
    if (err_class(s->why.err) == ERR_CLASS_RETRY) return STEP_AGAIN;
    /* Only a node's own words count: a proxy's 403 says nothing of the record. */
    bool refused = err_class(s->why.err) == ERR_CLASS_REFUSE && reply->status < 500 &&
                   strncmp(reply->content_type, "application/problem+json", 24) == 0;
    if (!refused) s->is_unsure = true;
    return refused ? STEP_REFUSED : STEP_FAILED;
}

/* One attempt; *ret_pause_s says how long to wait before the next. */
static enum step send_once(struct submit *s, unsigned *ret_pause_s) {
    static const char *const headers[] = {"Content-Type: application/jose", "Prefer: wait=10",
                                          NULL};
    struct client_reply reply;
    memset(&reply, 0, sizeof reply);
    enum err err = client_call(s->client, "POST", "/v1/records", headers,
                               buf_bytes(&s->parcel.record), REMOTE_REPLY_MAX, &reply, &s->why);
    if (err) {
        s->is_unsure = true; /* it may have arrived */
        return err_class(err) == ERR_CLASS_RETRY ? STEP_AGAIN : STEP_FAILED;
    }
    enum step step = read_reply(s, &reply);
    if (reply.retry_after_s) *ret_pause_s = reply.retry_after_s;
    client_reply_done(&reply);
    return step;
}

static enum step send_all(struct submit *s) {
    int64_t end = now_s() + (int64_t)s->timeout_s;
    unsigned backoff = 1;
    for (;;) {
        unsigned pause = backoff;
        enum step step = send_once(s, &pause);
        if (step != STEP_AGAIN) return step;
        if (pause > PAUSE_MAX_S) pause = PAUSE_MAX_S;
        if (now_s() + (int64_t)pause >= end) return STEP_FAILED;
        if (isatty(STDERR_FILENO)) say_note("%s Trying again in %u s.", s->why.detail, pause);
        (void)sleep(pause);
        if (backoff < PAUSE_MAX_S) backoff *= 2;
    }
}

/* -- after -- */

static enum err deliver(struct submit *s) {
    struct json *receipt = NULL;
    enum err err = parcel_receipt(&s->parcel, json_member(s->answer, "receipt"), &receipt, &s->why);
    if (err) return err;
    if (!s->pending[0]) {
        json_done(receipt);
        return ERR_OK;
    }
    err = disk_write_json(s->disclosures, json_clone(s->parcel.disclosures), 0600, DISK_REPLACE,
                          &s->why);
    if (err)
        json_done(receipt);
    else
        err = disk_write_json(s->receipt, receipt, 0600, DISK_REPLACE, &s->why);
    if (!err && unlink(s->pending)) say_note("%s could not be removed; it may go.", s->pending);
    return err;
}

static enum err put_member(struct json *json, const struct json *from, const char *name) {
    const struct json *value = json_member(from, name);
    return value ? json_put(json, name, json_clone(value)) : ERR_OK;
}

static int report_json(const struct submit *s) {
    struct json *json = json_new_object();
    enum err err = json ? json_put_text(json, "id", s->parcel.id) : ERR_NO_MEMORY;
    if (!err) err = json_put_bool(json, "known", s->is_known);
    if (!err) err = put_member(json, s->answer, "index");
    if (!err) err = put_member(json, s->answer, "time");
    if (!err) err = put_member(json, s->answer, "findings");
    if (!err && s->receipt[0]) err = json_put_text(json, "receipt", s->receipt);
    if (!err && s->receipt[0]) err = json_put_text(json, "disclosures", s->disclosures);
    if (!err) return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(s->cli, err, NULL);
}

static void report_findings(const struct json *findings) {
    for (size_t i = 0; i < json_count(findings); i++) {
        const struct json *hit = json_at(findings, i);
        const char *rule = json_text(json_member(hit, "rule"));
        const char *result = json_text(json_member(hit, "result"));
        const char *detail = json_text(json_member(hit, "detail"));
        (void)printf("  finding      ");
        say_clean(stdout, result ? result : "");
        (void)putchar(' ');
        say_clean(stdout, rule ? rule : "");
        (void)putchar(' ');
        say_clean(stdout, detail ? detail : "");
        (void)putchar('\n');
    }
}

static int report(const struct submit *s) {
    int64_t index = 0, time_ms = 0;
    char time[SAY_TIME_LEN];
    if (s->is_quiet) return EXIT_DONE;
    if (s->cli->is_json) return report_json(s);
    (void)json_int(json_member(s->answer, "index"), &index);
    (void)json_int(json_member(s->answer, "time"), &time_ms);
    (void)printf("%s\n  record       %s\n  leaf         %lld\n  ledger time  %s\n",
                 s->is_known ? "The record was in the ledger already." : "Recorded.", s->parcel.id,
                 (long long)index, say_time(time_ms / 1000, time));
    report_findings(json_member(s->answer, "findings"));
    if (!s->receipt[0]) return EXIT_DONE;
    (void)printf("  receipt      %s\n  disclosures  %s (personal data: keep it to yourself)\n",
                 s->receipt, s->disclosures);
    return EXIT_DONE;
}

/* A refused record is not in the ledger and never was, unless an earlier attempt got through. */
static int refused(struct submit *s) {
    if (s->pending[0] && s->is_unsure)
        say_note(
            "%s stays, for an earlier attempt may have got through. Move it away to sign anew.",
            s->pending);
    else if (s->pending[0])
        (void)unlink(s->pending);
    return say_refusal(s->cli, s->why.err, &s->why);
}

static int failed(const struct submit *s) {
    int status = say_trouble(s->cli, s->why.err ? s->why.err : ERR_INTERNAL, &s->why);
    if (s->pending[0])
        say_note("The signed record is kept in %s: run the same command again and it goes on.",
                 s->pending);
    else
        say_note("It may have got through: `qizheng receipt %s` tells.", s->parcel.id);
    return status;
}

static int send_and_report(struct submit *s) {
    switch (send_all(s)) {
    case STEP_FINAL: break;
    case STEP_REFUSED: return refused(s);
    case STEP_FAILED:
    case STEP_AGAIN: return failed(s);
    }
    enum err err = deliver(s);
    return err ? failed(s) : report(s);
}

static enum err rules_say(struct submit *s, const struct draft *draft) {
    if (review_is_correction(draft->type, 1, draft->act)) return ERR_OK;
    struct rule_hits *hits = calloc(1, sizeof *hits);
    if (!hits) return ERR_NO_MEMORY;
    enum err err = review(draft->payload, draft->claims, draft->type, 1, draft->act, hits, &s->why);
    if (!err) review_print(hits, false, true, s->cli->is_zh);
    free(hits);
    return err;
}

static int submit_as(bool is_quiet, const struct cli *cli, struct client *client,
                     const struct draft *draft, const struct key_secret *key, const char *prefix) {
    struct submit *s = calloc(1, sizeof *s);
    if (!s) return say_trouble(cli, ERR_NO_MEMORY, NULL);
    s->cli = cli;
    s->is_quiet = is_quiet;
    s->client = client;
    int status;
    enum err err =
        option_number(cli, "timeout", 1, 3600, TIMEOUT_DEFAULT_S, &s->timeout_s, &s->why);
    if (!err) err = paths_make(s, prefix);
    if (!err) {
        err = rules_say(s, draft);
        if (err) {
            status = say_refusal(cli, err, &s->why);
            goto done;
        }
        err = parcel_ready(s, draft, key);
    }
    status = err ? say_trouble(cli, err, &s->why) : send_and_report(s);
done:
    parcel_done(&s->parcel);
    json_done(s->answer);
    free(s);
    return status;
}

int submit(const struct cli *cli, struct client *client, const struct draft *draft,
           const struct key_secret *key, const char *prefix) {
    return submit_as(false, cli, client, draft, key, prefix);
}

int submit_quietly(const struct cli *cli, struct client *client, const struct draft *draft,
                   const struct key_secret *key, const char *prefix) {
    return submit_as(true, cli, client, draft, key, prefix);
}

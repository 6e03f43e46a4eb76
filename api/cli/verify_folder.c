/* See verify_folder.h. What is wrong is said receipt by receipt; of what is right only the count. */
#include "api/cli/verify_folder.h"

#include "api/cli/disk.h"
#include "ledger/proof/verify.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDING ".receipt.json"

struct tally {
    const struct cli *cli;
    struct bytes policy, tsa_pem;
    struct verify_memory
        *memory; /* the receipts of one ledger have most of their bytes in common */
    size_t counts[VERDICT_UNCHECKED + 1];
    struct json *wrong; /* [{"file","outcome","step","reason","reason_zh"}] */
};

/* The step that decided; NULL where none failed. */
static const struct verdict_item *failure_of(const struct verdict *verdict,
                                             enum verdict_step *ret) {
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        if (verdict->items[i].result != VERDICT_FAIL) continue;
        *ret = (enum verdict_step)i;
        return &verdict->items[i];
    }
    return NULL;
}

static enum err wrong_add(struct tally *tally, const char *file, const char *outcome,
                          const char *step, const char *reason, const char *reason_zh) {
    struct json *one = json_new_object();
    enum err err = one ? json_put_text(one, "file", file) : ERR_NO_MEMORY;
    if (!err) err = json_put_text(one, "outcome", outcome);
    if (!err) err = json_put_text(one, "step", step);
    if (!err) err = json_put_text(one, "reason", reason);
    if (!err) err = json_put_text(one, "reason_zh", reason_zh);
    if (!err) return json_push(tally->wrong, one);
    json_done(one);
    return err;
}

static enum err verdict_add(struct tally *tally, const char *file, const struct verdict *verdict) {
    enum verdict_step step = STEP_DOCUMENT;
    tally->counts[verdict->outcome]++;
    if (verdict->outcome == VERDICT_VALID) return ERR_OK;
    const struct verdict_item *item = failure_of(verdict, &step);
    return wrong_add(tally, file, verdict_outcome_name(verdict->outcome),
                     item ? verdict_step_name(step) : "", item ? item->reason : "",
                     item ? item->reason_zh : "");
}

static enum err file_verify(struct tally *tally, const char *folder, const char *name) {
    char path[DISK_PATH];
    struct buf text;
    struct problem why = {ERR_OK, "", "", "", ""};
    struct verdict *verdict = NULL;
    enum err err = disk_path(path, &why, "%s/%s", folder, name);
    if (!err) err = disk_read(path, LIMIT_RECEIPT, &text, &why);
    if (err) {
        tally->counts[VERDICT_UNCHECKED]++;
        return wrong_add(tally, name, verdict_outcome_name(VERDICT_UNCHECKED), "", why.detail, "");
    }
    struct verify_input input = {.receipt = buf_bytes(&text),
                                 .policy = tally->policy,
                                 .tsa_pem = tally->tsa_pem,
                                 .memory = tally->memory};
    err = verify(&input, &verdict);
    if (!err) err = verdict_add(tally, name, verdict);
    verdict_done(verdict);
    buf_done(&text);
    return err;
}

static bool is_receipt(const char *name) {
    size_t len = strlen(name);
    return len > sizeof ENDING - 1 && strcmp(name + len - (sizeof ENDING - 1), ENDING) == 0;
}

static enum err folder_verify(struct tally *tally, const char *folder, struct problem *ret_why) {
    DIR *dir = opendir(folder);
    if (!dir)
        return problem_set(ret_why, ERR_IO, "%s cannot be read: %s.", folder, strerror(errno));
    enum err err = ERR_OK;
    for (const struct dirent *entry; !err && (entry = readdir(dir));)
        if (is_receipt(entry->d_name)) err = file_verify(tally, folder, entry->d_name);
    (void)closedir(dir);
    return err;
}

/* -- saying it -- */

static enum err report_json(struct tally *tally) {
    struct json *json = json_new_object();
    enum err err = json ? ERR_OK : ERR_NO_MEMORY;
    for (int i = 0; !err && i <= VERDICT_UNCHECKED; i++)
        err = json_put_int(json, verdict_outcome_name((enum verdict_outcome)i),
                           (int64_t)tally->counts[i]);
    if (!err) err = json_put(json, "wrong", json_clone(tally->wrong));
    if (!err) return say_json(json);
    json_done(json);
    return err;
}

static void print_text(const struct json *one, const char *name) {
    const char *text = json_text(json_member(one, name));
    say_clean(stdout, text ? text : "");
}

static void report_text(const struct tally *tally) {
    for (size_t i = 0; i < json_count(tally->wrong); i++) {
        const struct json *one = json_at(tally->wrong, i);
        print_text(one, "file");
        (void)printf(": ");
        print_text(one, "outcome");
        (void)printf(" ");
        print_text(one, "step");
        (void)printf(": ");
        print_text(one, tally->cli->is_zh ? "reason_zh" : "reason");
        (void)putchar('\n');
    }
    (void)printf("%zu valid 有效, %zu not valid 无效, %zu could not be checked 未能核验\n",
                 tally->counts[VERDICT_VALID], tally->counts[VERDICT_INVALID],
                 tally->counts[VERDICT_UNCHECKED]);
}

static int status_of(const struct tally *tally) {
    if (tally->counts[VERDICT_INVALID]) return EXIT_REFUSED;
    bool all = tally->counts[VERDICT_VALID] > 0 && tally->counts[VERDICT_UNCHECKED] == 0;
    return all ? EXIT_DONE : EXIT_TROUBLE;
}

int verify_folder(const struct cli *cli, const char *folder, struct bytes policy,
                  struct bytes tsa_pem) {
    struct tally tally = {.cli = cli, .policy = policy, .tsa_pem = tsa_pem};
    struct problem why = {ERR_OK, "", "", "", ""};
    tally.wrong = json_new_array();
    enum err err = tally.wrong ? verify_memory_new(&tally.memory) : ERR_NO_MEMORY;
    if (!err) err = folder_verify(&tally, folder, &why);
    verify_memory_done(tally.memory);
    if (!err && cli->is_json) err = report_json(&tally);
    if (!err && !cli->is_json) report_text(&tally);
    int status = err ? say_trouble(cli, err, &why) : status_of(&tally);
    json_done(tally.wrong);
    return status;
}

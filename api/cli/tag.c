/* qizheng tag: the pseudonymous tag of a person, or of one person a line, in one domain.
 *
 * The id numbers come from a file or from standard input, never from the command line, which other users of the machine can see. The node sees blinded elements alone. */
#include "api/cli/access.h"
#include "api/cli/disk.h"
#include "api/cli/tag_option.h"
#include "api/cli/tagging.h"
#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 20000
#define FILE_MAX ((size_t)ROWS_MAX * (LIMIT_TAG_ID + 2))

static const struct option_spec options[] = {
    {"domain", "DOMAIN", "labour, benefit: GET /v1/types lists them", true, false},
    {"id-type", "TYPE", "kind of the id number, such as resident-id or passport", true, false},
    {"id-file", "FILE", "file with one id number a line (default: standard input)", false, false},
    {"evidence", "FILE", "keep what proves the tag later, with the id number in it (one person)",
     false, false},
    {"ledger", "ID", "the ledger's id, where you know it from elsewhere than the node", false,
     false},
    ACCESS_OPTIONS,
    {NULL, NULL, NULL, false, false},
};

struct job {
    const struct cli *cli;
    struct buf text; /* id numbers: wiped at the end */
    struct tag_want *wants;
    size_t count;
    struct access *access;
    struct tagging *tagging;
    struct problem why;
};

/* -- in -- */

static size_t lines_count(struct bytes text) {
    size_t count = text.len && text.data[text.len - 1] != '\n';
    for (size_t i = 0; i < text.len; i++) count += text.data[i] == '\n';
    return count;
}

/* What a line holds, without the marks that editors put around it. */
static struct bytes line_trim(struct bytes line) {
    if (bytes_starts(line, "\xef\xbb\xbf")) line = bytes_slice(line, 3, line.len);
    if (line.len && line.data[line.len - 1] == '\r') line.len--;
    return line;
}

static enum err wants_read(struct job *job) {
    const char *path = option_text(job->cli, "id-file");
    enum err err = disk_read(path ? path : "-", FILE_MAX, &job->text, &job->why);
    if (err) return err;
    struct bytes rest = buf_bytes(&job->text), line;
    size_t count = lines_count(rest);
    if (count == 0 || count > ROWS_MAX)
        return problem_set(&job->why, ERR_REQUEST, "Give 1 to %d id numbers, one a line.",
                           ROWS_MAX);
    job->wants = calloc(count, sizeof *job->wants);
    if (!job->wants) return problem_set(&job->why, ERR_NO_MEMORY, "Out of memory.");
    for (job->count = 0; job->count < count; job->count++) {
        if (!bytes_line(&rest, &line)) line = rest; /* the last one, without a newline */
        job->wants[job->count].person = (struct tag_person){
            option_text(job->cli, "domain"), option_text(job->cli, "id-type"), line_trim(line)};
    }
    return ERR_OK;
}

/* -- out -- */

static int print_json(const struct job *job) {
    struct json *json = json_new_object(), *list = json_new_array();
    enum err err = json && list ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < job->count; i++)
        err = json_push(list, tag_want_json(&job->wants[i]));
    if (err)
        json_done(list);
    else
        err = json_put(json, "tags", list);
    if (!err) return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(job->cli, err, NULL);
}

static int print(const struct job *job) {
    if (job->cli->is_json) return print_json(job);
    for (size_t i = 0; i < job->count; i++) {
        char text[64];
        base64url_write(bytes_of(job->wants[i].tag, TAG_LEN), text);
        (void)printf("%s:%d:%s\n", job->wants[i].person.domain, TAG_VERSION, text);
    }
    return EXIT_DONE;
}

static enum err evidence_write(struct job *job) {
    const char *path = option_text(job->cli, "evidence");
    if (!path) return ERR_OK;
    struct json *evidence = job->wants[0].evidence;
    job->wants[0].evidence = NULL;
    return disk_write_json(path, evidence, 0600, DISK_NEW, &job->why);
}

static enum err make(struct job *job) {
    size_t at = 0;
    bool with_evidence = option_has(job->cli, "evidence");
    enum err err = wants_read(job);
    if (!err && with_evidence && job->count != 1)
        err = problem_set(&job->why, ERR_REQUEST, "--evidence is for one person at a time.");
    if (!err) err = access_open(job->cli, &job->access, &job->why);
    if (!err)
        err = tagging_open(job->access, option_text(job->cli, "ledger"), &job->tagging, &job->why);
    if (err) return err;
    err = tagging_make(job->tagging, job->wants, job->count, with_evidence, &at, &job->why);
    if (err && job->count > 1) say_note("Line %zu and those behind it have no tag.", at + 1);
    return err ? err : evidence_write(job);
}

static void job_done(struct job *job) {
    for (size_t i = 0; i < job->count; i++) tag_want_done(&job->wants[i]);
    free(job->wants);
    tagging_close(job->tagging);
    access_close(job->access);
    if (job->text.data) secret_wipe(job->text.data, job->text.cap);
    buf_done(&job->text);
}

static int run(struct cli *cli) {
    struct job job;
    memset(&job, 0, sizeof job);
    job.cli = cli;
    enum err err = make(&job);
    int status = EXIT_DONE;
    if (err)
        status = err_status(err) == 403 || err == ERR_PROOF || err == ERR_AUDIENCE
                     ? say_refusal(cli, err, &job.why)
                     : say_trouble(cli, err, &job.why);
    else
        status = print(&job);
    job_done(&job);
    return status;
}

const struct command command_tag = {
    .name = "tag",
    .operands = "",
    .summary = "Make the pseudonymous tag of a person in a domain",
    .details =
        "Blinds the id number here, has a node evaluate it, checks the node's proof against the "
        "key in the ledger's\ngenesis, and prints DOMAIN:VERSION:TAG, a line for each line of "
        "input, as `notarize --tag ROLE=...` takes it.\n"
        "The node never sees the number, but it counts what is asked of it.\n\n"
        "The evidence holds the id number and what opens the tag: personal data, mode 0600. A tag "
        "is de-identified, not\nanonymous.",
    .options = options,
    .is_online = true,
    .run = run,
};

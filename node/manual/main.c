/* qizheng-manual FOLDER CONFIG DATE: writes every manual page and completion file into FOLDER, which exists; CONFIG is configs/node.yaml. Runs at build time.
 *
 * Happy path: each text is made in memory, then its file is written. Exit status 1 with a reason where one cannot be. */
#include "api/cli/disk.h"
#include "ledger/base/limits.h"
#include "node/manual/manual.h"

#include <stdio.h>
#include <string.h>

static const char *folder;

/* err: how making the text ended. Empties the text. */
static bool save(enum err err, const char *name, const char *ending, struct buf *text) {
    char path[DISK_PATH];
    struct problem why = {ERR_OK, "", "", "", ""};
    if (!err) err = disk_path(path, &why, "%s/%s%s", folder, name, ending);
    for (char *c = path + strlen(folder); !err && *c; c++) *c = *c == ' ' ? '-' : *c;
    if (!err) err = disk_write(path, buf_bytes(text), 0644, DISK_REPLACE, &why);
    buf_clear(text);
    if (err) (void)fprintf(stderr, "qizheng-manual: %s: %s %s\n", name, err_code(err), why.detail);
    return !err;
}

static bool write_all(const struct manual *manual, struct bytes yaml) {
    struct buf text;
    char name[64];
    buf_init(&text, LIMIT_CONFIG);
    bool good = save(manual_overview(manual, &text), "qizheng", ".1", &text);
    for (size_t i = 0; good && i < command_count; i++) {
        (void)snprintf(name, sizeof name, "qizheng-%s", commands[i]->name);
        good = save(manual_command(manual, commands[i], &text), name, ".1", &text);
    }
    good = good && save(manual_daemon(manual, &text), "qizhengd", ".8", &text);
    good = good && save(manual_config(manual, yaml, &text), "qizheng-node.yaml", ".5", &text);
    good = good && save(completion_bash(&text), "qizheng", ".bash", &text);
    good = good && save(completion_zsh(&text), "_qizheng", "", &text);
    buf_done(&text);
    return good;
}

int main(int argc, char **argv) {
    struct buf yaml;
    struct problem why = {ERR_OK, "", "", "", ""};
    if (argc != 4) return fputs("usage: qizheng-manual FOLDER CONFIG DATE\n", stderr), 2;
    folder = argv[1];
    if (disk_read(argv[2], LIMIT_CONFIG, &yaml, &why))
        return fprintf(stderr, "qizheng-manual: %s\n", why.detail), 1;
    struct manual manual = {argv[3]};
    bool good = write_all(&manual, buf_bytes(&yaml));
    buf_done(&yaml);
    return good ? 0 : 1;
}

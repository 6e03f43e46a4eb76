/* qizheng init: a new one-node ledger in an empty directory.
 *
 *   D/keys/ (0700)  node.seed, tag-<domain>-1.key, operator.pem, registrar.pem (0600), last-signed     D/data/genesis.json     D/node.yaml     D/policy.txt
 *
 * Happy path: the directory is empty -> keys and genesis are made in memory, and the genesis read back -> files, each synced. Whatever fails, the directory is
 * left as it is for a person to look at, and the next init wants an empty one: keys are never overwritten. */
#include "api/cli/command.h"
#include "api/cli/disk.h"
#include "api/cli/founding.h"
#include "api/cli/signer.h"
#include "api/cli/template.h"
#include "contracts/rules.h"
#include "ledger/base/text.h"
#include "ledger/crypto/secret.h"
#include "ledger/proof/policy.h"
#include "ledger/record/tag.h"
#include "ledger/store/file.h"
#include "ledger/store/keyfile.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTEN_DEFAULT "127.0.0.1:8080"

static const struct option_spec options[] = {
    {"dir", "D", "the new ledger's directory, empty or not there yet", true, false},
    {"origin", "ORIGIN", "name of the log, never changed (default: a random one)", false, false},
    {"operator", "NAME", "the organisation that runs it; public", false, false},
    {"uscc", "CODE", "its unified social credit code (default: a synthetic one)", false, false},
    {"rule", "ID=ACTION", "reject, flag or off for a rule, such as LC-10=reject", false, true},
    {"listen", "ADDRESS", "address and port of the node (default " LISTEN_DEFAULT ")", false,
     false},
    {"keys", "DIR", "folder of the secrets, from the root (default D/keys)", false, false},
    {"passphrase-file", "FILE", "encrypt operator.pem and registrar.pem with it", false, false},
    {NULL, NULL, NULL, false, false},
};

struct init {
    const struct cli *cli;
    const char *dir;
    char keys[DISK_PATH];
    struct founding_options options;
    struct founding founding;
    struct json *rules;
    struct problem why;
};

/* -- rules -- */

/* The genesis' entry of a rule, to be changed. */
static struct json *rule_entry(struct json *rules, struct bytes id) {
    for (size_t i = 0; i < json_count(rules); i++) {
        const struct json *rule = json_at(rules, i);
        if (bytes_equal(json_text_bytes(json_member(rule, "id")), id))
            return (struct json *)(uintptr_t)rule;
    }
    return NULL;
}

static enum err rule_change(struct init *init, const char *text) {
    enum rule_action action;
    struct bytes all = bytes_text(text);
    size_t equals = bytes_find(all, '=', 0);
    struct json *rule = rule_entry(init->rules, bytes_slice(all, 0, equals));
    if (equals == all.len || !rule || !rule_action_from_name(text + equals + 1, &action)) {
        return problem_set(&init->why, ERR_REQUEST,
                           "--rule %.60s: write a rule's id, an equals sign, and reject, flag or "
                           "off.",
                           text);
    }
    return json_put_text(rule, "action", rule_action_name(action));
}

static enum err rules_make(struct init *init) {
    init->rules = rules_genesis_json();
    enum err err = init->rules ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < option_count(init->cli, "rule"); i++)
        err = rule_change(init, option_at(init->cli, "rule", i));
    return err;
}

/* -- the directory -- */

static enum err dir_check_empty(struct init *init) {
    DIR *folder = opendir(init->dir);
    if (!folder && errno == ENOENT) return ERR_OK;
    if (!folder)
        return problem_set(&init->why, ERR_IO, "%s cannot be opened: %s.", init->dir,
                           strerror(errno));
    bool empty = true;
    struct dirent *entry;
    while (empty && (entry = readdir(folder)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(folder);
    if (empty) return ERR_OK;
    return problem_set(&init->why, ERR_STATE,
                       "%s is not empty. A ledger is never started over another: choose a new "
                       "directory.",
                       init->dir);
}

static enum err folder_make(struct init *init, const char *name) {
    char path[DISK_PATH];
    enum err err = disk_path(path, &init->why, "%s%s", init->dir, name);
    return err ? err : file_make_dir(path, &init->why);
}

/* -- files -- */

static enum err seed_write(struct init *init) {
    char path[DISK_PATH];
    char *text = secret_take(2 * NODEKEY_SEED_LEN + 2);
    if (!text) return problem_set(&init->why, ERR_NO_MEMORY, "Out of locked memory.");
    hex_encode(bytes_of(init->founding.seed, NODEKEY_SEED_LEN), text);
    memcpy(text + 2 * NODEKEY_SEED_LEN, "\n", 2);
    enum err err = disk_path(path, &init->why, "%s/node.seed", init->keys);
    if (!err) err = keyfile_create(path, bytes_text(text), &init->why);
    secret_free(text);
    return err;
}

static enum err tag_key_write(struct init *init, enum tag_domain domain) {
    char path[DISK_PATH];
    char *text = secret_take(DOMAINKEY_TEXT + 1);
    if (!text) return problem_set(&init->why, ERR_NO_MEMORY, "Out of locked memory.");
    domainkey_format(init->founding.tag_secrets[domain], text);
    enum err err = disk_path(path, &init->why, "%s/" DOMAINKEY_FILE, init->keys,
                             tag_domain_name(domain), TAG_VERSION);
    if (!err) err = keyfile_create(path, bytes_text(text), &init->why);
    secret_free(text);
    return err;
}

static enum err tag_keys_write(struct init *init) {
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < TAG_DOMAINS; i++) err = tag_key_write(init, (enum tag_domain)i);
    return err;
}

static enum err pem_write(struct init *init, const char *name, const struct key_secret *key) {
    char path[DISK_PATH];
    enum err err = disk_path(path, &init->why, "%s/%s", init->keys, name);
    return err ? err
               : signer_save(key, path, option_text(init->cli, "passphrase-file"), &init->why);
}

static enum err last_signed_write(struct init *init) {
    char path[DISK_PATH];
    struct lastsigned *file = NULL;
    enum err err = disk_path(path, &init->why, "%s/last-signed", init->keys);
    if (!err)
        err = lastsigned_open(path, init->founding.genesis->ledger_id, true, &file, &init->why);
    lastsigned_close(file);
    return err;
}

static enum err public_write(struct init *init, const char *name, struct bytes content) {
    char path[DISK_PATH];
    enum err err = disk_path(path, &init->why, "%s/%s", init->dir, name);
    return err ? err : disk_write(path, content, 0644, DISK_NEW, &init->why);
}

static enum err policy_write(struct init *init) {
    struct buf text;
    struct policy *policy = NULL;
    buf_init(&text, LIMIT_POLICY);
    enum err err = policy_format(&init->founding.log, &init->founding.cosigner, 1, 0, &text);
    if (!err) err = policy_parse(buf_bytes(&text), &policy, &init->why);
    policy_done(policy);
    if (!err) err = public_write(init, "policy.txt", buf_bytes(&text));
    buf_done(&text);
    return err;
}

/* The template with the lines that begin with a changed key replaced. */
static enum err config_format(const struct init *init, struct buf *out) {
    const char *listen = option_text(init->cli, "listen");
    struct bytes rest = bytes_of(template_node_yaml, template_node_yaml_len), line;
    enum err err = ERR_OK;
    while (!err && bytes_line(&rest, &line)) {
        if (bytes_starts(line, "  name:")) {
            err = buf_format(out, "  name: %s\n", init->founding.node_name);
        } else if (option_has(init->cli, "keys") && bytes_starts(line, "  keys_dir:")) {
            err = buf_format(out, "  keys_dir: \"%s\"\n", init->keys);
        } else if (listen && bytes_starts(line, "listen:")) {
            err = buf_format(out, "listen: \"%s\"\n", listen);
        } else {
            err = buf_add(out, line);
            if (!err) err = buf_add_byte(out, '\n');
        }
    }
    return err;
}

static enum err config_write(struct init *init) {
    struct buf text;
    buf_init(&text, LIMIT_CONFIG);
    enum err err = config_format(init, &text);
    if (!err) err = public_write(init, "node.yaml", buf_bytes(&text));
    buf_done(&text);
    return err;
}

static enum err listen_check(struct init *init) {
    const char *listen = option_text(init->cli, "listen");
    if (!listen || (strspn(listen, "0123456789.:") == strlen(listen) && strchr(listen, ':') &&
                    strlen(listen) < 100))
        return ERR_OK;
    return problem_set(&init->why, ERR_REQUEST,
                       "--listen is an IPv4 address and a port, such as " LISTEN_DEFAULT ".");
}

/* It stands in the configuration between quotes, and there a relative path would start somewhere else. */
static enum err keys_choose(struct init *init) {
    const char *keys = option_text(init->cli, "keys");
    if (!keys) return disk_path(init->keys, &init->why, "%s/keys", init->dir);
    bool is_plain = keys[0] == '/';
    for (const char *c = keys; *c; c++)
        is_plain = is_plain && *c != '"' && *c != '\\' && (unsigned char)*c >= ' ';
    if (is_plain) return disk_path(init->keys, &init->why, "%s", keys);
    return problem_set(&init->why, ERR_REQUEST,
                       "--keys is a path from the root, without quotes and backslashes.");
}

static enum err files_write(struct init *init) {
    const struct founding *founding = &init->founding;
    enum err err = folder_make(init, "");
    if (!err) err = file_make_dir(init->keys, &init->why);
    if (!err) err = folder_make(init, "/data");
    if (!err) err = seed_write(init);
    if (!err) err = tag_keys_write(init);
    if (!err) err = pem_write(init, "operator.pem", founding->operator_key);
    if (!err) err = pem_write(init, "registrar.pem", founding->registrar_key);
    if (!err) err = last_signed_write(init);
    if (!err) err = public_write(init, "data/genesis.json", buf_bytes(&founding->text));
    if (!err) err = config_write(init);
    return err ? err : policy_write(init);
}

static enum err make(struct init *init) {
    enum err err = dir_check_empty(init);
    if (!err) err = listen_check(init);
    if (!err) err = keys_choose(init);
    if (!err) err = rules_make(init);
    if (!err) err = founding_make(&init->options, &init->founding, &init->why);
    if (!err) err = founding_genesis(&init->founding, &init->options, init->rules, &init->why);
    if (err) return err;
    err = files_write(init);
    if (err && disk_exists(init->dir))
        say_note("%s is incomplete: remove it before you try again.", init->dir);
    return err;
}

static int report(const struct init *init) {
    char ledger[65];
    hex_encode(bytes_of(init->founding.genesis->ledger_id, 32), ledger);
    if (!init->cli->is_json) {
        const char *dir = init->dir;
        (void)printf("A new ledger.\n  ledger  %s\n  origin  %s\n  node    %s\n\n", ledger,
                     init->founding.origin, init->founding.node_name);
        (void)printf("Next: start the node, make a key, admit its owner, and record something.\n\n"
                     "  qizhengd --config %s/node.yaml\n"
                     "  qizheng key new --out acme.pem\n"
                     "  qizheng participant add --id acme --name ... --uscc ... --role employer "
                     "--jwk acme.jwk --as registrar --key %s/registrar.pem\n"
                     "  qizheng notarize contract.pdf --claims contract.claims.json --as acme "
                     "--key acme.pem\n"
                     "  qizheng verify contract.pdf --receipt contract.pdf.receipt.json --policy "
                     "%s/policy.txt\n\n"
                     "Keep %s apart from backups of %s/data: a copy that signs is a second "
                     "history.\n"
                     "But seal a copy of its tag-*.key away now: without them no tag can be made "
                     "again, and whoever has them can find out whom a tag stands for.\n",
                     dir, init->keys, dir, init->keys, dir);
        return EXIT_DONE;
    }
    struct json *json = json_new_object();
    enum err err = json ? json_put_text(json, "ledger", ledger) : ERR_NO_MEMORY;
    if (!err) err = json_put_text(json, "origin", init->founding.origin);
    if (!err) err = json_put_text(json, "node", init->founding.node_name);
    if (!err) err = json_put_text(json, "dir", init->dir);
    if (!err) return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(init->cli, err, NULL);
}

static int run(struct cli *cli) {
    struct init *init = calloc(1, sizeof *init);
    if (!init) return say_trouble(cli, ERR_NO_MEMORY, NULL);
    init->cli = cli;
    init->dir = option_text(cli, "dir");
    init->options = (struct founding_options){
        option_text(cli, "origin"), option_text(cli, "operator"), option_text(cli, "uscc")};
    enum err err = make(init);
    int status = err ? say_trouble(cli, err, &init->why) : report(init);
    founding_done(&init->founding);
    json_done(init->rules);
    free(init);
    return status;
}

const struct command command_init = {
    .name = "init",
    .operands = "",
    .summary = "Start a new one-node ledger in an empty directory",
    .details = "Makes keys, genesis, configuration and verifier policy. The rules and their "
               "actions stand in the genesis\nand are the same on every node, for ever or until "
               "governance changes them.",
    .options = options,
    .run = run,
};

/* qizheng key new: a signing key in a PEM file of mode 0600, and its public half as a JWK beside it. */
#include "api/cli/disk.h"
#include "api/cli/signer.h"

#include <stdio.h>
#include <string.h>

static const struct option_spec options[] = {
    {"out", "PEM", "where the key goes; the public JWK goes beside it", true, false},
    {"alg", "ALG", "ES256K (default), Ed25519, ES256 or SGD_SM3_SM2", false, false},
    {"passphrase-file", "FILE", "encrypt with the passphrase in FILE (mode 0600)", false, false},
    {NULL, NULL, NULL, false, false},
};

/* k.pem -> k.jwk, anything else gets .jwk behind it. */
static enum err jwk_path(const char *pem, char ret[DISK_PATH], struct problem *ret_why) {
    size_t len = strlen(pem);
    if (len > 4 && strcmp(pem + len - 4, ".pem") == 0) len -= 4;
    return disk_path(ret, ret_why, "%.*s.jwk", (int)len, pem);
}

static int report(const struct cli *cli, const struct key_public *key, const char *pem,
                  const char *jwk) {
    if (!cli->is_json) {
        (void)printf("alg     %s\nkid     %s\nsecret  %s (keep it; nobody can make it again)\n"
                     "public  %s (give it to the registrar)\n",
                     key_alg_name(key->alg), key->kid, pem, jwk);
        return EXIT_DONE;
    }
    struct json *json = json_new_object();
    enum err err = json ? json_put_text(json, "alg", key_alg_name(key->alg)) : ERR_NO_MEMORY;
    if (!err) err = json_put_text(json, "kid", key->kid);
    if (!err) err = json_put_text(json, "pem", pem);
    if (!err) err = json_put_text(json, "jwk", jwk);
    if (!err) return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(cli, err, NULL);
}

static enum err choose_alg(const struct cli *cli, enum key_alg *ret, struct problem *ret_why) {
    const char *name = option_text(cli, "alg");
    *ret = KEY_ES256K;
    if (!name || key_alg_from_name(bytes_text(name), ret)) return ERR_OK;
    return problem_set(ret_why, ERR_REQUEST,
                       "--alg is ES256K, Ed25519, ES256 or SGD_SM3_SM2, not %.40s.", name);
}

static int run(struct cli *cli) {
    char jwk[DISK_PATH];
    enum key_alg alg;
    struct key_secret *key = NULL;
    struct problem why = {ERR_OK, "", "", "", ""};
    const char *pem = option_text(cli, "out");
    enum err err = choose_alg(cli, &alg, &why);
    if (!err) err = jwk_path(pem, jwk, &why);
    if (!err && disk_exists(jwk))
        err = problem_set(&why, ERR_STATE, "%s exists and is not overwritten.", jwk);
    if (!err) err = signer_new(alg, &key, &why);
    if (!err) err = signer_save(key, pem, option_text(cli, "passphrase-file"), &why);
    if (!err)
        err = disk_write_json(jwk, key_public_jwk(key_secret_public(key)), 0644, DISK_NEW, &why);
    int status = err ? say_trouble(cli, err, &why) : report(cli, key_secret_public(key), pem, jwk);
    key_secret_done(key);
    return status;
}

const struct command command_key_new = {
    .name = "key new",
    .operands = "",
    .summary = "Make a signing key: a PEM file and its public JWK",
    .details = "",
    .options = options,
    .run = run,
};

/* qizheng key show: what a key file says in public: algorithm, key id (RFC 7638 thumbprint), JWK. Never the secret. */
#include "api/cli/signer.h"

#include "ledger/base/limits.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {"passphrase-file", "FILE", "passphrase of the key (mode 0600)", false, false},
    {NULL, NULL, NULL, false, false},
};

static int report_json(const struct cli *cli, const struct key_public *key) {
    struct json *json = json_new_object();
    enum err err = json ? json_put_text(json, "alg", key_alg_name(key->alg)) : ERR_NO_MEMORY;
    if (!err) err = json_put_text(json, "kid", key->kid);
    if (!err) err = json_put(json, "jwk", key_public_jwk(key));
    if (!err) return say_json(json) ? EXIT_TROUBLE : EXIT_DONE;
    json_done(json);
    return say_trouble(cli, err, NULL);
}

static int report(const struct cli *cli, const struct key_public *key) {
    struct buf text;
    struct json *jwk = key_public_jwk(key);
    buf_init(&text, LIMIT_JWK);
    enum err err = jwk ? json_format(jwk, &text) : ERR_NO_MEMORY;
    if (!err)
        (void)printf("alg  %s\nkid  %s\njwk  %.*s\n", key_alg_name(key->alg), key->kid,
                     (int)text.len, (const char *)text.data);
    json_done(jwk);
    buf_done(&text);
    return err ? say_trouble(cli, err, NULL) : EXIT_DONE;
}

static int run(struct cli *cli) {
    struct key_public key;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = signer_public(operand(cli, 0), option_text(cli, "passphrase-file"), &key, &why);
    if (err) return say_trouble(cli, err, &why);
    int status = cli->is_json ? report_json(cli, &key) : report(cli, &key);
    key_public_done(&key);
    return status;
}

const struct command command_key_show = {
    .name = "key show",
    .operands = "FILE",
    .min = 1,
    .max = 1,
    .summary = "Show the public side of a key file (PEM or JWK)",
    .details = "",
    .options = options,
    .run = run,
};

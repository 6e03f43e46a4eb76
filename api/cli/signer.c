/* See signer.h. */
#include "api/cli/signer.h"

#include "api/cli/disk.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/secret.h"
#include "ledger/store/entropy.h"
#include "ledger/store/file.h"
#include "ledger/store/keyfile.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void forget(struct buf *secret) {
    if (secret->data) secret_wipe(secret->data, secret->cap);
    buf_done(secret);
}

/* The file's text without the newline at its end; empty where path is NULL. */
static enum err passphrase_read(const char *path, struct buf *ret, struct problem *ret_why) {
    if (!path) {
        buf_init(ret, 1);
        return ERR_OK;
    }
    enum err err = keyfile_read(path, LIMIT_PASSPHRASE, ret, ret_why);
    if (err) return err;
    if (ret->len && ret->data[ret->len - 1] == '\n') ret->len--;
    if (ret->len) return ERR_OK;
    forget(ret);
    return problem_set(ret_why, ERR_KEY, "%s holds no passphrase.", path);
}

enum err signer_open(const char *path, const char *passphrase_file, struct key_secret **ret,
                     struct problem *ret_why) {
    struct buf pem, passphrase;
    struct problem why = {ERR_OK, "", "", "", ""};
    enum err err = keyfile_read(path, LIMIT_PEM, &pem, ret_why);
    if (err) return err;
    err = passphrase_read(passphrase_file, &passphrase, ret_why);
    if (!err) {
        err = key_secret_from_pem(buf_bytes(&pem), buf_bytes(&passphrase), ret, &why);
        if (err)
            (void)problem_set(ret_why, err, "%s: %s%s", path, why.detail,
                              passphrase_file ? "" : " A passphrase comes from --passphrase-file.");
        forget(&passphrase);
    }
    forget(&pem);
    return err;
}

enum err signer_new(enum key_alg alg, struct key_secret **ret, struct problem *ret_why) {
    uint8_t *secret = secret_take(32);
    if (!secret) return problem_set(ret_why, ERR_NO_MEMORY, "Out of locked memory.");
    enum err err = ERR_KEY;
    while (err == ERR_KEY) { /* below 2^-30 for every curve we use: not a scalar of its group */
        entropy(secret, 32);
        err = key_secret_from_bytes(alg, secret, ret);
    }
    secret_free(secret);
    return err ? problem_set(ret_why, err, "No key could be made.") : ERR_OK;
}

enum err signer_save(const struct key_secret *key, const char *path, const char *passphrase_file,
                     struct problem *ret_why) {
    struct buf pem, passphrase;
    enum err err = passphrase_read(passphrase_file, &passphrase, ret_why);
    if (err) return err;
    buf_init(&pem, LIMIT_PEM);
    err = buf_reserve(&pem, LIMIT_PEM); /* one piece of memory, wiped below */
    if (!err) err = key_secret_pem(key, buf_bytes(&passphrase), &pem);
    if (err)
        (void)problem_set(ret_why, err, "The key for %s cannot be written as PEM.", path);
    else
        err = keyfile_create(path, buf_bytes(&pem), ret_why);
    forget(&passphrase);
    forget(&pem);
    return err;
}

/* -- public keys -- */

static enum err public_from_jwk(struct bytes text, struct key_public *ret,
                                struct problem *ret_why) {
    struct json *jwk = NULL;
    enum err err = json_parse(text, &jwk, ret_why);
    if (!err) err = key_public_from_jwk(jwk, ret, ret_why);
    json_done(jwk);
    return err;
}

static enum err public_from_secret(const char *path, const char *passphrase_file,
                                   struct key_public *ret, struct problem *ret_why) {
    struct key_secret *key = NULL;
    enum err err = signer_open(path, passphrase_file, &key, ret_why);
    if (!err) err = key_public_copy(key_secret_public(key), ret);
    key_secret_done(key);
    return err;
}

/* Whether the file begins with that, without reading a secret into memory that nobody wipes. */
static bool file_begins(const char *path, const char *with) {
    char begin[64];
    size_t len = strlen(with);
    assert(len <= sizeof begin);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return false;
    bool same = file_read_at(fd, begin, len, 0) == ERR_OK && memcmp(begin, with, len) == 0;
    (void)close(fd);
    return same;
}

enum err signer_public(const char *path, const char *passphrase_file, struct key_public *ret,
                       struct problem *ret_why) {
    struct buf text;
    struct problem why = {ERR_OK, "", "", "", ""};
    bool is_jwk = file_begins(path, "{");
    if (!is_jwk && !file_begins(path, "-----BEGIN PUBLIC KEY-----"))
        return public_from_secret(path, passphrase_file, ret, ret_why);
    enum err err = disk_read(path, LIMIT_PEM, &text, ret_why);
    if (err) return err;
    err = is_jwk ? public_from_jwk(buf_bytes(&text), ret, &why)
                 : key_public_from_pem(buf_bytes(&text), ret, &why);
    buf_done(&text);
    return err ? problem_set(ret_why, err, "%s: %s", path, why.detail) : ERR_OK;
}

enum err signer_cnf(const char *path, struct json **ret, struct problem *ret_why) {
    struct key_public key;
    enum err err = signer_public(path, NULL, &key, ret_why);
    if (err) return err;
    struct json *cnf = json_new_object();
    err = cnf ? json_put(cnf, "jwk", key_public_jwk(&key)) : ERR_NO_MEMORY;
    key_public_done(&key);
    if (!err) {
        *ret = cnf;
        return ERR_OK;
    }
    json_done(cnf);
    return problem_set(ret_why, err, "Out of memory.");
}

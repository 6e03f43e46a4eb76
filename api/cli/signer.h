/* Secret keys of the command line: PEM files of mode 0600, with or without a passphrase. Nothing here ever prints a secret. */
#ifndef QIZHENG_API_CLI_SIGNER_H
#define QIZHENG_API_CLI_SIGNER_H

#include "api/cli/command.h"
#include "ledger/crypto/key.h"

/* The secret key in a PEM file. passphrase_file: NULL where there is none. ERR_KEY_MODE ERR_NOT_FOUND ERR_KEY ERR_IO. */
enum err signer_open(const char *path, const char *passphrase_file, struct key_secret **ret,
                     struct problem *ret_why) MUST_CHECK;
/* A fresh key from the system's randomness. */
enum err signer_new(enum key_alg alg, struct key_secret **ret, struct problem *ret_why) MUST_CHECK;
/* A new PEM file, mode 0600. An existing file is ERR_STATE. */
enum err signer_save(const struct key_secret *key, const char *path, const char *passphrase_file,
                     struct problem *ret_why) MUST_CHECK;
/* The public key in a file: a JWK, a public PEM, or (with the mode checked) a secret PEM. key_public_done. */
enum err signer_public(const char *path, const char *passphrase_file, struct key_public *ret,
                       struct problem *ret_why) MUST_CHECK;
/* {"jwk": that key}, as a record's cnf. json_done. */
enum err signer_cnf(const char *path, struct json **ret, struct problem *ret_why) MUST_CHECK;

#endif

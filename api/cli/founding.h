/* A new one-node ledger: its keys and its genesis (FORMATS.md section 1), in memory. init.c puts them on disk. */
#ifndef QIZHENG_API_CLI_FOUNDING_H
#define QIZHENG_API_CLI_FOUNDING_H

#include "api/cli/command.h"
#include "contracts/parameters.h"
#include "ledger/crypto/domainkey.h"
#include "ledger/crypto/nodekey.h"
#include "ledger/proof/note.h"
#include "ledger/record/genesis.h"

struct founding {
    uint8_t *seed; /* NODEKEY_SEED_LEN bytes in locked memory; owned */
    struct nodekey keys;
    uint8_t *tag_secrets[TAG_DOMAINS]; /* a VOPRF scalar each, in locked memory; owned */
    voprf_element tag_publics[TAG_DOMAINS];
    struct key_secret *operator_key, *registrar_key;
    char origin[LIMIT_VKEY_NAME + 1];
    char node_name[LIMIT_VKEY_NAME + 1];
    struct vkey log, cosigner;
    struct buf text; /* the genesis, canonical */
    struct genesis *genesis;
};

struct founding_options {
    const char *origin; /* NULL: qizheng.invalid/<8 random hex digits> */
    const char *name;   /* of the organisation; NULL: a plain one */
    const char *uscc;   /* NULL: a synthetic one that belongs to nobody */
};

/* Keys and names. ERR_REQUEST where the origin or the code has not the right form. founding_done. */
enum err founding_make(const struct founding_options *options, struct founding *ret,
                       struct problem *ret_why) MUST_CHECK;
/* The genesis; rules: the table as the genesis is to carry it. It is read back with genesis_parse before it counts. */
enum err founding_genesis(struct founding *founding, const struct founding_options *options,
                          const struct json *rules, struct problem *ret_why) MUST_CHECK;
void founding_done(struct founding *founding); /* accepts zeroed */

#endif

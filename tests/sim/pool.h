/* The records that schedules draw from, signed once per program: good ones of several types, ones that depend on each other, and bad ones of every sort. With each record
 * stands what the naive model (model.h) must know of it; nothing here asks the machine.
 *
 * One pool for each number of nodes, since a record names its ledger, and the genesis names the nodes. */
#ifndef QIZHENG_TESTS_SIM_POOL_H
#define QIZHENG_TESTS_SIM_POOL_H

#include "contracts/machine.h"
#include "ledger/crypto/nodekey.h"
#include "ledger/proof/policy.h"

#define POOL_NODES 4
#define POOL_MAX 96

/* Who signs. Registrars stand in the genesis; the others must be admitted. */
enum signer { BY_REGISTRAR, BY_ACME, BY_ACME_NEW_KEY, BY_ZETA, BY_NOBODY };
enum deed {
    ADMIT_ACME,
    ADMIT_ZETA,
    SUSPEND_ZETA,
    RESUME_ZETA,
    ROTATE_ACME,
    CONCLUDE,
    AMEND, /* the record at `before`, the newest of its chain */
    END,
    NOTHING /* refused whatever the state is */
};

struct item {
    struct buf bytes;
    uint8_t hash[32], id[RECORD_ID_LEN];
    bool is_record;         /* else no parser takes it */
    bool has_bad_signature; /* a copy of another item but for that */
    enum signer signer;
    enum deed deed;
    size_t before;
    int64_t iat; /* seconds since 1970 */
};

struct pool {
    size_t node_count;
    struct genesis *genesis;
    struct nodekey nodes[POOL_NODES];
    struct vkey logs[POOL_NODES], cosigners[POOL_NODES];
    struct policy *policy; /* of all nodes */
    struct buf policy_text;
    struct policy
        *own[POOL_NODES]; /* of one node alone: what it publishes before there are peers */
    struct item items[POOL_MAX];
    size_t count;
};

/* Made when it is first asked for; lives as long as the program. */
const struct pool *pool_of(size_t node_count);
/* NULL where those bytes are none of ours. */
const struct item *pool_find(const struct pool *pool, struct bytes bytes);

#endif

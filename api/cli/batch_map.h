/* map.yaml: how a table's columns become claims of records.
 *
 *   encoding: gb18030                                   # utf-8 where absent
 *   type: benefit
 *   act: disburse
 *   ref: {column: 核定编号, optional: true}               # the record that each follows
 *   claims:
 *     item: {const: pension-monthly}
 *     period: {column: 所属期, kind: period}
 *     amount: {column: 金额, kind: yuan}                  # text int fen yuan date period bool; text where absent
 *   hide: [amount]                                      # nodes see a salted digest
 *   tags:
 *     person: {domain: benefit, id_type: resident-id, column: 证件号}    # or {domain, column, ready: true, version: 1}
 *   doc: {column: 凭证摘要, alg: sha-256}
 *
 * Read as libyaml's document, for the names of claims and roles are the issuer's and stand in no schema. Strict: an unknown or repeated key, an anchor, a tag or a
 * second document is refused, with its line. */
#ifndef QIZHENG_API_CLI_BATCH_MAP_H
#define QIZHENG_API_CLI_BATCH_MAP_H

#include "api/cli/batch_value.h"
#include "api/cli/csv.h"
#include "ledger/base/arena.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"

#define MAP_BYTES_MAX (64 * 1024)
#define MAP_CLAIMS_MAX 128

struct map_source {
    const char *column;   /* or NULL */
    const char *constant; /* or NULL */
    enum batch_kind kind;
    bool is_optional; /* an empty cell leaves the claim out */
    size_t line;      /* of the map */
};

struct map_claim {
    const char *name;
    struct map_source source;
    bool is_hidden;
};

/* ready: the column holds tags. Else it holds id numbers of id_type, of which tags must be made. */
struct map_tag {
    const char *role, *domain, *column, *id_type;
    uint32_t version;
    bool is_ready;
    size_t line;
};

struct batch_map {
    struct arena arena; /* of every text here */
    enum csv_encoding encoding;
    const char *type, *act;
    struct map_claim claims[MAP_CLAIMS_MAX];
    size_t claim_count;
    struct map_tag tags[LIMIT_TAGS];
    size_t tag_count;
    struct map_source ref; /* column NULL: none */
    struct map_source doc;
    enum digest_alg doc_alg;
};

/* *ret is allocated. ERR_SCHEMA with the line. */
enum err batch_map_parse(struct bytes text, struct batch_map **ret,
                         struct problem *ret_why) MUST_CHECK;
void batch_map_done(struct batch_map *map); /* accepts NULL */

#endif

/* A limit on everything, each with its reason. Sizes are bytes unless the name says otherwise.
 *
 * A limit that outsiders can meet is served at /v1/status and named in the refusal. */
#ifndef QIZHENG_BASE_LIMITS_H
#define QIZHENG_BASE_LIMITS_H

/* -- records: FORMATS.md section 1 -- */
#define LIMIT_RECORD                                                                               \
    (16 * 1024) /* compact JWS: a contract's claims take about 1 KiB; 16 leaves room for _sd */
#define LIMIT_RECORD_PRESENTED                                                                     \
    (64 * 1024)            /* the same with its disclosures, which never reach a node */
#define LIMIT_JSON_DEPTH 8 /* deepest nesting any of our formats needs is 6 */
#define LIMIT_JSON_VALUES                                                                          \
    32768 /* bounds what a hostile text takes in memory to a few MiB; a genesis of 1,000 participants has 20,000 */
#define LIMIT_JSON_INT                                                                             \
    9007199254740991LL /* 2^53 - 1: what every JSON reader keeps exactly (RFC 8259 section 6) */
#define LIMIT_DISCLOSURES 128        /* fields one contract can hide */
#define LIMIT_DISCLOSURE (16 * 1024) /* one encoded disclosure */
#define LIMIT_DOCS 8                 /* document digests in one record */
#define LIMIT_TAGS 8                 /* tag roles in one record */
#define LIMIT_TAG_ID 64              /* bytes of an id number; GB 11643's has 18, passports 9 */
#define LIMIT_TAGS_ASKED                                                                           \
    256 /* tags in one request: 0.1 s of a processor, and 10,000 rows are 40 requests */
#define LIMIT_TAGS_PER_DAY                                                                         \
    10000000 /* what a node's configuration may grant a participant: more is no budget */
#define LIMIT_TAG_BORROWERS 4096 /* participants with a tag budget in use, 64 bytes each on disk */
#define LIMIT_KEYS 16            /* keys a participant holds at a time */
#define LIMIT_ROLES 8            /* roles there are */
#define LIMIT_ID                                                                                   \
    88 /* participant id, or an issuer named by its key: an RFC 9278 URI of 45 + 43 characters */
#define LIMIT_NAME 200 /* organisation name, UTF-8 */
#define LIMIT_AUDIENCE                                                                             \
    512 /* aud and nonce of a key-binding JWT: a verifier's URL, a random value, both with room */
#define LIMIT_JTI_MIN 16  /* decoded jti: 128 bits salt the record's hash */
#define LIMIT_SALT_MIN 16 /* decoded disclosure salt (RFC 9901 section 9.3: at least 128 bits) */

/* -- order: FORMATS.md section 3 -- */
#define LIMIT_BATCH (256 * 1024) /* the ordering service's best point */
#define LIMIT_BATCH_RECORDS 4096 /* smaller than 256 KiB of the smallest possible records */
#define LIMIT_HEAD (16 * 1024) /* head statement: 64 nodes' counters and clocks take about 2 KiB */
#define LIMIT_NODES 64         /* nodes of one ledger */
#define LIMIT_GENESIS (256 * 1024)

/* -- log: FORMATS.md section 4 -- */
/* A signed note. Log lines and cosignatures of 64 nodes take 17 KiB, with the longest names 39; the 16 lines that the standard asks for
 * take 56 where their keys are ML-DSA-44. */
#define LIMIT_NOTE (64 * 1024)
#define LIMIT_WITNESS_BODY (16 * 1024) /* tlog-witness: a few log lines, and 63 hashes in 3 KiB */
#define LIMIT_NOTE_LINES 200 /* signature lines of a note; the standard asks for 16 at least */
#define LIMIT_VKEY_NAME 200  /* key name in a vkey */
#define LIMIT_POLICY (64 * 1024)
#define LIMIT_POLICY_NAMES                                                                         \
    256 /* logs of a policy, and its witnesses and groups together; the standard asks for 32 each */
#define LIMIT_PROOF_HASHES 63      /* path of a tree of up to 2^63 leaves */
#define LIMIT_RECEIPT (512 * 1024) /* receipt JSON with issuer chain and timestamps */
#define LIMIT_CHAIN 64             /* links of an issuer chain */
#define LIMIT_TIMESTAMPS 16        /* tokens in a receipt; one authority's suffices */

/* -- keys -- */
#define LIMIT_PEM (16 * 1024)
#define LIMIT_JWK 2048
#define LIMIT_PASSPHRASE 1024
#define LIMIT_TOKEN (4 * 1024) /* an access token: its claims take about 600 bytes */
#define LIMIT_TOKENS_USED                                                                          \
    65536 /* tokens remembered until they expire, 48 bytes each: 200 a second for 5 minutes */
#define LIMIT_TOKENS_ISSUER                                                                        \
    (LIMIT_TOKENS_USED / 8) /* of one participant: 27 a second for 5 minutes, and room for others */

/* -- storage -- */
#define LIMIT_SEGMENT                                                                              \
    (256u * 1024 * 1024) /* a segment file of bodies; a copy of one fits any backup tool */
#define LIMIT_KEPT_ROWS                                                                            \
    (8 * 1024 * 1024) /* state rows in memory: some thousand participants with their keys */
#define LIMIT_KEPT_TILES (1024 * 1024) /* tiles in memory beside a snapshot: some sixty */
#define LIMIT_DISK_RESERVE                                                                         \
    (128u * 1024 * 1024)    /* less free room: no commit; LevelDB would not survive a full disk */
#define LIMIT_EVIDENCE 4096 /* pieces of evidence kept; each means that somebody lied */
#define LIMIT_EVIDENCE_LEN                                                                         \
    (2u * LIMIT_NOTE + 4 * 1024) /* one piece: two signed notes and the hashes that show it */

/* -- HTTP -- */
#define LIMIT_HTTP_BODY (64 * 1024) /* any request but an upload or a verification */
#define LIMIT_HTTP_VERIFICATION                                                                    \
    (LIMIT_RECEIPT + 8 * 1024) /* a receipt, a document's digest, audience and nonce in escapes */
#define LIMIT_HTTP_REPLY (2 * LIMIT_RECEIPT) /* a receipt and what is said about it */
#define LIMIT_HTTP_PATH 512
#define LIMIT_STREAM_RATE                                                                          \
    (64 *                                                                                          \
     1024) /* bytes a second that a streamed body must keep: it holds a thread, 8.5 minutes for 32 MiB */
#define LIMIT_PAGE 100 /* elements of one page of a list */
#define LIMIT_PAGE_LOOKS                                                                           \
    20000 /* rows that one page looks at: about 0.2 s; what is left is the next page's */
#define LIMIT_CURSOR 128           /* text of a cursor: 40 bytes and their MAC take 96 */
#define LIMIT_STATISTICS_MONTHS 36 /* months of one answer: cells of 20 items take 100 KiB a year */
#define LIMIT_EVENTS_S                                                                             \
    240 /* seconds of one event stream: then who reads shows a new token, good for 300 */
#define LIMIT_EVENTS_SOURCE 4 /* event streams of one client address: each holds a thread */
#define LIMIT_EVENTS                                                                               \
    32 /* and of all: an eighth of the threads, so that most of them answer requests */

/* -- uploads -- */
#define LIMIT_UPLOAD (32 * 1024 * 1024) /* 10,000 records of 3 KiB; goes to disk as it arrives */
#define LIMIT_UPLOAD_RECORDS 10000      /* lines: what one answer about an upload has to tell */
#define LIMIT_UPLOADS 1024 /* kept at a time, with their results: a week of one every ten minutes */
#define LIMIT_UPLOADS_WAITING                                                                      \
    32 /* of them not worked off yet: the disk that strangers can make us use is 1 GiB */
#define LIMIT_UPLOADS_SOURCE                                                                       \
    8 /* of these, of one client address: a sender works with one or two, and nobody shuts others out */
#define LIMIT_UPLOADS_BYTES                                                                        \
    (2ull * 1024 * 1024 *                                                                          \
     1024) /* lines and results together: 1,024 full results of 10,000 refusals take 4 */
#define LIMIT_UPLOAD_DAYS 7 /* results are kept */
#define LIMIT_UPLOAD_IDLE_S                                                                        \
    3600 /* results of an upload of which nothing was recorded: only a new leaf needs a key. They also make room for new uploads before that */
#define LIMIT_RESULTS_SOURCE                                                                       \
    4 /* streams of results of one client address: each holds a thread, as events do */
#define LIMIT_RESULTS                                                                              \
    32 /* and of all, as LIMIT_EVENTS: together a quarter of the threads at most */

/* -- tools -- */
#define LIMIT_CONFIG (256 * 1024)

#endif

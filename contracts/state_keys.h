/* Every key of contract state and the layout of its value, in one place. The store keeps them under its S prefix and does not look inside.
 *
 * Integers are big-endian; `text8` is a length byte and that many bytes; ids and digests are raw. Ledgers keep these bytes: never change or reuse one.
 *
 *   key                        value                                                                                       written by
 *   "p " participant id        status u8, roles u16, index of the admitting leaf u64, JSON {id, name, uscc, roles,          registry.c
 *                              keys [{jwk, kid, from, to?}]} to the end
 *   "k " kid                   participant id text8, algorithm u8, point 64, valid from u64, valid before u64 (seconds),    registry.c
 *                              revoked u8, index of the binding leaf u64 (0: genesis)
 *   "c " opening id 32         head id 32, records u32, status u8, type text8, owner text8; of the record that opened it:    chain.c
 *                              act text8, index u64, replaced u8 and, where that is 1, id of what replaced it 32
 *   "r " record id 32          not of an opening: opening id 32, act text8, act whose claims it carries text8, index u64,   chain.c
 *                              replaced u8 and, where that is 1, id of the record that replaced it 32
 *   "h " record id 32          kid text8, algorithm u8, point 64 of the key that the record names in cnf; documents u8,     holder.c
 *                              each: digest algorithm u8, digest 32
 *   "f " finding id 32         rule id text8, rule version u32, causing record id 32, result u8, opened u64 (ledger time    finding.c
 *                              in ms), state u8
 *   "F " record id 32,         empty: that finding was caused by that record                                                finding.c
 *        finding id 32
 *   "w " worker's tag 32       count u8, each: opening id 32, id of the record that states the term 32, employer text8,      labour_terms.c
 *                              first, last and ended day u32 (two's complement; 7fffffff: open), part-time u8
 *   "W " opening id 32         tag of the worker of that contract 32                                                       labour_terms.c
 *   "d " opening id 32         person's tag 32, item text8, period text8, cause text8, batch number text8, result u8,      benefit_state.c
 *                              stepped u8 and, where that is 1, month that payment stops from text8 (empty: it does
 *                              not) and id of the record that says so 32
 *   "b " person's tag 32,      opening id 32 of the payment that holds this month, or for a one-time benefit this cause    benefit_state.c
 *        item " " month|cause
 *   "B " payer " " batch       item text8, period text8, closed u8, count u64, and per set bit of count, lowest first,     benefit_state.c
 *        number                the hash of that perfect subtree 32 (RFC 6962 over the record ids)
 *   "t " tag 32, index u64     empty: the record at that index is about whom the tag stands for                            lists.c
 *   "o " owner text8,          empty: the record at that index is in that participant's chain and another issued it       lists.c
 *        index u64
 *   "n " rule id text8,        id of the finding that the rule opened at that record 32                                    finding.c
 *        index u64
 *   "s " whose text8 (empty:   records u64, payments u64, fen u64: of one participant, or of all                          statistics.c
 *        all), month text8,
 *        type text8, act text8,
 *        item text8, result text8
 *   "g protocol"               u32                                                                                          machine.c
 *   "g parameters"             the values of parameters.c, in the order of its table: u64 each                              parameters.c
 *   "g rule " rule id          version u32, action u8, JSON object of parameters to the end                                 rules.c
 */
#ifndef QIZHENG_CONTRACTS_STATE_KEYS_H
#define QIZHENG_CONTRACTS_STATE_KEYS_H

#include "contracts/view.h"
#include "ledger/store/store.h"

#define STATE_KEY_MAX 288 /* the longest: "s " and six texts take at most 256 */
/* Kinds of rows for store_keep_rows: participants, keys, and what governance sets (protocol, parameters, rules). */
extern const struct store_kept state_kept[];

#define STATE_ROW_MAX (64 * 1024) /* largest row: a participant with 16 keys takes about 6 KiB */

struct state_key {
    uint8_t data[STATE_KEY_MAX];
    size_t len;
};

struct state_key state_key_participant(const char *id);
struct state_key state_key_kid(const char *kid);
struct state_key state_key_chain(const uint8_t opening[RECORD_ID_LEN]);
struct state_key state_key_link(const uint8_t id[RECORD_ID_LEN]);
struct state_key state_key_holder(const uint8_t id[RECORD_ID_LEN]);
struct state_key state_key_finding(const uint8_t finding[32]);
struct state_key state_key_finding_of(const uint8_t id[RECORD_ID_LEN], const uint8_t finding[32]);
struct state_key state_key_governance(const char *name); /* "protocol", "parameters" */
struct state_key state_key_rule(const char *rule);
struct state_key state_key_worker(const uint8_t tag[32]);
struct state_key state_key_worker_of(const uint8_t opening[RECORD_ID_LEN]);
struct state_key state_key_benefit(const uint8_t opening[RECORD_ID_LEN]);
struct state_key state_key_payment(const uint8_t tag[32], const char *item, const char *slot);
struct state_key state_key_payrun(const char *payer, const char *batch_no);
struct state_key state_key_tagged(const uint8_t tag[32], uint64_t index);
struct state_key state_key_owned(const char *owner, uint64_t index);
struct state_key state_key_ruled(const char *rule, uint64_t index);
struct state_key state_key_statistic(const char *whose, const char *month, const char *type,
                                     const char *act, const char *item, const char *result);
/* What all keys of a list begin with: a tag's records, others' in an owner's chains, a rule's findings, a participant's statistics from all months. */
struct state_key state_key_tagged_prefix(const uint8_t tag[32]);
struct state_key state_key_owned_prefix(const char *owner);
struct state_key state_key_ruled_prefix(const char *rule);
struct state_key state_key_statistics(const char *whose);
/* What all keys of participants, or of a record's findings, begin with. */
struct state_key state_key_participants(void);
struct state_key state_key_findings_of(const uint8_t id[RECORD_ID_LEN]);
struct bytes state_key_bytes(const struct state_key *key);

/* A row into *ret, a buf of STATE_ROW_MAX. ERR_NOT_FOUND; ERR_CORRUPT where it is longer than any row may be; the view's own errors. */
enum err state_get(struct view view, struct state_key key, struct buf *ret) MUST_CHECK;

/* text8: `text` has at most 255 bytes. state_take_text fails the cursor where the text does not fit in `room` with its NUL, or is not UTF-8. */
enum err state_add_text(struct buf *out, const char *text) MUST_CHECK;
void state_take_text(struct cursor *cursor, char *out, size_t room);

#endif

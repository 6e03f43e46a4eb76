/* Stored records as they are shown to who may read them: what lists, single records, contracts and events have in common. Only api/ includes this. */
#ifndef QIZHENG_API_SHOWN_H
#define QIZHENG_API_SHOWN_H

#include "api/call.h"
#include "contracts/timeline.h"

/* The record at that index, and the time of its leaf. ERR_NOT_FOUND for the genesis and beyond the view. */
enum err stored_record(struct store_view *view, uint64_t index, struct record **ret,
                       uint64_t *ret_time_ms) MUST_CHECK;
/* ERR_SCOPE with a reason where the reader may not see that record: neither as its issuer's nor, since a holder's word belongs to the contract that it is about, as its
 * chain's owner's. */
enum err shown_check(const struct reader *reader, struct store_view *view,
                     const struct record *record, struct problem *ret_why) MUST_CHECK;
/* {"id","index","time","issuer","type","act","act_zh","opening","status","status_zh","ref"?,"replaces"?,"replaced_by"?}: status is the record's own as it is now. */
enum err shown_summary(struct store_view *view, const struct record *record, uint64_t index,
                       uint64_t time_ms, struct json **ret) MUST_CHECK;
/* The chain that a record is part of, as far as it lies below `size`, oldest first; of a longer one the newest TIMELINE_MAX, and is_cut. ERR_NOT_FOUND where no record has
 * that id. timeline_done. */
enum err shown_chain(struct store_view *view, const uint8_t id[RECORD_ID_LEN], uint64_t size,
                     struct timeline *ret) MUST_CHECK;
/* Ledger time of the newest leaf below `size`, which is not 0. */
enum err shown_time(struct store_view *view, uint64_t size, uint64_t *ret_ms) MUST_CHECK;

#endif

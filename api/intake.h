/* One record on its way in: parsed, checked against a snapshot, handed to the order. What POST /v1/records and uploads share.
 *
 * The check here decides nothing: the machine repeats it in the order, and only that counts (docs/HACKING.md). */
#ifndef QIZHENG_API_INTAKE_H
#define QIZHENG_API_INTAKE_H

#include "api/api.h"

struct intake {
    bool has_id; /* it is a record */
    uint8_t id[RECORD_ID_LEN];
    bool has_size;
    uint64_t size; /* of the snapshot that it was checked against */
    bool is_known; /* the ledger has it, as leaf `index` */
    uint64_t index;
    struct record *record;         /* checked and not known: intake_submit's, or record_done */
    struct submission *submission; /* where it is not known: host.wait, then host.release */
};

/* compact: as record_parse takes it. Refusals are counted. An error of the class REFUSE is about the record; any other may go away. *ret is filled as far as it
 * went, also on error. */
enum err intake(const struct api *api, struct bytes compact, struct intake *ret,
                struct problem *ret_why) MUST_CHECK;
/* The two halves of it: all the checks, by any number of threads at a time, and the handing over, which gives the records their order. intake_check counts no refusal, since
 * it may be asked again before one is given. intake_submit does nothing for one that is known; the record is not the caller's any more, whatever it answers. */
enum err intake_check(const struct api *api, struct bytes compact, struct intake *ret,
                      struct problem *ret_why) MUST_CHECK;
enum err intake_submit(const struct api *api, struct intake *taken,
                       struct problem *ret_why) MUST_CHECK;

#endif

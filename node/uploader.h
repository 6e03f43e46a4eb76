/* The uploader: one thread that works uploads off, the oldest first, each in the order of its lines; a crew checks them beside it, some
 * ahead of their turn. A line that builds on another one (ref) can be taken once that one is final: in the same upload it is refused as stale, like any that comes too early.
 *
 * Happy path: some lines -> each checked as a single record is -> handed over in their order, each with a place in the window -> when the oldest of the window is final or refused, its outcome goes to the
 * spool -> every line has one: the upload is done.
 * Failure modes: whatever may go away (queue full, disk full, no order) is waited for, and the line is fed again. An upload whose
 * files or lines break the node again and again (`io`, `corrupt`, `internal`) is set aside until the next start, and the next one goes on. A crash or a stop leaves lines without an
 * outcome: the next start feeds them again, and those that had become leaves are known. */
#ifndef QIZHENG_NODE_UPLOADER_H
#define QIZHENG_NODE_UPLOADER_H

#include "api/api.h"

struct uploader;

struct uploader_options {
    const struct api *api; /* borrowed; with its spool */
    /* Whether one more line may go to the queue: uploads leave a share of it to those who wait for a single record. */
    bool (*has_room)(void *ctx);
    void *ctx;
};

enum err uploader_start(const struct uploader_options *options, struct uploader **ret) MUST_CHECK;
/* Returns when the thread has ended, which waits for nothing. Accepts NULL. */
void uploader_stop(struct uploader *uploader);

#endif

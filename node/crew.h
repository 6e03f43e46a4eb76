/* A few threads that share the work on a list: what is checked record by record need not wait for one core.
 *
 * crew_run calls work(ctx, i) once for each i below count, on any of the threads and on the caller's, in no order, and returns when all of them have returned: so what they wrote
 * is there for the caller. One caller at a time. */
#ifndef QIZHENG_NODE_CREW_H
#define QIZHENG_NODE_CREW_H

#include "ledger/base/err.h"

#include <stddef.h>

struct crew;

/* Beside the caller's own thread: none, where there is one core, to CREW_MAX. ERR_NO_MEMORY. */
#define CREW_MAX 7             /* the writer and the rest of the node want cores, too */
unsigned crew_size_here(void); /* for the cores that this process may use */
enum err crew_start(unsigned threads, struct crew **ret) MUST_CHECK;
void crew_run(struct crew *crew, size_t count, void (*work)(void *ctx, size_t index), void *ctx);
void crew_stop(struct crew *crew); /* accepts NULL */

#endif

/* Ends the wait for bytes that do not come in time. Only the HTTP server uses this.
 *
 * Why: civetweb's read goes on as long as one byte arrives in each of its timeouts, and gives up nothing that it has begun: who sends a byte every two seconds would hold a
 * thread for as many of them as were asked for. Whoever reads says until when; a thread of its own looks four times a second, and shuts the reading side of the socket of
 * who is late, which the read then sees as the end of the stream. civetweb tells nobody its sockets, so the one is looked for by its peer: that is done for the late alone.
 *
 * Threads: enter and leave from any. Between them the caller's connection is open, so that its socket cannot have become another's; the lock keeps it so. */
#ifndef QIZHENG_API_OVERDUE_H
#define QIZHENG_API_OVERDUE_H

#include "ledger/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define OVERDUE_STEP_MS 250 /* how late the end of a wait may be */

struct overdue;

/* One wait; the caller's until it has left. */
struct overdue_wait {
    const char *address; /* IPv4 address of the peer */
    unsigned port;       /* the peer's */
    uint64_t until_us;   /* monotonic */
    bool is_cut;
    struct overdue_wait *next, *before;
};

enum err overdue_start(struct overdue **ret) MUST_CHECK; /* ERR_NO_MEMORY */
/* The port that connections are made to; until it is known nobody is cut. */
void overdue_port(struct overdue *overdue, unsigned server_port);
void overdue_stop(struct overdue *overdue); /* accepts NULL; nobody waits any more */
void overdue_enter(struct overdue *overdue, struct overdue_wait *wait);
void overdue_leave(struct overdue *overdue, struct overdue_wait *wait);

#endif

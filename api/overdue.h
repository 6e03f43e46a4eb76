/* Ends the wait for bytes that do not come, or are not taken, in time. Only the HTTP server uses this.
 *
 * Why: civetweb's read goes on as long as one byte arrives in each of its timeouts, its write as long as one is taken, and both give up nothing that they have begun: who
 * sends or takes a byte every two seconds would hold a thread for as many of them as there are. Whoever reads or writes says until when; a thread of its own looks four
 * times a second, and shuts the socket of who is late, which the read or write then sees as the end of the connection. civetweb tells nobody its sockets, so they are looked
 * for by their peer, for the late alone and for all of them in one walk over the descriptors; who is not found is looked for again. Two connections from one address and port
 * to two addresses of this host cannot be told apart: both end, and both are that peer's.
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
    bool
        writes; /* both sides are shut; of who reads the reading side, so that the answer still goes out */
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

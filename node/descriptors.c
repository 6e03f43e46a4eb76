/* See descriptors.h. */
#include "node/descriptors.h"

#include <sys/resource.h>

/* A thread has a connection, as many wait for one (connection_queue in api/server.c), and it may read a file of its own: of bodies, or of an upload. */
#define FILES_THREAD 3
/* Bodies that stay open (SLOTS in ledger/store/segment.c) and some to spare for what is opened once: logs, folders, timers. LevelDB takes a fifth of the limit for itself. */
#define FILES_FIXED (256 + 64)

static rlim_t wanted(unsigned threads) {
    return ((rlim_t)threads * FILES_THREAD + FILES_FIXED) * 5 / 4;
}

enum err descriptors_raise(unsigned threads, struct problem *ret_why) {
    struct rlimit limit;
    rlim_t most;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return problem_set(ret_why, ERR_CONFIG, "The limit of open files cannot be read.");
    if (limit.rlim_cur >= wanted(threads)) return ERR_OK;
    most = limit.rlim_max;
    limit.rlim_cur = wanted(threads);
    if (most >= wanted(threads) && !setrlimit(RLIMIT_NOFILE, &limit)) return ERR_OK;
    return problem_set(ret_why, ERR_CONFIG,
                       "http.threads: %u wants %llu open files, and this process may have %llu. "
                       "Raise its limit (LimitNOFILE= of systemd, ulimit -Hn of a shell) or set "
                       "fewer threads.",
                       threads, (unsigned long long)wanted(threads), (unsigned long long)most);
}

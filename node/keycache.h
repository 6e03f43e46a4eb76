/* Parsed public keys by kid, shared by API threads and the writer. A kid is the hash of its key, so an entry is never wrong and never goes stale; entries live as
 * long as the cache. Past KEYCACHE_MAX keys no more are kept, and the machine parses them anew each time. */
#ifndef QIZHENG_NODE_KEYCACHE_H
#define QIZHENG_NODE_KEYCACHE_H

#include "contracts/machine.h"

#define KEYCACHE_MAX 65536 /* about 20 MB */

struct keycache;

enum err keycache_open(struct keycache **ret) MUST_CHECK;
void keycache_close(struct keycache *cache);
struct key_cache keycache_of(struct keycache *cache);

#endif

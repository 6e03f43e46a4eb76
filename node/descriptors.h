/* As many open files as the node may need: the process is allowed them, or it does not start. Later there would be no good answer: whoever opens connections would take the
 * descriptor that the next file of bodies needs, and a node that cannot write must end. */
#ifndef QIZHENG_NODE_DESCRIPTORS_H
#define QIZHENG_NODE_DESCRIPTORS_H

#include "ledger/base/err.h"

/* Raises the soft limit of open files as far as so many HTTP threads may need, for the whole process. ERR_CONFIG where the hard limit is lower; the problem says what to do. */
enum err descriptors_raise(unsigned threads, struct problem *ret_why) MUST_CHECK;

#endif

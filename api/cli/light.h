/* How a node is doing, as a traffic light and in words that need no explanation: what it means for whoever stands at the counter, and what to do. */
#ifndef QIZHENG_API_CLI_LIGHT_H
#define QIZHENG_API_CLI_LIGHT_H

#include "ledger/base/err.h"
#include "ledger/base/json.h"

enum light { LIGHT_GREEN, LIGHT_YELLOW, LIGHT_RED };

struct light_words {
    enum err code;
    enum light light;
    const char *meaning, *meaning_zh; /* what works and what does not */
    const char *advice, *advice_zh;   /* what to do */
};

const char *light_name(enum light light);    /* "green" */
const char *light_name_zh(enum light light); /* 绿灯 */
/* Never NULL: a code without words of its own is red, and an operator's business. */
const struct light_words *light_of(enum err code);
/* From the node's own answers: ready as /readyz gives it, status as /v1/status. A queue nearly full is ERR_QUEUE_FULL before it refuses anything. */
const struct light_words *light_judge(const struct json *ready, const struct json *status);

#endif

/* What a client makes of a server's refusal, whatever the server says.
 * fuzz: max_len=2048 dict=json */
#include "tests/fuzz/lib/fuzz.h"

#include "api/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct client_reply reply = {0};
    struct problem why = {0};
    reply.status = size > 0 ? 400 + data[0] : 400;
    buf_init(&reply.body, LIMIT_HTTP_REPLY);
    if (size > 1) FUZZ_CHECK(buf_add(&reply.body, bytes_of(data + 1, size - 1)) == ERR_OK);
    client_problem(&reply, &why);
    FUZZ_CHECK(why.err != ERR_OK && why.err < ERR_COUNT);
    FUZZ_CHECK(memchr(why.detail, 0, sizeof why.detail) && memchr(why.law, 0, sizeof why.law));
    client_reply_done(&reply);
    return 0;
}

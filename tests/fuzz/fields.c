/* Header fields Content-Type, Accept and Prefer: any text is an answer, and what is not heard changes nothing.
 * fuzz: max_len=512 dict=fields */
#include "tests/fuzz/lib/fuzz.h"

#include "api/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(bytes_of(data, size));
    size_t len = strlen(text);
    char *more = malloc(len + 64);
    FUZZ_CHECK(more);
    (void)field_is_media(text, "application/json");
    bool wants = field_wants_text(text);
    (void)snprintf(more, len + 64, "%s,image/x-unheard-of;q=0.5", text);
    FUZZ_CHECK(field_wants_text(more) == wants);
    struct field_prefer prefer = field_prefer(text), again;
    (void)snprintf(more, len + 64, "%s,x-unheard-of=1", text);
    again = field_prefer(more);
    FUZZ_CHECK(prefer.is_async == again.is_async && prefer.has_wait == again.has_wait);
    FUZZ_CHECK(prefer.wait_s == again.wait_s);
    (void)snprintf(more, len + 64, "application/json; %s", text);
    FUZZ_CHECK(field_is_media(more, "application/json"));
    free(text);
    free(more);
    return 0;
}

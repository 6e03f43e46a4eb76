/* The configuration file, whatever it holds: taken with every value in its range, or refused with a reason.
 * fuzz: max_len=1024 dict=config */
#include "tests/fuzz/lib/fuzz.h"

#include "node/config.h"

#include <sys/mman.h>
#include <unistd.h>

static void taken(const struct config *config) {
    FUZZ_CHECK(config->node.name && config->node.name[0] && config->node.keys_dir[0]);
    FUZZ_CHECK(config->data_dir && config->data_dir[0] && config->listen && config->listen[0]);
    FUZZ_CHECK(config->http.threads > 0 && config->http.request_timeout_ms > 0);
    FUZZ_CHECK(config->http.queue_records > 0 && config->order.kind && config->log.level);
    for (unsigned i = 0; i < config->foreign_logs_count; i++)
        FUZZ_CHECK(config->foreign_logs[i].vkey);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    struct config *config = NULL;
    struct problem why = {0};
    int fd = memfd_create("config", 0);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum err err = config_load(path, &config, &why);
    (void)close(fd);
    if (err) {
        FUZZ_CHECK(err == ERR_CONFIG || err == ERR_TOO_LARGE);
        FUZZ_CHECK(why.err == err && why.detail[0]);
        return 0;
    }
    taken(config);
    config_done(config);
    return 0;
}

/* Files of the command line: read whole up to a limit, written whole or not at all.
 *
 * A file is written beside its place under a name of its own, synced, and moved there; a crash leaves the old file or the new one. */
#ifndef QIZHENG_API_CLI_DISK_H
#define QIZHENG_API_CLI_DISK_H

#include "ledger/base/json.h"
#include "ledger/crypto/digest.h"

#define DISK_PATH 4096

enum disk_how {
    DISK_NEW,     /* an existing file is ERR_STATE */
    DISK_REPLACE, /* an existing file is replaced */
    DISK_LATER,   /* the same, of many that disk_sync_all makes durable together */
};

/* "-" is standard input. *ret is a new buffer. ERR_NOT_FOUND ERR_TOO_LARGE ERR_IO ERR_NO_MEMORY, with the path in the reason. */
enum err disk_read(const char *path, size_t max, struct buf *ret,
                   struct problem *ret_why) MUST_CHECK;
/* A file that holds strict JSON. ERR_MALFORMED_JSON. */
enum err disk_read_json(const char *path, size_t max, struct json **ret,
                        struct problem *ret_why) MUST_CHECK;
/* mode: of the new file, such as 0600. ERR_STATE ERR_IO ERR_DISK_FULL. */
enum err disk_write(const char *path, struct bytes content, unsigned mode, enum disk_how how,
                    struct problem *ret_why) MUST_CHECK;
/* The same, as indented JSON. Takes json over; NULL is ERR_NO_MEMORY. */
enum err disk_write_json(const char *path, struct json *json, unsigned mode, enum disk_how how,
                         struct problem *ret_why) MUST_CHECK;
/* Everything on the file system of that folder. ERR_IO. */
enum err disk_sync_all(const char *folder, struct problem *ret_why) MUST_CHECK;
bool disk_exists(const char *path);
/* ERR_REQUEST where the path would not fit DISK_PATH. */
enum err disk_path(char ret[DISK_PATH], struct problem *ret_why, const char *format, ...) MUST_CHECK
    __attribute__((format(printf, 3, 4)));
/* Digests of a whole file, read piece by piece: sha-256 always, sm3 where asked. ERR_NOT_FOUND ERR_IO. */
enum err disk_digest(const char *path, bool with_sm3, uint8_t ret_sha256[DIGEST_LEN],
                     uint8_t ret_sm3[DIGEST_LEN], struct problem *ret_why) MUST_CHECK;

#endif

/* The few file operations that segments and key files share: whole reads and writes at an offset, and directories made durable.
 *
 * A file's name is durable only once its directory was synced (fsync(2): "an explicit fsync() on a file descriptor for the directory is
 * also needed"), so whoever creates or removes a file calls file_sync_dir. */
#ifndef QIZHENG_STORE_FILE_H
#define QIZHENG_STORE_FILE_H

#include "ledger/base/bytes.h"

/* ERR_DISK_FULL for ENOSPC and EDQUOT, ERR_NO_MEMORY for ENOMEM, ERR_IO for every other errno. */
enum err file_err(int number);
/* All of `in` at offset; on error some of it may stand there. ERR_IO ERR_DISK_FULL. */
enum err file_write_at(int fd, struct bytes in, uint64_t offset) MUST_CHECK;
/* Exactly len bytes. ERR_CORRUPT where the file ends before, ERR_IO. */
enum err file_read_at(int fd, void *out, size_t len, uint64_t offset) MUST_CHECK;
enum err file_sync_dir(const char *path) MUST_CHECK;        /* of that directory */
enum err file_sync_parent_dir(const char *path) MUST_CHECK; /* of the directory that holds path */
/* Makes the directory (mode 0700: bodies are not for everybody) where it is missing, and its name durable: also of one that is there, since whoever made it may not have lived to do so. */
enum err file_make_dir(const char *path, struct problem *ret_why) MUST_CHECK;

#endif

/* One line per event on standard error: UTC time, level, event, key=value pairs. Never a payload, a name, an id number, a token or a key.
 *
 *   2026-11-23T08:00:00.123Z info checkpoint_published size=1024 cosigners=1
 *
 * Values with a space, a quote or a control character are quoted and escaped, so a hostile value cannot forge a line. Any thread; one write(2) a line. */
#ifndef QIZHENG_API_LOG_H
#define QIZHENG_API_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level); /* default LOG_INFO; before threads start */
bool log_level_from_name(const char *name, enum log_level *ret); /* debug info warn error */
/* pairs: "key", "value" text pairs ended by NULL. */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* A decimal number as text, for log_event: points into the caller's buffer. */
#define LOG_NUMBER_LEN 24
const char *log_number(uint64_t value, char buffer[LOG_NUMBER_LEN]);

#endif

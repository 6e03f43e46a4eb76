/* Prometheus metrics: one table of counters, gauges and histograms, updated with relaxed atomics from any thread. */
#ifndef QIZHENG_API_METRICS_H
#define QIZHENG_API_METRICS_H

#include "ledger/base/bytes.h"

/* X(NAME, "prometheus_name", type, "help") */
#define METRIC_TABLE(X)                                                                            \
    X(RECORDS_ACCEPTED, "qizheng_records_accepted_total", COUNTER, "Records that became leaves")   \
    X(RECORDS_KNOWN, "qizheng_records_known_total", COUNTER,                                       \
      "Submissions of a record that was there already")                                            \
    X(BATCHES_APPLIED, "qizheng_batches_applied_total", COUNTER, "Ordered batches applied")        \
    X(BATCHES_SKIPPED, "qizheng_batches_skipped_total", COUNTER,                                   \
      "Ordered batches skipped: bad, foreign or repeated envelope")                                \
    X(COMMITS, "qizheng_commits_total", COUNTER, "Store commits")                                  \
    X(COMMIT_MICROSECONDS, "qizheng_commit_microseconds_total", COUNTER,                           \
      "Time spent in store commits")                                                               \
    X(CHECKPOINTS, "qizheng_checkpoints_published_total", COUNTER, "Final checkpoints published")  \
    X(COSIGNATURES_FOREIGN, "qizheng_cosignatures_foreign_total", COUNTER,                         \
      "Cosignatures given to other logs")                                                          \
    X(TREE_SIZE, "qizheng_tree_size", GAUGE, "Leaves committed")                                   \
    X(FINAL_SIZE, "qizheng_final_size", GAUGE, "Size of the newest final checkpoint")              \
    X(CHECKPOINT_TIME, "qizheng_checkpoint_time_seconds", GAUGE,                                   \
      "Cosignature time of the newest final checkpoint")                                           \
    X(QUEUE_RECORDS, "qizheng_queue_records", GAUGE, "Records waiting to be ordered")              \
    X(QUEUE_REFUSED, "qizheng_queue_full_total", COUNTER,                                          \
      "Submissions refused because the queue was full")                                            \
    X(TAGS_EVALUATED, "qizheng_tags_evaluated_total", COUNTER, "Pseudonymous tags evaluated")      \
    X(TAGS_REFUSED, "qizheng_tags_over_budget_total", COUNTER,                                     \
      "Pseudonymous tags refused because the asker's budget was spent")                            \
    X(UPLOADS, "qizheng_uploads_total", COUNTER, "Uploads taken")                                  \
    X(UPLOAD_LINES, "qizheng_upload_lines_total", COUNTER,                                         \
      "Lines of uploads that have an outcome")                                                     \
    X(UPLOADS_WAITING, "qizheng_uploads_waiting", GAUGE, "Uploads that are not worked off yet")    \
    X(UPLOADS_KEPT, "qizheng_uploads_kept", GAUGE, "Uploads whose results are kept")               \
    X(UPLOADS_ASIDE, "qizheng_uploads_set_aside", GAUGE,                                           \
      "Uploads that could not be worked off; they are tried again at the next start")              \
    X(UPLOADS_BYTES, "qizheng_uploads_bytes", GAUGE, "Bytes of uploads and their results on disk") \
    X(HTTP_IN_FLIGHT, "qizheng_http_requests_in_flight", GAUGE, "Requests being answered")

#define METRIC_ENUM(name, text, type, help) METRIC_##name,
enum metric { METRIC_TABLE(METRIC_ENUM) METRIC_COUNT };
#undef METRIC_ENUM

void metric_add(enum metric metric, uint64_t count);
void metric_set(enum metric metric, uint64_t value);
uint64_t metric_get(enum metric metric);
/* qizheng_records_refused_total{code="..."} */
void metric_refused(enum err err);
/* qizheng_http_requests_total{route,status} and qizheng_http_request_seconds histogram per route; route: index of the API's route table. */
void metric_request(unsigned route, int status, uint64_t microseconds);
/* Appends everything in the text exposition format 0.0.4. route_name gives the label of a route index. */
enum err metrics_format(const char *(*route_name)(unsigned route), unsigned routes,
                        struct buf *out) MUST_CHECK;

#endif

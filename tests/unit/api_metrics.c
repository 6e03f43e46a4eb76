/* Metrics: the text exposition format 0.0.4, line by line, and counts that threads cannot lose. */
#include "api/metrics.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *route_name(unsigned route) {
    return route == 0 ? "GET /a" : route == 1 ? "POST /b" : "other";
}

/* Ends with a NUL; the caller frees it with buf_done. */
static struct buf formatted(void) {
    struct buf out;
    buf_init(&out, 1 << 20);
    cr_assert(metrics_format(route_name, 3, &out) == ERR_OK);
    cr_assert(buf_text(&out));
    return out;
}

static bool holds(const struct buf *out, const char *line) {
    return strstr((const char *)out->data, line) != NULL;
}

Test(api_metrics, every_metric_of_the_table_has_help_type_and_value) {
    struct buf out = formatted();
#define EXPECT(name, text, type, help)                                                             \
    cr_assert(holds(&out, "# HELP " text " " help "\n"));                                          \
    cr_assert(holds(&out, "# TYPE " text " ") && holds(&out, "\n" text " 0\n"));
    METRIC_TABLE(EXPECT)
#undef EXPECT
    cr_assert(holds(&out, "# TYPE qizheng_tree_size gauge\n"));
    cr_assert(holds(&out, "# TYPE qizheng_commits_total counter\n"));
    buf_done(&out);
}

Test(api_metrics, values_are_what_was_added_and_set) {
    metric_add(METRIC_COMMITS, 3);
    metric_add(METRIC_COMMITS, 4);
    metric_set(METRIC_TREE_SIZE, 1000);
    metric_set(METRIC_TREE_SIZE, 999);
    cr_assert_eq(metric_get(METRIC_COMMITS), 7);
    struct buf out = formatted();
    cr_assert(holds(&out, "\nqizheng_commits_total 7\n"));
    cr_assert(holds(&out, "\nqizheng_tree_size 999\n"));
    buf_done(&out);
}

Test(api_metrics, refusals_are_counted_by_code) {
    struct buf before = formatted();
    cr_assert(!holds(&before, "qizheng_records_refused_total{"));
    buf_done(&before);
    metric_refused(ERR_STALE_REF);
    metric_refused(ERR_STALE_REF);
    metric_refused(ERR_RULE);
    struct buf out = formatted();
    cr_assert(holds(&out, "qizheng_records_refused_total{code=\"stale_ref\"} 2\n"));
    cr_assert(holds(&out, "qizheng_records_refused_total{code=\"rule\"} 1\n"));
    cr_assert(!holds(&out, "code=\"schema\""));
    buf_done(&out);
}

Test(api_metrics, requests_fill_cumulative_buckets) {
    metric_request(0, 200, 1);
    metric_request(0, 200, 1000);
    metric_request(0, 404, 1001);
    metric_request(0, 200, 70000000);
    struct buf out = formatted();
    cr_assert(holds(&out, "qizheng_http_requests_total{route=\"GET /a\",status=\"200\"} 3\n"));
    cr_assert(holds(&out, "qizheng_http_requests_total{route=\"GET /a\",status=\"404\"} 1\n"));
    cr_assert(holds(&out, "_bucket{route=\"GET /a\",le=\"0.001000\"} 2\n"));
    cr_assert(holds(&out, "_bucket{route=\"GET /a\",le=\"0.002500\"} 3\n"));
    cr_assert(holds(&out, "_bucket{route=\"GET /a\",le=\"60.000000\"} 3\n"));
    cr_assert(holds(&out, "_bucket{route=\"GET /a\",le=\"+Inf\"} 4\n"));
    cr_assert(holds(&out, "_seconds_sum{route=\"GET /a\"} 70.002002\n"));
    cr_assert(holds(&out, "_seconds_count{route=\"GET /a\"} 4\n"));
    cr_assert(!holds(&out, "POST /b") && !holds(&out, "\"other\""));
    buf_done(&out);
}

/* Each line is a comment or `name{labels} number`: what a scraper can read. */
Test(api_metrics, every_line_can_be_scraped) {
    metric_refused(ERR_RULE);
    metric_request(1, 503, 12345);
    struct buf out = formatted();
    struct bytes rest = buf_bytes(&out), line;
    size_t lines = 0;
    while (bytes_line(&rest, &line)) {
        lines++;
        if (bytes_starts(line, "# HELP ") || bytes_starts(line, "# TYPE ")) continue;
        cr_assert(bytes_starts(line, "qizheng_"));
        size_t space = bytes_find(line, '}', 0);
        space = bytes_find(line, ' ', space == line.len ? 0 : space);
        cr_assert(space + 1 < line.len);
        for (size_t i = space + 1; i < line.len; i++) {
            cr_assert(strchr("0123456789.", line.data[i]), "a value is no number");
        }
    }
    cr_assert(rest.len == 0 && lines > 40);
    buf_done(&out);
}

Test(api_metrics, a_full_buffer_is_an_error) {
    struct buf out = formatted();
    size_t whole = out.len;
    buf_done(&out);
    for (size_t max = 0; max < whole; max += 50) {
        buf_init(&out, max);
        cr_assert(metrics_format(route_name, 3, &out) == ERR_TOO_LARGE);
        buf_done(&out);
    }
}

static void *add_many(void *arg) {
    (void)arg;
    for (int i = 0; i < 10000; i++) {
        metric_add(METRIC_CHECKPOINTS, 1);
        metric_request(1, 201, 10);
    }
    return NULL;
}

Test(api_metrics, no_count_is_lost_between_threads) {
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) cr_assert(!pthread_create(&threads[i], NULL, add_many, NULL));
    for (size_t i = 0; i < 4; i++) cr_assert(!pthread_join(threads[i], NULL));
    struct buf out = formatted();
    cr_assert_eq(metric_get(METRIC_CHECKPOINTS), 40000);
    cr_assert(holds(&out, "{route=\"POST /b\",status=\"201\"} 40000\n"));
    cr_assert(holds(&out, "_seconds_count{route=\"POST /b\"} 40000\n"));
    buf_done(&out);
}

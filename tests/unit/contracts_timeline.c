/* Timelines as pure data: what stands for what, also where corrections are corrected, and that long ones cost no more than their square. */
#include "contracts/timeline.h"

#include "contracts/period.h"
#include "ledger/base/text.h"
#include "tests/lib/scene.h"

#include <time.h>

/* A contract with room for count records; the first is its conclusion. */
static struct timeline begin(size_t count) {
    struct timeline timeline = {.type = contract_type_find("labour-contract", 1)};
    timeline.entries = calloc(count, sizeof *timeline.entries);
    cr_assert(timeline.type && timeline.entries);
    struct timeline_entry *entry = &timeline.entries[timeline.count++];
    (void)snprintf(entry->act, sizeof entry->act, "conclude");
    (void)snprintf(entry->claims_act, sizeof entry->claims_act, "conclude");
    entry->claims = json_text_of(SCENE_CONTRACT);
    entry->index = 100;
    return timeline;
}

/* An amendment of that day that sets probation_months; replaces: number of the entry that it corrects, 0: none. */
static size_t amend(struct timeline *timeline, int64_t months, size_t replaces) {
    size_t at = timeline->count++;
    struct timeline_entry *entry = &timeline->entries[at];
    (void)snprintf(entry->act, sizeof entry->act, replaces ? "correct" : "amend");
    (void)snprintf(entry->claims_act, sizeof entry->claims_act, "amend");
    entry->claims = json_text_of("{\"effective_date\":\"2027-02-01\"}");
    cr_assert(json_put_int(entry->claims, "probation_months", months) == ERR_OK);
    put_u64(entry->id, at);
    entry->index = 100 + at;
    entry->has_replaces = replaces != 0;
    put_u64(entry->replaces, replaces);
    return at;
}

static int64_t months_on(const struct timeline *timeline) {
    struct json *answer = NULL;
    int64_t months = -1;
    int32_t day = 0;
    cr_assert(period_parse(bytes_text("2027-03-01"), &day));
    cr_assert(timeline_on(timeline, day, &answer) == ERR_OK);
    cr_assert(json_int(json_member(json_member(answer, "terms"), "probation_months"), &months));
    json_done(answer);
    return months;
}

Test(contracts_timeline, a_correction_of_a_correction_keeps_the_place_of_what_was_first) {
    struct timeline timeline = begin(8);
    size_t first = amend(&timeline, 1, 0);
    size_t second = amend(&timeline, 2, 0);
    size_t corrected = amend(&timeline, 3, first);
    (void)amend(&timeline, 4, corrected);
    timeline_link(&timeline);
    cr_expect_eq(months_on(&timeline), 2, "the later amendment of one day counts");
    cr_expect_eq(timeline.entries[4].order, timeline.entries[first].order);
    size_t again = amend(&timeline, 5, second);
    (void)amend(&timeline, 6, again);
    timeline_link(&timeline);
    cr_expect_eq(months_on(&timeline), 6);
    timeline_done(&timeline);
}

static double cpu_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Half of the records correct one another, the other half the last of those: following each of them back through all would take minutes. */
Test(contracts_timeline, long_corrections_cost_no_more_than_their_square, .timeout = 120) {
    enum { COUNT = 6000 };
    struct timeline timeline = begin(COUNT);
    double before = cpu_s();
    size_t at = amend(&timeline, 0, 0);
    while (timeline.count < COUNT / 2) at = amend(&timeline, 1, at);
    while (timeline.count < COUNT) (void)amend(&timeline, 2, at);
    timeline_link(&timeline);
    cr_expect_eq(months_on(&timeline), 2);
    cr_expect_lt(cpu_s() - before, 5.0);
    timeline_done(&timeline);
}

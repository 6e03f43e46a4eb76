/* Counters: that they count every record once, in the right cells, and that what they tell gives no small number away. */
#include "contracts/statistics.h"

#include "contracts/state_keys.h"
#include "tests/lib/benefits.h"

static bool shows_all(void *arg, const char *type) {
    (void)arg;
    (void)type;
    return true;
}

static struct json *cells(struct view view, const char *whose, const char *from, const char *to) {
    struct statistics_query query = {whose, from, to, shows_all, NULL};
    struct json *array = json_new_array();
    cr_assert(statistics_json(view, &query, array) == ERR_OK);
    return array;
}

static const char *text_of(const struct json *object, const char *name) {
    const char *text = json_text(json_member(object, name));
    return text ? text : "";
}

static int64_t int_of(const struct json *object, const char *name) {
    int64_t value = -1;
    (void)json_int(json_member(object, name), &value);
    return value;
}

static bool is_hidden(const struct json *cell) {
    bool hidden = true;
    cr_assert(json_bool(json_member(cell, "suppressed"), &hidden));
    return hidden;
}

static const struct json *cell_find(const struct json *array, const char *month, const char *act,
                                    const char *result) {
    for (size_t i = 0; i < json_count(array); i++) {
        const struct json *cell = json_at(array, i);
        if (strcmp(text_of(cell, "month"), month) == 0 && strcmp(text_of(cell, "act"), act) == 0 &&
            strcmp(text_of(cell, "result"), result) == 0)
            return cell;
    }
    return NULL;
}

/* -- counting -- */

Test(contracts_statistics, records_are_counted_by_the_month_they_are_for) {
    struct scene *scene = benefit_scene(NULL);
    for (unsigned i = 1; i <= 24; i++) {
        bool paid = i <= 12;
        struct benefit_act act = {.iss = i % 2 ? "acme" : "zeta",
                                  .act = "disburse",
                                  .base = BENEFIT_DISBURSE,
                                  .over = paid ? NULL : "{\"result\":\"failed\"}",
                                  .person = i};
        cr_assert(benefit_submit(scene, act, NULL) == ERR_OK, "%s", scene->last.problem.detail);
    }
    struct view view = memory_view(&scene->state);
    struct json *all = cells(view, "", "2026-01", "2027-12");
    const struct json *paid = cell_find(all, "2026-12", "disburse", "paid");
    const struct json *failed = cell_find(all, "2026-12", "disburse", "failed");
    cr_assert(paid && failed);
    cr_expect(int_of(paid, "records") == 12 && int_of(failed, "records") == 12);
    cr_expect_str_eq(text_of(paid, "item_zh"), "基本养老金");
    cr_expect_str_eq(text_of(paid, "act_zh"), "发放");
    json_done(all);
    struct json *own = cells(view, "acme", "2026-12", "2026-12");
    cr_expect(is_hidden(cell_find(own, "2026-12", "disburse", "paid")), "6 of its own");
    cr_expect_eq(json_count(own), 2);
    json_done(own);
    benefit_scene_done(scene);
}

/* A refused record leaves no trace, so it is not counted either. */
Test(contracts_statistics, what_is_refused_is_not_counted) {
    struct scene *scene = benefit_scene(NULL);
    for (unsigned i = 1; i <= 11; i++) {
        struct benefit_act act = {
            .iss = "acme", .act = "disburse", .base = BENEFIT_DISBURSE, .person = i};
        cr_assert(benefit_submit(scene, act, NULL) == ERR_OK);
        cr_assert(benefit_submit(scene, act, NULL) != ERR_OK, "twice");
    }
    struct json *all = cells(memory_view(&scene->state), "", "2026-12", "2026-12");
    cr_expect_eq(int_of(cell_find(all, "2026-12", "disburse", "paid"), "records"), 11);
    json_done(all);
    benefit_scene_done(scene);
}

Test(contracts_statistics, days_and_months_are_shanghais) {
    char month[PERIOD_MONTH_LEN + 1], day[PERIOD_TEXT_LEN + 1];
    uint64_t midnight = 1798732800000; /* 2027-01-01T00:00 in Shanghai is 2026-12-31T16:00 UTC */
    statistics_month(midnight - 1, month);
    cr_expect_str_eq(month, "2026-12");
    statistics_month(midnight, month);
    cr_expect_str_eq(month, "2027-01");
    period_format(statistics_day(midnight), day);
    cr_expect_str_eq(day, "2027-01-01");
    period_format(statistics_day(midnight - 1), day);
    cr_expect_str_eq(day, "2026-12-31");
}

/* -- small cells -- */

static uint64_t seed = 42;

static unsigned random_below(unsigned n) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % n;
}

static void plant(struct memory *memory, const char *month, unsigned act, uint64_t records,
                  uint64_t payments) {
    char name[16];
    uint8_t value[24];
    (void)snprintf(name, sizeof name, "act-%u", act);
    struct state_key key = state_key_statistic("", month, "benefit", name, "", "");
    put_u64(value, records);
    put_u64(value + 8, payments);
    put_u64(value + 16, payments * 100);
    memory_put(memory, state_key_bytes(&key), bytes_of(value, sizeof value));
}

/* What everybody knows: how many records the month has. So what is hidden together must not be a small number, nor one cell alone, unless all is hidden. */
Test(contracts_statistics, no_small_number_follows_from_the_total) {
    for (unsigned round = 0; round < 500; round++) {
        struct memory memory = {0};
        unsigned count = 1 + random_below(8);
        uint64_t records[8], hidden = 0, hidden_cells = 0;
        for (unsigned i = 0; i < count; i++) {
            records[i] = 1 + random_below(random_below(2) ? 12 : 40);
            plant(&memory, "2026-12", i, records[i], 0);
        }
        struct json *all = cells(memory_view(&memory), "", "2026-12", "2026-12");
        cr_assert_eq(json_count(all), count);
        for (unsigned i = 0; i < count; i++) {
            const struct json *cell = json_at(all, i);
            if (is_hidden(cell)) {
                hidden += records[i];
                hidden_cells++;
                cr_assert(!json_member(cell, "records") && !json_member(cell, "sum"));
            } else {
                cr_assert(int_of(cell, "records") == (int64_t)records[i] && records[i] >= 10);
            }
        }
        cr_assert(hidden_cells == 0 || hidden_cells == count || (hidden_cells > 1 && hidden >= 10),
                  "round %u: %llu in %llu of %u cells", round, (unsigned long long)hidden,
                  (unsigned long long)hidden_cells, count);
        json_done(all);
        memory_done(&memory);
    }
}

Test(contracts_statistics, what_a_month_hides_does_not_depend_on_the_question) {
    struct memory memory = {0};
    const char *const months[] = {"2026-10", "2026-11", "2026-12"};
    for (size_t m = 0; m < 3; m++)
        for (unsigned i = 0; i < 5; i++) plant(&memory, months[m], i, 5 + 7 * i + m, 0);
    struct json *all = cells(memory_view(&memory), "", "2026-01", "2026-12");
    for (size_t m = 0, at = 0; m < 3; m++) {
        struct json *one = cells(memory_view(&memory), "", months[m], months[m]);
        for (size_t i = 0; i < json_count(one); i++)
            cr_expect(json_same(json_at(one, i), json_at(all, at++)));
        json_done(one);
    }
    cr_expect_eq(json_count(all), 15);
    json_done(all);
    memory_done(&memory);
}

/* One pay run of ten payments is about ten people; one of nine is not told. */
Test(contracts_statistics, pay_runs_weigh_what_they_pay) {
    struct memory memory = {0};
    plant(&memory, "2026-12", 0, 1, 10);
    plant(&memory, "2026-12", 1, 30, 0);
    struct json *all = cells(memory_view(&memory), "", "2026-12", "2026-12");
    cr_expect_eq(int_of(json_at(all, 0), "payments"), 10);
    cr_expect_eq(int_of(json_at(all, 0), "sum"), 1000);
    json_done(all);
    plant(&memory, "2026-12", 0, 1, 9);
    all = cells(memory_view(&memory), "", "2026-12", "2026-12");
    cr_expect(is_hidden(json_at(all, 0)) && is_hidden(json_at(all, 1)), "else it would follow");
    json_done(all);
    memory_done(&memory);
}

Test(contracts_statistics, rows_of_wrong_form_are_corrupt) {
    struct memory memory = {0};
    struct statistics_query query = {"", "2026-12", "2026-12", shows_all, NULL};
    struct state_key key = state_key_statistic("", "2026-12", "benefit", "determine", "", "");
    memory_put(&memory, state_key_bytes(&key), bytes_of("1234567", 7));
    struct json *array = json_new_array();
    cr_expect(statistics_json(memory_view(&memory), &query, array) == ERR_CORRUPT);
    json_done(array);
    memory_done(&memory);
}

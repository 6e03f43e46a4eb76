/* See fault.h. */
#include "ledger/store/fault.h"

enum err (*store_fault)(const char *step, bool before);

const char *fault_step_name(enum fault_step step) {
    static const char *const names[] = {
#define X(step, name) name,
        FAULT_STEPS(X)
#undef X
    };
    return names[step];
}

enum err fault_before(enum fault_step step) {
    return store_fault ? store_fault(fault_step_name(step), true) : ERR_OK;
}

enum err fault_after(enum fault_step step) {
    return store_fault ? store_fault(fault_step_name(step), false) : ERR_OK;
}

/* See fault.h. */
#include "ledger/store/fault.h"

enum err (*store_fault)(const char *step, bool before);

enum err fault_before(const char *step) {
    return store_fault ? store_fault(step, true) : ERR_OK;
}

enum err fault_after(const char *step) {
    return store_fault ? store_fault(step, false) : ERR_OK;
}

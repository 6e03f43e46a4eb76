#!/bin/sh
# A month's pensions: 2,000 payments with 5 planted duplicates, of which exactly those are refused; 1,995 receipts verify off line. tests/slow/payments.sh: 20,000 and 50.
. tests/lib/ledger.sh
. tests/lib/payments.sh
ledger_begin "$1"
payments_run 2000 5 200
ledger_end

#!/bin/sh
# A month's pensions: 20,000 payments with 50 planted duplicates, of which exactly those are refused; 19,950 receipts verify off line. One to three minutes.
cd "$(dirname "$0")/../.." || exit 2
. tests/lib/ledger.sh
. tests/lib/payments.sh
ledger_begin "$1"
payments_run 20000 50 1000
ledger_end

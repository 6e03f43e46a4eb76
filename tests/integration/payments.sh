#!/bin/sh
# A month's pensions: 20,000 payments with 50 planted duplicates, of which exactly those are refused; 19,950 receipts verify off line. About a minute.
. tests/lib/ledger.sh
. tests/lib/payments.sh
ledger_begin "$1"
payments_run "${PAYMENTS:-20000}" "${DUPLICATES:-50}" "${DETERMINATIONS:-1000}"
ledger_end

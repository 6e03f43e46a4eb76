#!/bin/sh
# Files of a ledger changed behind its back, many times over (TAMPER_ROUNDS, default 60, of each kind): tests/integration/tamper.sh.
TAMPER_ROUNDS=${TAMPER_ROUNDS:-60} TAMPER_SEED=${TAMPER_SEED:-$(date +%s)} sh tests/integration/tamper.sh "$1"

#!/bin/sh
# Callers that mean harm, as in tests/integration/hostile.sh, with floods of FLOOD_SECONDS (60) each; and one more: more callers that ask without end than the node has threads.
FLOOD_SECONDS=${FLOOD_SECONDS:-60} sh tests/integration/hostile.sh "$1"

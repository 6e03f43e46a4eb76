#!/bin/sh
# Power cuts at POWERCUT_CUTS moments (default 400) of a run of POWERCUT_SECONDS (default 20), with a seed of its own each time: tests/integration/powercut.sh.
POWERCUT_CUTS=${POWERCUT_CUTS:-400} POWERCUT_SECONDS=${POWERCUT_SECONDS:-20} POWERCUT_SEED=${POWERCUT_SEED:-$(date +%s)} sh tests/integration/powercut.sh "$1"

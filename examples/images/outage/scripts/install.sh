#!/bin/sh
# Fails as apt does when it cannot reach its mirror.
set -eu
echo "E: Failed to fetch http://mirror.example/pool/m/motd_1.0_all.deb  Could not connect to mirror.example:80 (192.0.2.1), connection timed out" >&2
echo "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?" >&2
exit 100

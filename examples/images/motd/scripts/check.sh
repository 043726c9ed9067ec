#!/bin/sh
set -eu
echo "checking the release notes"

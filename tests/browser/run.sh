#!/bin/sh
# Opens a report in headless Chromium and checks what is drawn, and that nothing leaves the page.
# Usage: tests/browser/run.sh PATH_TO_REPORT [FOLDER_FOR_SCREENSHOTS]
# Needs node (20 or later) and Chromium: on PATH, or named by the environment variable CHROMIUM.
set -eu
command -v node >/dev/null || { echo "browser test: node is not installed" >&2; exit 1; }
exec node "$(dirname "$0")/report.mjs" "$@"

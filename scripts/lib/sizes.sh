#!/usr/bin/env bash
# A file of 600 lines asks why, one of 1,000 fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/lib/say.sh

wrong=0
while read -r lines file; do
    [[ $file == total ]] && continue
    if ((lines > 1000)); then
        note "$file has $lines lines; split it."
        wrong=1
    elif ((lines > 600)); then
        note "$file has $lines lines: why?"
    fi
done < <(find src tests fuzz scripts -name target -prune -o \( -name '*.rs' -o -name '*.sh' \) -type f -exec wc -l {} + 2>/dev/null)
((wrong == 0)) || fail "No file may have more than 1,000 lines."

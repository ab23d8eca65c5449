#!/usr/bin/env bash
# Who may import whom (ARCHITECTURE.md). Nothing upward, nothing sideways.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/lib/say.sh

declare -A may_import=(
    [model]="" [sip]="" [media]="" [panel]=""
    [call]="model" [store]="model" [chat]="model" [office]="model" [vaxel]="model"
    [pbx]="call model" [meet]="media model" [api]="call pbx model"
    [vaxeld]="*" [tests]="*"
)
# Foreign crates that only one of ours may name, and what the pure core must never build.
declare -A only_in=([sled]="store" [rsipstack]="sip" [webrtc-srtp]="media" [audiopus]="media")
pure="model call pbx"
never_in_pure="tokio rustls sled hyper"

wrong=0
complain() {
    note "$*"
    wrong=1
}

# The packages that a crate depends on.
packages() { cargo tree --quiet --package "$1" --edges normal,build --prefix none --format '{p}' "${@:2}" | tail -n +2 | cut -d' ' -f1 | sort -u; }

for manifest in src/*/Cargo.toml; do
    crate=$(basename "$(dirname "$manifest")")
    if [[ ! -v may_import[$crate] ]]; then
        complain "$crate has no place in scripts/lib/layers.sh: give it one."
        continue
    fi
    direct=$(packages "$crate" --depth 1)
    for import in $direct; do
        if [[ -d src/$import && ${may_import[$crate]} != "*" && " ${may_import[$crate]} " != *" $import "* ]]; then
            complain "$crate may not import $import."
        fi
        if [[ -v only_in[$import] && ${only_in[$import]} != "$crate" ]]; then
            complain "$crate may not name $import; only ${only_in[$import]} does."
        fi
    done
    if [[ " $pure " == *" $crate "* ]]; then
        all=$(packages "$crate")
        for foreign in $never_in_pure; do
            if grep -qx "$foreign" <<<"$all"; then complain "$crate is pure, yet it builds $foreign."; fi
        done
    fi
done
((wrong == 0)) || fail "The layers are broken."

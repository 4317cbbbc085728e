#!/usr/bin/env bash
# fuzz.sh NAME SECONDS [COUNTS]: runs the fuzz targets whose module/name contains NAME, one per core
# at a time, for SECONDS of wall clock together. Writes `passed failed skipped` to COUNTS.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

fuzz_one() {
    local target=$1 seconds=$2 name seeds corpus log
    name=${target#build/fuzz/fuzz/}  # wire/frame
    seeds=src/${name%/*}/testdata/fuzz/${name#*/}
    corpus=build/fuzz/corpus/$name
    log=build/fuzz/log/$name.txt
    mkdir -p "$corpus" "${log%/*}" build/fuzz/found
    [[ -d $seeds ]] || seeds=
    if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/${name/\//-}-" "$corpus" $seeds >"$log" 2>&1; then
        echo "ok    $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs in $seconds s"
    else
        tail -n 30 "$log"
        echo "FOUND $name: build/fuzz/found; keep it in src/${name%/*}/testdata/fuzz/${name#*/}"
        return 1
    fi
}

if [[ ${1:-} == --one ]]; then
    fuzz_one "$2" "$3"
    exit
fi

mapfile -t targets < <(find build/fuzz/fuzz -path "*/fuzz/*${1:-}*" -type f -executable | sort)
[[ ${#targets[@]} -gt 0 ]] || { echo "no fuzz target is called *${1:-}*" >&2 && exit 1; }
at_once=$(($(nproc) < ${#targets[@]} ? $(nproc) : ${#targets[@]}))
rounds=$(((${#targets[@]} + at_once - 1) / at_once))
share=$(($2 / rounds > 0 ? $2 / rounds : 1))
code=0
printf '%s\n' "${targets[@]}" | xargs -P "$at_once" -I{} "$0" --one {} "$share" |
    tee build/fuzz/result.txt || code=$?
if [[ ${3:-} ]]; then
    passed=$(grep -c '^ok ' build/fuzz/result.txt || true)
    echo "$passed $((${#targets[@]} - passed)) 0" >"$3"
fi
exit "$code"

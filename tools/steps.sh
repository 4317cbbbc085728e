# The steps of `./dev test`, sourced by dev. Each is a function; STEPS gives their order.
# A step whose subject is missing fails: green means that everything ran.

# Shares of the 30 minutes that CI may take, in seconds.
SIM_SECONDS=480   # all simulation: the swarm, its repetition, the ASan comparison
FUZZ_SECONDS=180  # all fuzzing
SIM_SEEDS=${DISTKV_SIM_SEEDS:-600}  # seeds of the swarm
SIM_FOR=60s       # simulated time per seed
SIM_COMPARED=24   # seeds run again, in release and under ASan, to compare their hashes
RAFT_SEEDS=${DISTKV_SIM_RAFT_SEEDS:-300}  # seeds of the swarm of groups, for each number of voters
RAFT_COMPARED=8   # of these, run again in release and under ASan

# name | what it is, for people | steps it cannot do without
STEPS=(
    "packages|packages installed|"
    "rules|house rules|packages"
    "fixtures|every house rule refuses its fixture|packages"
    "layout|clang-format|packages"
    "release|build release|packages"
    "release_tests|tests, link tests, symbols (release)|release"
    "dev|build dev (ASan, UBSan, headers alone)|packages"
    "dev_tests|tests (ASan, UBSan)|dev"
    "tsan|build tsan|packages"
    "tsan_tests|os, world and gossip tests (TSan)|tsan"
    "mutants|build mutants|packages"
    "mutants_tests|planted bugs are caught|mutants"
    "no_mutants|release holds no planted bug|release mutants"
    "swarm|simulator swarm|release"
    "replay|same seeds again, same hashes|swarm"
    "hashes|same hashes in release and ASan builds|swarm dev"
    "raft_swarm|simulator swarm of replicated groups|release"
    "raft_hashes|same groups, same hashes, also under ASan|raft_swarm dev"
    "processes|real processes agree, and one is killed|release"
    "fuzz_build|build fuzz|packages"
    "fuzz|fuzzers|fuzz_build"
    "lint|clang-tidy|dev"
)

step_packages() { install_packages; }
step_rules() { tools/tidy.py; }
step_layout() { verb_fmt --check; }
step_fixtures() {
    configure release
    tests/rules/run.py --counts "$COUNTS"
}

step_release() {
    build release
    [[ -x build/distkv ]] || die "the build left no build/distkv"
}
step_release_tests() { run_ctest release; }
step_dev() { build dev; }
step_dev_tests() { run_ctest dev; }
# Only these own threads or are handed between them; the rest is single-threaded by construction.
step_tsan() { build tsan os_test world_test gossip_test; }
step_tsan_tests() { run_ctest tsan -R '^(os|world|gossip)_test$'; }
step_mutants() { build mutants; }
step_mutants_tests() { run_ctest mutants -R '_test$'; }

# `MUTANT(name)` leaves the text "mutant:name" in the program. The second search shows that the
# first one could have found something.
step_no_mutants() {
    if grep -aq 'mutant:' build/distkv; then
        say "build/distkv holds planted bugs: $(grep -ao 'mutant:[a-z_]*' build/distkv | sort -u)"
        return 1
    fi
    grep -aoq 'mutant:[a-z_]*' build/mutants/bin/distkv ||
        die "the mutants build holds no planted bug, so the search above proves nothing"
}

# swarm PROGRAM SEEDS SECONDS HASHES [FLAGS]: the budget is a limit, not a target.
swarm() {
    rm -f "$4"
    timeout "$3" "$1" sim gossip --seeds "$2" --for "$SIM_FOR" --hash-list "$4" --json "${@:5}" ||
        die "swarm of $2 seeds: exit code $? (124: over its $3 s; 1: a violation, seed above)"
    [[ $(wc -l <"$4") -eq $2 ]] || die "swarm of $2 seeds wrote $(wc -l <"$4") hashes"
}

step_swarm() {
    mkdir -p build/sim  # Before the pipe: both of its sides begin at once.
    # Strict: also red when a kind of fault never fired or too few outcomes were definite.
    swarm build/distkv "$SIM_SEEDS" $((SIM_SECONDS * 5 / 8)) build/sim/swarm.txt --strict |
        tee build/sim/swarm.json
    tail -n 1 build/sim/swarm.json | tools/swarm_note.py >"$NOTE"
    echo "$SIM_SEEDS 0 0" >"$COUNTS"  # a violation leaves above
}
step_replay() {
    mkdir -p build/sim
    swarm build/distkv "$SIM_COMPARED" $((SIM_SECONDS / 8)) build/sim/again.txt
    diff <(head -n "$SIM_COMPARED" build/sim/swarm.txt) build/sim/again.txt
}
step_hashes() {
    mkdir -p build/sim
    swarm build/dev/bin/distkv "$SIM_COMPARED" $((SIM_SECONDS / 4)) build/sim/asan.txt
    diff <(head -n "$SIM_COMPARED" build/sim/swarm.txt) build/sim/asan.txt
}

# Three, five and seven voters; strict, as above. Prints the seeds per hour of each.
step_raft_swarm() {
    local voters
    mkdir -p build/sim
    for voters in 3 5 7; do
        timeout 180 build/distkv sim raft --voters "$voters" --seeds "$RAFT_SEEDS" --for "$SIM_FOR" \
            --strict --json --hash-list "build/sim/raft-$voters.txt" >"build/sim/raft-$voters.json" ||
            die "$voters voters: exit code $? (124: over its time; 1: a violation in the last lines of build/sim/raft-$voters.json)"
        tail -n 1 "build/sim/raft-$voters.json" | tools/swarm_note.py >>"$NOTE"
    done
    echo "$((3 * RAFT_SEEDS)) 0 0" >"$COUNTS"
}
step_raft_hashes() {
    local program
    for program in build/distkv build/dev/bin/distkv; do
        timeout 240 "$program" sim raft --voters 5 --seeds "$RAFT_COMPARED" --for "$SIM_FOR" \
            --hash-list build/sim/raft-again.txt >/dev/null || die "$program: exit code $?"
        diff <(head -n "$RAFT_COMPARED" build/sim/raft-5.txt) build/sim/raft-again.txt
    done
}
# No figures: those are for ./dev bench raft, on a machine that does nothing else.
step_processes() {
    local line
    mkdir -p build/log && cd build/log
    for words in "--for 2s --groups 8 --clients 32" "--kills 2" "--groups 50 --idle --for 1s"; do
        line=$(timeout 120 ../distkv bench raft $words --json) || [[ $? -eq 1 ]] ||
            die "bench raft $words: exit code $?"  # 1: a figure that a busy machine misses.
        echo "$line"
        grep -q '"nodes":3' <<<"$line" || die "bench raft $words said: $line"
        ! grep -q '"failed":[1-9]' <<<"$line" || die "bench raft $words: some entries failed"
    done
}

step_fuzz_build() { build fuzz; }
step_fuzz() { tools/fuzz.sh "" "$FUZZ_SECONDS" "$COUNTS"; }
step_lint() { tools/lint.py --all; }

run_ctest() {
    local preset=$1 code=0
    shift
    rm -rf "build/$preset/test-results"
    ctest --test-dir "build/$preset" -j "$JOBS" --output-on-failure --no-tests=error \
        --output-junit test-results/ctest.xml "$@" || code=$?
    tools/counts.py "build/$preset/test-results" >"$COUNTS"
    return "$code"
}

list_steps() {
    local name what needs
    for step in "${STEPS[@]}"; do
        IFS='|' read -r name what needs <<<"$step"
        printf '%-14s %s%s\n' "$name" "$what" "${needs:+ (after $needs)}"
    done
}

# Runs all steps, or the named ones; prints a line each and the log of those that fail.
run_steps() {
    local step name what needs k=0 passed=0 failed=0 skipped=0 started=$SECONDS
    declare -A broken=()
    [[ $# -eq 0 ]] || keep_steps "$@"
    mkdir -p build/log
    for step in "${STEPS[@]}"; do
        IFS='|' read -r name what needs <<<"$step"
        k=$((k + 1))
        run_step "$k/${#STEPS[@]}" "$name" "$what" "$needs" || broken[$name]=yes
        passed=$((passed + STEP_PASSED))
        failed=$((failed + STEP_FAILED))
        skipped=$((skipped + STEP_SKIPPED))
    done
    say
    [[ ${#broken[@]} -eq 0 ]] || say "broken: ${!broken[*]} (logs in build/log)"
    say "$(clock $((SECONDS - started))) in all, $skipped skipped"
    say "$passed passed, $failed failed"
    [[ $failed -eq 0 && ${#broken[@]} -eq 0 ]]
}

keep_steps() {
    local step kept=()
    for step in "${STEPS[@]}"; do
        [[ " $* " != *" ${step%%|*} "* ]] || kept+=("$step")
    done
    [[ ${#kept[@]} -eq $# ]] || die "test: unknown step among: $* (./dev test --steps)"
    STEPS=("${kept[@]}")
}

run_step() {
    local k=$1 name=$2 what=$3 need log=build/log/$2.txt began=$SECONDS code=0
    STEP_PASSED=0 STEP_FAILED=1 STEP_SKIPPED=0
    for need in $4; do
        if [[ ${broken[$need]:-} ]]; then
            printf '[%5s] %-42s not run: needs %s\n' "$k" "$what" "$need"
            return 1
        fi
    done
    COUNTS=$PWD/build/log/$name.count
    NOTE=$PWD/build/log/$name.note  # What a step wants said although it passed.
    rm -f "$COUNTS" "$NOTE"
    [[ -t 1 ]] || printf '[%5s] %-42s ...\n' "$k" "$what"
    # A shell of its own, because bash forgets `set -e` in whatever stands left of `||`, subshells
    # included; and a process group of its own, so that ^C reaches compilers and simulators too.
    set -m
    COUNTS=$COUNTS NOTE=$NOTE ./dev test --step "$name" </dev/null >"$log" 2>&1 &
    local pid=$!
    set +m
    trap 'kill -- -'"$pid"' 2>/dev/null; exit 130' INT TERM
    watch_step "$pid" "$k" "$what" "$log" "$began"
    wait "$pid" || code=$?
    trap - INT TERM
    read_counts "$code"
    printf '[%5s] %-42s %s  %6s  %s\n' "$k" "$what" "$([[ $code -eq 0 ]] && echo ok || echo FAILED)" \
        "$(clock $((SECONDS - began)))" "$(counts_text)"
    [[ ! -s $NOTE ]] || sed 's/^/        /' "$NOTE"
    [[ $code -eq 0 ]] || { tail -n 60 "$log" && echo "exit code $code"; } | sed 's/^/        /'
    return "$code"
}

# A step that counts nothing is one thing that passed or failed.
read_counts() {
    local code=$1
    if [[ -s $COUNTS ]]; then
        read -r STEP_PASSED STEP_FAILED STEP_SKIPPED <"$COUNTS"
        [[ $code -eq 0 || $STEP_FAILED -gt 0 ]] || STEP_FAILED=1
    elif [[ $code -eq 0 ]]; then
        STEP_PASSED=1 STEP_FAILED=0
    fi
}

counts_text() {
    [[ -s $COUNTS ]] || return 0
    printf '%s passed, %s failed' "$STEP_PASSED" "$STEP_FAILED"
    [[ $STEP_SKIPPED -eq 0 ]] || printf ', %s skipped' "$STEP_SKIPPED"
}

# On a terminal the last line of the log runs along; elsewhere a sign of life each minute.
watch_step() {
    local pid=$1 k=$2 what=$3 log=$4 began=$5 spoke=$SECONDS last
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.3
        last=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c 1-60)
        if [[ -t 1 ]]; then
            printf '\r\033[K[%5s] %-30.30s %6s  %s' "$k" "$what" "$(clock $((SECONDS - began)))" "$last"
        elif ((SECONDS - spoke >= 60)); then
            spoke=$SECONDS
            printf '        %s  %s\n' "$(clock $((SECONDS - began)))" "$last"
        fi
    done
    [[ ! -t 1 ]] || printf '\r\033[K'
}

clock() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); }

# For the loop while writing: rules, then the release tests of the named or touched modules.
test_fast() {
    local modules=("$@") module tests=() code=0
    if [[ $# -eq 0 ]]; then
        mapfile -t modules < <(git status --porcelain -- src | sed -n 's|^...src/\([a-z0-9_]*\)/.*|\1|p' |
            sort -u)
    fi
    tools/tidy.py || code=1
    [[ ${#modules[@]} -gt 0 ]] || die "test --fast: nothing under src is touched; name a module"
    configure release
    for module in "${modules[@]}"; do
        ! compgen -G "src/$module/*_test.cc" >/dev/null || tests+=("${module}_test")
    done
    [[ ${#tests[@]} -gt 0 ]] || die "test --fast: no tests in: ${modules[*]}"
    build release "${tests[@]}"
    ctest --test-dir build/release -j "$JOBS" --output-on-failure --no-tests=error \
        -R "^($(IFS='|' && echo "${tests[*]}"))\$" || code=1
    return "$code"
}

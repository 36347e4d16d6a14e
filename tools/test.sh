#!/bin/bash
# test.sh - everything that can be tested on this machine; ends with one line "N passed, N failed, N skipped".
#
# A build, a check and a test of CTest count one each. What this machine cannot run is skipped, named and counted.
set -uo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)
passed=0
failed=0
skipped=0

count() { # count NAME STATUS
    case $2 in
    0) passed=$((passed + 1)) ;;
    77) skipped=$((skipped + 1)) && echo "skipped: $1" ;;
    *) failed=$((failed + 1)) && echo "FAILED: $1" ;;
    esac
}

# Builds a preset and runs its tests, with a command before ctest where one is given.
build_and_test() { # build_and_test PRESET [launcher...]
    local preset=$1
    shift
    echo "== $preset"
    # An old configuration would hide an option that changed since.
    cmake --preset "$preset" >"build/$preset.log" 2>&1 && cmake --build --preset "$preset" >>"build/$preset.log" 2>&1
    local status=$?
    count "build of $preset" $status
    if [ $status -ne 0 ]; then
        tail -n 60 "build/$preset.log"
        return
    fi
    local report="build/$preset-tests.xml"
    rm -f "$report"
    "$@" ctest --preset "$preset" -j "$jobs" --output-junit "$PWD/$report"
    status=$?
    local sums
    if ! sums=$(python3 tools/junit_sums.py "$report"); then
        count "tests of $preset" 1
        return
    fi
    read -r report_passed report_failed report_skipped <<<"$sums"
    passed=$((passed + report_passed))
    failed=$((failed + report_failed))
    skipped=$((skipped + report_skipped))
    if [ $status -ne 0 ] && [ "$report_failed" -eq 0 ]; then
        count "ctest of $preset ended with $status" 1
    fi
}

# The thread sanitizer needs its place in the address space, which some kernels' randomisation takes.
find_tsan_launcher() {
    local probe=build/tsan_probe
    echo 'int main(void) { return 0; }' | cc -fsanitize=thread -x c -o $probe - 2>/dev/null || return 1
    if ./$probe 2>/dev/null; then
        tsan_launcher=()
    elif setarch -R ./$probe 2>/dev/null; then
        tsan_launcher=(setarch -R)
    else
        return 1
    fi
}

tools/bootstrap.sh test || exit 1
mkdir -p build

build_and_test dev

tsan_launcher=()
if find_tsan_launcher; then
    build_and_test tsan "${tsan_launcher[@]}"
else
    count "tsan: the thread sanitizer does not run on this machine" 77
fi

build_and_test release

echo "== guard"
for preset in release guard-clang; do
    tools/guard.sh $preset
    count "instructions of $preset" $?
done
tools/guard.sh release --prove
count "guard finds a planted slowdown" $?

echo "== hashes"
cmake --preset clang >build/clang.log 2>&1 && cmake --build --preset clang --target edacious-sim-program >>build/clang.log 2>&1
count "build of clang" $?
tools/hashes.sh dev tsan release clang
count "hashes agree" $?

echo "== check"
for name in $(tools/check.sh --list); do
    tools/check.sh "$name"
    count "check $name" $?
done

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]

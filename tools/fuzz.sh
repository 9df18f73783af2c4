#!/bin/sh
# fuzz.sh SECONDS [TARGET...] - each fuzz target for that long, from its kept
# inputs; new inputs stay in build-fuzz.  Prints "PASSED FAILED".
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
seconds=${1:?usage: tools/fuzz.sh SECONDS [TARGET...]}
shift
[ -f build-fuzz/build.ninja ] || CC=clang-14 meson setup build-fuzz -Dfuzz=true \
	-Db_sanitize=address,undefined -Db_lundef=false >&2
ninja -C build-fuzz >&2
passed=0 failed=0
for binary in build-fuzz/tests/fuzz/fuzz_*; do
	name=${binary##*/fuzz_}
	case $name in *.p) continue ;; esac
	[ $# = 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
	mkdir -p "build-fuzz/found/$name"
	if "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="build-fuzz/crash-$name-" "build-fuzz/found/$name" \
		"tests/fuzz/seeds/$name" >"build-fuzz/$name.log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "fuzz target $name found something: build-fuzz/$name.log" >&2
	fi
done
echo "$passed $failed"

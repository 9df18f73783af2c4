#!/bin/sh
# test.sh - installs what it needs, builds, runs every test, and ends with
# "N passed, N failed".
#   --full   also sanitizers, fuzzing and long runs (up to 80 minutes)
#   --peers  also installs Suricata and tshark; then their absence is a failure
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
full= peers=
for argument; do
	case $argument in
	--full) full=1 ;;
	--peers) peers=1 ;;
	*)
		echo "usage: tools/test.sh [--full] [--peers]" >&2
		exit 2
		;;
	esac
done
. tools/packages.sh
packages_install tools/packages-build.txt tools/packages-test.txt
[ -z "$peers" ] || tools/peers.sh
export SEKISHO_PEERS="$peers" SEKISHO_FULL="$full"

build() { # FOLDER, then options of meson; the C compiler is that of $CC
	folder=$1
	shift
	[ -f "$folder/build.ninja" ] || meson setup "$folder" --werror "$@" >"$folder.log" 2>&1 || {
		cat "$folder.log" >&2
		return 1
	}
	rm -f "$folder.log"
	ninja -C "$folder"
}

build_and_test() { # as build
	build "$@" || return 1
	meson test -C "$folder" --no-rebuild --print-errorlogs --timeout-multiplier 5 ||
		echo "some tests failed; they are counted below"
	python3 tools/test_count.py "$folder/meson-logs/testlog.junit.xml" >>"$counts"
}

# As build, fast, and nothing is run: that there is no warning counts as one test.
only_compile() {
	build "$@" -Doptimization=0 -Ddebug=false || return 1
	echo "1 0" >>"$counts"
}

counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
build_and_test build-test || echo "0 1" >>"$counts"
if [ -n "$full" ]; then
	build_and_test build-asan -Db_sanitize=address,undefined -Db_lundef=false ||
		echo "0 1" >>"$counts"
	CC=clang-14 build_and_test build-clang || echo "0 1" >>"$counts"
	tools/fuzz.sh 60 >>"$counts" || echo "0 1" >>"$counts"
else
	# Each compiler warns of other things, and gcc of more when it sanitizes.
	only_compile build-warn-asan -Db_sanitize=address,undefined -Db_lundef=false ||
		echo "0 1" >>"$counts"
	CC=clang-14 only_compile build-warn-clang || echo "0 1" >>"$counts"
fi
awk '{ passed += $1; failed += $2 } END { print passed " passed, " failed " failed"; exit failed > 0 }' \
	"$counts"

#!/bin/sh
# quickstart.sh - from a fresh Debian 12 to the first incident: installs packages,
# builds, forges a capture of a small shop being robbed and an innocent one
# beside it, starts aggregator and sensor, and prints one incident.
# Everything it runs is local and ends with it; a second run builds nothing.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tools/packages.sh"
cd "$root"
packages_install tools/packages-build.txt

build=build-demo
if [ ! -f "$build/build.ninja" ]; then
	echo "building (once) ..."
	meson setup "$build" -Dtests=false --buildtype=release >"$build.log" 2>&1 || {
		cat "$build.log" >&2
		exit 3
	}
	rm -f "$build.log"
fi
ninja -C "$build" >"$build/ninja.log" 2>&1 || {
	cat "$build/ninja.log" >&2
	exit 3
}
forge=$build/tools/forge/forge
sensor=$build/sensor/sekisho-sensor
aggregator=$build/aggregator/sekisho-aggregator
sekisho=$build/tools/sekisho

place=$(mktemp -d)
aggregator_pid=
finish() {
	[ -z "$aggregator_pid" ] || { kill "$aggregator_pid" && wait "$aggregator_pid"; } 2>/dev/null || :
	rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT TERM

if [ ! -f "$build/demo/robbery.pcap" ]; then
	mkdir -p "$build/demo"
	for scenario in robbery innocent; do
		"$forge" "tests/scenarios/$scenario.forge" --seed 1 -o "$build/demo/$scenario.part"
		mv "$build/demo/$scenario.part" "$build/demo/$scenario.pcap"
	done
fi

[ -f "$build/demo/demo.mmdb" ] || {
	"$forge" mmdb -o "$build/demo/demo.part"
	mv "$build/demo/demo.part" "$build/demo/demo.mmdb"
}

echo "starting the aggregator ..."
"$aggregator" --listen "ipc://$place/events" --db "$place/sekisho.db" --socket "$place/api" \
	--merchants tools/demo/merchants.csv 2>"$place/aggregator.log" &
aggregator_pid=$!
tries=0
until [ -S "$place/api" ]; do
	tries=$((tries + 1))
	if [ "$tries" -gt 100 ] || ! kill -0 "$aggregator_pid" 2>/dev/null; then
		cat "$place/aggregator.log" >&2
		echo "the aggregator did not start" >&2
		exit 3
	fi
	sleep 0.1
done

echo "reading 43 minutes of traffic of two shops ..."
"$sensor" -r "$build/demo/robbery.pcap" "$build/demo/innocent.pcap" \
	--publish "ipc://$place/events" --spool "$place/spool" --name demo \
	--signatures signatures --policy tools/demo/policy.yaml --list tools/demo/list.csv \
	--geoip "$build/demo/demo.mmdb" \
	2>"$place/sensor.log" || {
	cat "$place/sensor.log" >&2
	exit 3
}
echo
"$sekisho" --socket "$place/api" incident 1

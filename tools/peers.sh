#!/bin/sh
# peers.sh - installs the programs we compare with: tshark, and Suricata from
# backports (the archive is the one this machine already uses).
set -eu
. "$(dirname "$0")/packages.sh"
if ! command -v tshark >/dev/null 2>&1; then
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Update::Error-Mode=any update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install tshark
fi
command -v suricata >/dev/null 2>&1 && exit 0
archive=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' \
	'Created-By: Packages' | awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
[ -n "$archive" ] || {
	echo "no bookworm main archive is configured; Suricata cannot be installed" >&2
	exit 3
}
echo "deb $archive bookworm-backports main" |
	as_root tee /etc/apt/sources.list.d/sekisho-backports.list >/dev/null
as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Update::Error-Mode=any update
as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \
	suricata libhtp2/bookworm-backports

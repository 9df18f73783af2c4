# packages.sh - sourced by quickstart.sh and test.sh: makes sure that the packages
# of a list are installed.  With everything there it needs no network and no root.

# Packages of the files "$@" that are not installed.
packages_missing() {
	for package in $(cat "$@"); do
		dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
			printf '%s ' "$package"
	done
}

# Runs a command as root, or says who should.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "installing packages needs root: run this as root, or install sudo" >&2
		return 3
	fi
}

# packages_install FILE...: ends the script with status 3 where it cannot.
packages_install() {
	missing=$(packages_missing "$@")
	[ -z "$missing" ] && return 0
	echo "installing: $missing"
	# An apt-get update that reaches nothing ends with 0 unless told otherwise.
	if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Update::Error-Mode=any \
		update >"${TMPDIR:-/tmp}/sekisho-apt.$$" 2>&1 ||
		! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
			install $missing >>"${TMPDIR:-/tmp}/sekisho-apt.$$" 2>&1; then
		tail -n 5 "${TMPDIR:-/tmp}/sekisho-apt.$$" >&2
		rm -f "${TMPDIR:-/tmp}/sekisho-apt.$$"
		echo "these Debian packages are missing and could not be installed: $missing" >&2
		echo "go online (or install them by hand) and run this again" >&2
		exit 3
	fi
	rm -f "${TMPDIR:-/tmp}/sekisho-apt.$$"
}

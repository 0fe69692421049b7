# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What every behaviour test begins with:
#
#	load lib
#	setup_file() { ranby_setup_file busybox; }
#	teardown_file() { ranby_teardown_file; }
#
#	@test "exit code of the payload" {
#		run -7 ranby run --rm busybox sh -c 'exit 7'
#	}
#
# `ranby` is a function here: the program of this tree, with a data and a run
# directory of this file's own (removed at the end, containers too). Run a
# file with `tests/as-user bats tests/FILE.bats`; as root it refuses.
# Images that the tests make from Debian packages (tests/images/build):
#	busybox   static busybox with its applets' links, user nobody
#	debian    essential Debian 12 with bash
#	nginx     debian and a layer with nginx: master root, workers www-data
#
# All helpers below fail the test with a message when they fail.
bats_require_minimum_version 1.5.0

RANBY_TREE=${RANBY_TREE:-$(cd "${BATS_TEST_DIRNAME:-.}/.." && pwd)}
RANBY=${RANBY:-$(command -v ranby || echo "$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby")}
RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# ranby_setup_file [IMAGE...]: directories of this file's own, and images loaded into them.
ranby_setup_file() {
	[ "$(id -u)" != 0 ] || fail 'these tests want an unprivileged user: tests/as-user bats FILE'
	[ -x "$RANBY" ] || fail "no $RANBY: run make first"
	# short, because it holds sockets
	RANBY_RUN=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/rt.XXXXXX")
	RANBY_ROOT=$(mktemp -d "${RANBY_TEST_STORE:-${TMPDIR:-/tmp}}/ranby.XXXXXX")
	export RANBY_RUN RANBY_ROOT RANBY
	export XDG_STATE_HOME=$RANBY_ROOT/state-home XDG_CACHE_HOME=$RANBY_ROOT/cache-home
	local image
	for image in "$@"; do load_image "$image"; done
}

ranby_teardown_file() {
	[ -n "${RANBY_ROOT:-}" ] || return 0
	ranby pod rm --all --force --time 0 >/dev/null 2>&1 || true
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
	remove_tree "$RANBY_ROOT" "$RANBY_RUN"
}

ranby() {
	"$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "$@"
}

# load_image NAME: an image of ours, under its short name, no network needed.
load_image() {
	[ -f "$RANBY_TEST_IMAGES/$1.tar" ] || fail "no test image $1: run tests/images/build"
	ranby load --quiet --input "$RANBY_TEST_IMAGES/$1.tar" >/dev/null || fail "cannot load $1"
}

# remove_tree DIR...: also what is owned by subordinate ids.
remove_tree() {
	rm -rf -- "$@" 2>/dev/null || unshare --map-root-user --map-auto rm -rf -- "$@"
}

# wait_for SECONDS COMMAND...: until COMMAND is true, looking 20 times a second.
wait_for() {
	local left=$(($1 * 20))
	shift
	until "$@"; do
		# also where the caller looks at the outcome, and bash therefore does not end at a failure
		((left-- > 0)) || { fail "waited in vain for: $*"; return 1; }
		sleep 0.05
	done
}

# waits_for OTHER: a payload that ends, when it gets SIGTERM, once OTHER got it too. /shared is a volume of both;
# $NAME is its name, there when it is ready.
waits_for() {
	cat <<-END
		trap 'touch /shared/\$NAME.term; until [ -e /shared/$1.term ]; do sleep 0.02; done; touch /shared/\$NAME.ended; exit 0' TERM
		touch /shared/\$NAME
		while :; do sleep 0.02; done
	END
}

# free_port: a TCP port of 127.0.0.1 that nobody has now.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# worker_of PID NAME: the process of that name below it in $worker; other files of tests have workers too, as the same user.
# shellcheck disable=SC2034 # it is the caller's
worker_of() {
	local p
	for p in $(pgrep -P "$1"); do
		if [ "$(cat "/proc/$p/comm" 2>/dev/null)" = "$2" ]; then
			worker=$p
			return 0
		fi
		worker_of "$p" "$2" && return 0
	done
	return 1
}

# ctr_pid NAME: host pid of the container's init.
ctr_pid() {
	local pid
	pid=$(ranby inspect --format '{{.State.Pid}}' "$1") || return
	[ "$pid" -gt 0 ] || fail "$1 has no pid"
	echo "$pid"
}

# status_field PID FIELD [WORD]: from /proc/PID/status, as seen from the host.
status_field() {
	awk -v field="$2:" -v n="${3:-1}" '$1 == field {print $(n + 1)}' "/proc/$1/status"
}

# sub_first KIND: first subordinate id (uid or gid) of this user.
sub_first() {
	awk -F: -v u="$(id -un)" -v n="$(id -u)" '$1 == u || $1 == n {print $2; exit}' "/etc/sub$1"
}

# one_error TEXT: after `run`: $output is one line "Error: ...TEXT..." (and perhaps one hint line).
one_error() {
	local errors
	# shellcheck disable=SC2154 # bats sets it
	errors=$(grep -c '^Error: ' <<<"$output") || true
	[ "$errors" = 1 ] || fail "wanted one Error line, got:" "$output"
	[ "$(wc -l <<<"$output")" -le 2 ] || fail 'more than an error and a hint:' "$output"
	[[ $output == *"$1"* ]] || fail "no \"$1\" in:" "$output"
}

# nothing_left: no container, and no half-made file in the store or the run directory.
nothing_left() {
	local left
	left=$(ranby ps --all --quiet) || fail 'ps fails'
	[ -z "$left" ] || fail 'containers left:' "$left"
	left=$(find "$RANBY_ROOT/containers" "$RANBY_ROOT/names" "$RANBY_RUN" -mindepth 1 \
		! -path "$RANBY_RUN/runtime" ! -path "$RANBY_RUN/keeper*" ! -name '*lock*' 2>/dev/null) || true
	[ -z "$left" ] || fail 'files left:' "$left"
	left=$(find "$RANBY_ROOT" \( -name '*.tmp*' -o -name 'tmp.*' -o -name '.tmp*' \) ! -type d 2>/dev/null) || true
	[ -z "$left" ] || fail 'temporary files left:' "$left"
}

# canary_make / canary_intact: files of the host that an attack would change.
canary_make() {
	CANARY=$BATS_TEST_TMPDIR/canary
	mkdir -p "$CANARY"
	echo unchanged >"$CANARY/file"
	chmod 600 "$CANARY/file"
	CANARY_SUM=$(canary_sum)
}
canary_sum() { find "$CANARY" -printf '%p %y %m %u %s\n' -type f -exec sha256sum {} + | sort | sha256sum; }
canary_intact() { [ "$(canary_sum)" = "$CANARY_SUM" ] || fail 'the canary was changed'; }

# attack_program NAME TO: tests/attack/NAME.c, which needs nothing of the container; a guest has it compiled.
attack_program() {
	local made=$RANBY_TREE/${RANBY_BUILD:-build}/tools/$1
	if [ -n "${RANBY_GUEST:-}" ]; then cp "$made" "$2"; else
		"${CC:-cc}" -O1 -static -o "$2" "$RANBY_TREE/tests/attack/$1.c" || fail "cannot build $1"
	fi
}

# race A B [slowly]: two names are exchanged all the time, until calm.
race() {
	"$RANBY_TREE/${RANBY_BUILD:-build}/tools/swap" "$@" 3>&- &
	RACERS+=($!)
}
calm() {
	[ ${#RACERS[@]} -eq 0 ] || kill "${RACERS[@]}" 2>/dev/null || true
	RACERS=()
}

# no_leak_check: before what traces ranby itself, in a build with sanitizers: LeakSanitizer is a tracer too.
no_leak_check() { export ASAN_OPTIONS=detect_leaks=0; }

# need_program NAME: skips, with the reason.
need_program() {
	command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed"
}

# need_ranges: skips when this user has no subordinate ids.
need_ranges() {
	if [ -z "$(sub_first uid)" ] || [ -z "$(sub_first gid)" ]; then
		skip 'this user has no subordinate ids'
	fi
}

# need_namespaces: skips where the user may not make user namespaces.
need_namespaces() {
	unshare --user --map-root-user true 2>/dev/null || skip 'user namespaces are forbidden here'
}

# tree_of IMAGE: the directory of its first layer.
tree_of() {
	local name
	name=$(ranby image inspect --format '{{index .Ranby.LayerDirs 0}}' "$1")
	echo "$RANBY_ROOT/layers/$name/diff"
}

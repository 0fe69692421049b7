# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# For containerd.bats, on root's side of the guest (in_root there): ctr with
# ranby-runtime as the shim's runc, and what is looked at from the host.
RUNTIME=/usr/local/bin/ranby-runtime
IMAGE=localhost/busybox-docker:latest
WITH=(--runtime io.containerd.runc.v2 --runc-binary "$RUNTIME")
trap 'echo "in_root: failed: $BASH_COMMAND" >&2' ERR

# ctr_run OPTION... -- ID COMMAND...: ctr run, with our runtime; _reading: with our standard input.
ctr_run_reading() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	timeout 60 ctr run "${WITH[@]}" "${options[@]}" "$IMAGE" "$@"
}
ctr_run() { ctr_run_reading "$@" </dev/null; }

# exec_in ID COMMAND...
exec_in() {
	local id=$1
	shift
	timeout 60 ctr tasks exec --exec-id "e$RANDOM" "$id" "$@" </dev/null
}

pid_of() { ctr tasks ls | awk -v id="$1" '$1 == id { print $2 }'; }
status_of() { ctr tasks ls | awk -v id="$1" '$1 == id { print $3 }'; }
in_status() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
group_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"; }
state_of() { "$RUNTIME" --root /run/containerd/runc/default state "$1"; }

# until_is VALUE COMMAND...: COMMAND says VALUE, within a generous time.
until_is() {
	local wanted=$1
	shift
	for _ in $(seq 200); do
		[ "$("$@")" != "$wanted" ] || return 0
		sleep 0.1
	done
	echo "$* says \"$("$@")\", not \"$wanted\"" >&2
	return 1
}

same() { [ "$1" = "$2" ] || { printf 'is     "%s"\nwanted "%s"\n' "$1" "$2" >&2; return 1; }; }
has() { [[ $1 == *"$2"* ]] || { printf '"%s" is not in:\n%s\n' "$2" "$1" >&2; return 1; }; }

# recorded RECEIPT WORD...: the audit log has that record, with these words in it.
recorded() {
	until_is 1 eval "grep -ac '^type=VIRT_CONTROL msg=audit($1)' /var/log/audit/audit.log || true"
	local record word
	record=$(grep -a "^type=VIRT_CONTROL msg=audit($1)" /var/log/audit/audit.log)
	for word in "${@:2}"; do has "$record" "$word"; done
}

# gone ID: killed and removed, nothing of it is left in the host.
gone() {
	ctr tasks kill -s KILL "$1" >/dev/null 2>&1 || true
	until_is STOPPED status_of "$1"
	ctr tasks rm "$1" >/dev/null 2>&1
	ctr containers rm "$1"
	[ ! -e "/sys/fs/cgroup/default/$1" ]
	[ ! -e "/run/containerd/runc/default/$1" ]
	! grep -q "/$1/rootfs" /proc/mounts
}

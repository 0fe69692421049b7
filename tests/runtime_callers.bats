#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The command lines by which containerd's shim (go-runc) and conmon, for
# podman and CRI-O, call a runtime, word by word, and what they read of its
# answers. containerd itself: tests/vm/containerd.bats; podman: runtime_podman.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib
load oci

setup_file() { oci_setup_file; }
teardown_file() { oci_teardown_file; }
setup() {
	oci_setup
	export B
}
teardown() { oci_teardown; }

# shim SCRIPT: in a keeper; `R ARG...` is the runtime as the shim calls it, $B its bundle, with log.json in it.
shim() {
	keeper bash -euEc '
		trap "echo \"failed: \$BASH_COMMAND\" >&2" ERR
		R() { "$RUNTIME" --root "$RUN/shim/k8s.io" --log "$B/log.json" --log-format json "$@"; }
		# fails COMMAND...: a command behind an exclamation mark ends nobody who has set -e
		fails() { if "$@"; then echo "has not failed: $*"; return 1; fi; }
		# said: the last error in the log, as the shim reads it
		said() { jq -rs "map(select(.level == \"error\" and (.time | fromdateiso8601? // (sub(\"\\\\.[0-9]+\"; \"\") | fromdateiso8601)) > 0)) | last.msg" "$B/log.json"; }
		until_stopped() { for _ in $(seq 1500); do [ "$(R state "$1" | jq -r .status)" != stopped ] || return 0; sleep 0.02; done; return 1; }
		'"$1"
}

@test "containerd's shim: create, start, state, exec, ps, kill, delete" {
	need_ranges
	bundle -- sleep 1000
	shim '
		mkdir -p "$RUN/shim"
		R create --bundle "$B" --pid-file "$B/init.pid" c1 </dev/null
		[ "$(R state c1 | jq -r ".status, .pid")" = "created
$(cat "$B/init.pid")" ]
		R start c1
		R state c1 | jq -e "(.created | length) > 0 and .bundle == \"$B\" and .id == \"c1\"" >/dev/null
		R list --format=json | jq -e "length == 1 and .[0].id == \"c1\" and .[0].status == \"running\"" >/dev/null
		jq .process "$B/config.json" | jq ".args = [\"sleep\", \"1001\"] | .terminal = false" >"$RUN/runc-process1"
		R exec --process "$RUN/runc-process1" --detach --pid-file "$B/e1.pid" c1 </dev/null
		[ "$(R ps --format json c1 | jq -S "sort")" = "$(jq -n "[$(cat "$B/init.pid"), $(cat "$B/e1.pid")] | sort")" ]
		jq ".args = [\"/nosuch\"]" "$RUN/runc-process1" >"$RUN/runc-process2"
		fails R exec --process "$RUN/runc-process2" --detach --pid-file "$B/e2.pid" c1 </dev/null 2>/dev/null
		[[ $(said) == *nosuch* ]]
		R kill c1 15
		R kill --all c1 9
		until_stopped c1
		R delete c1
		[ -z "$(ls -A "$RUN/shim/k8s.io")" ]'
}

@test "containerd's shim: what has ended, and what is not there, in the words that it looks for" {
	need_ranges
	bundle -- sleep 1000
	shim '
		R create --bundle "$B" --pid-file "$B/init.pid" c1 </dev/null
		kill -9 "$(cat "$B/init.pid")"
		until_stopped c1
		fails R kill c1 9 2>"$RUN/err"
		grep -qi "no such process" "$RUN/err"
		[[ $(said) == *"no such process"* ]]
		R kill --all c1 9
		R delete c1
		fails R delete c1 2>"$RUN/err"
		grep -q "does not exist" "$RUN/err"
		fails R kill c1 9 2>"$RUN/err"
		grep -q "does not exist" "$RUN/err"
		R delete --force c1
		fails R create --bundle "$B/nosuch" c1 2>/dev/null
		[[ $(said) == *"$B/nosuch"* ]]'
}

@test "containerd's shim: a console socket; update, pause and events of one without a cgroup are errors that say so" {
	need_ranges
	bundle '{"process":{"terminal":true}}' -- sleep 1000
	shim '
		python3 - "$RUN/pty.sock" >"$RUN/got" <<-PYTHON &
			import array, os, socket, sys
			s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1); c = s.accept()[0]
			name, data, *_ = c.recvmsg(4096, socket.CMSG_SPACE(4))
			fd = array.array("i", data[0][2])[0]
			print(os.isatty(fd))
		PYTHON
		for _ in $(seq 1500); do [ ! -S "$RUN/pty.sock" ] || break; sleep 0.02; done
		R create --bundle "$B" --pid-file "$B/init.pid" --console-socket "$RUN/pty.sock" c1
		wait
		[ "$(cat "$RUN/got")" = True ]
		R start c1
		for verb in pause "events --stats" "update --resources -"; do
			: >"$B/log.json"
			echo "{\"pids\":{\"limit\":9}}" | fails R $verb c1 2>/dev/null
			[[ $(said) == *"no cgroup"* ]]
		done
		R delete --force c1'
}

@test "conmon, for CRI-O: create and exec with its options; features and version are read" {
	need_ranges
	bundle -- sleep 1000
	shim '
		C() { "$RUNTIME" --root="$RUN/crio" "$@"; }
		C create --bundle "$B" --pid-file "$B/pidfile" c1 </dev/null
		C start c1
		jq ".process | .args = [\"id\", \"-u\"] | .terminal = false" "$B/config.json" >"$B/exec.json"
		C exec --pid-file "$B/exec.pid" --process "$B/exec.json" --detach c1 </dev/null >"$B/out"
		for _ in $(seq 1500); do [ ! -s "$B/out" ] || break; sleep 0.02; done
		[ "$(cat "$B/out")" = 0 ]
		C state c1 | jq -e ".status == \"running\"" >/dev/null
		C kill c1 SIGKILL
		for _ in $(seq 1500); do [ "$(C state c1 | jq -r .status)" != stopped ] || break; sleep 0.02; done
		C delete --force c1
		C features | jq -e ".ociVersionMin and .ociVersionMax and .linux.mountExtensions.idmap.enabled != null" >/dev/null
		[ "$(C --version | wc -l)" = 3 ]
		C --version | grep -q "^ranby-runtime version "'
}

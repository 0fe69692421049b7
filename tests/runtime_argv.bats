#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The command lines that CRI-O, buildah, Slurm and conmon with a terminal send to
# a runtime, word by word and in their order, and what they read of its answers;
# those of containerd's shim and the rest of conmon's are in runtime_callers.bats.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib
load oci

setup_file() {
	need_ranges
	oci_setup_file
}
teardown_file() { oci_teardown_file; }
setup() {
	oci_setup
	export T=$BATS_TEST_TMPDIR B
	echo '{"args":["sh","-c","echo went >/tmp/went; exec sleep 100"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":0,"gid":0},"capabilities":null,"noNewPrivileges":true}' >"$T/process.json"
}
teardown() { oci_teardown; }

# The words that a Go program unmarshals into what it knows, with their types; times as RFC 3339.
check_state() {
	python3 - "$@" <<-'END'
		import datetime, json, sys
		o = json.loads(sys.argv[1])
		for s in o if isinstance(o, list) else [o]:
		    assert s["status"] == sys.argv[2] and s["id"] == sys.argv[3], s
		    assert isinstance(s["pid"], int) and (s["pid"] > 1) == (s["status"] != "stopped"), s
		    assert s["bundle"].startswith("/") and s["rootfs"].startswith("/") and s["ociVersion"].startswith("1."), s
		    assert all(isinstance(v, str) for v in s.get("annotations", {}).values()), s
		    assert datetime.datetime.strptime(s["created"][:19] + s["created"][-1], "%Y-%m-%dT%H:%M:%SZ"), s
	END
}

@test "conmon: create and exec in its order, with podman's options before the verb" {
	bundle -- sleep 100
	run -0 keeper bash -euc '
		set -- "$RUNTIME" --root "$RUN/state" --log-format=json "--log=$T/oci-log"
		"$@" create --bundle "$B" --pid-file "$T/pidfile" c0ffee </dev/null >/dev/null 2>&1
		"$@" start c0ffee
		"$@" exec --pid-file "$T/exec.pid" --process "$T/process.json" --detach c0ffee </dev/null >/dev/null 2>&1
		kill -0 "$(cat "$T/exec.pid")"
		rc=0; sed s/\"sh\"/\"nosuch\"/ "$T/process.json" >"$T/bad.json"
		"$@" exec --pid-file "$T/bad.pid" --process "$T/bad.json" --detach c0ffee </dev/null >/dev/null 2>&1 || rc=$?
		echo "exec $rc"
		"$@" kill c0ffee 15 || true
		"$@" kill --all c0ffee 9
		for _ in $(seq 1000); do ! "$@" state c0ffee | grep -q stopped || break; sleep 0.02; done
		"$@" delete --force c0ffee' keeper
	[ "$output" = 'exec 127' ] || fail "$output"
	# podman tells 126 and 127 apart by these words
	tail -1 "$T/oci-log" | grep -qE '"msg": ?"executable file `nosuch` not found in \$PATH' || fail "$(cat "$T/oci-log")"
	[[ $(<"$T/pidfile") =~ ^[0-9]+$ && ! -e $T/bad.pid ]]
	none_left
}

@test "conmon with a terminal: --console-socket of create and of exec gets the terminal" {
	bundle '{"process":{"terminal":true,"consoleSize":{"height":7,"width":9}}}' -- sh -c 'tty; : >/told; exec sleep 100'
	sed 's/"args"/"terminal":true,"args"/; s/exec sleep 100/tty/' "$T/process.json" >"$T/tty.json"
	run -0 keeper bash -euc '
		"$RANBY_TREE/tests/attack/console" 1 "$T/s" timeout 60 bash -c "rt create --bundle $B --pid-file $T/pid --console-socket $T/s t1 && rt start t1 && until [ -e $B/rootfs/told ]; do sleep 0.02; done && rt exec --process $T/process.json --detach t1 && rt delete --force t1"
		rt create --bundle "$B" --console-socket "$T/nosuch" t2 2>&1 || true' keeper
	[[ $output = *'/dev/pts/0'*'exit 0'*'Error: console socket'* ]] || fail "$output"
	bundle -- sleep 100
	run -0 keeper bash -euc 'rt create --bundle "$B" t3 </dev/null >/dev/null 2>&1; rt start t3
		"$RANBY_TREE/tests/attack/console" 1 "$T/s" "$RUNTIME" --root "$RUN/state" exec --pid-file "$T/pid3" --process "$T/tty.json" --console-socket "$T/s" t3
		rt delete --force t3' keeper
	[[ $output = *'/dev/pts/'*'exit 0'* ]] || fail "$output"
	none_left
}

@test "CRI-O and buildah: --root and --systemd-cgroup before every verb, a signal by name, resources from standard input" {
	bundle -- sleep 100
	run -0 keeper bash -euc '
		"$RUNTIME" --root "$RUN/state" create --bundle "$B" --pid-file "$T/pidfile" k8s </dev/null >/dev/null 2>&1
		set -- "$RUNTIME" --root "$RUN/state" --systemd-cgroup
		"$@" start k8s
		"$@" state k8s >"$T/running"
		echo "{}" | "$@" update --resources - k8s 2>&1 || echo "update $?"
		"$@" kill k8s SIGKILL
		for _ in $(seq 1000); do ! "$@" state k8s | grep -q stopped || break; sleep 0.02; done
		"$@" delete --force k8s
		"$@" delete --force k8s' keeper
	check_state "$(<"$T/running")" running k8s
	[[ $output = *'has no cgroup of its own'*'update 1' ]] || fail "$output"
	none_left
}

@test "Slurm: run blocks and ends as the payload does, state, kill -a and delete --force as oci.conf has them" {
	bundle -- sh -c 'sleep 300 & exec sleep 301'
	run -0 keeper bash -uc 'set -- "$RUNTIME" "--root=$RUN/state"
		"$@" run --bundle "$B" node1.user.77.0.0 & run=$!
		for _ in $(seq 1000); do ! "$@" state node1.user.77.0.0 2>/dev/null | grep -q running || break; sleep 0.02; done
		"$@" state node1.user.77.0.0 >"$T/running"
		"$@" kill -a node1.user.77.0.0
		for _ in $(seq 50); do kill -0 $run 2>/dev/null || break; sleep 0.02; done
		"$@" kill -a node1.user.77.0.0 SIGKILL || true
		wait $run; echo "run $?"
		"$@" delete --force node1.user.77.0.0; echo "delete $?"' keeper
	check_state "$(<"$T/running")" running node1.user.77.0.0
	[[ ${lines[0]} = 'run 1'[34][37] && ${lines[1]} = 'delete 0' ]] || fail "$output"
	none_left
}

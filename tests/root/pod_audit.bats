#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What kernel audit says of pods: each verb has its records, of the pod and of each container in it, stamped by the
# kernel with the login that asked, and with the reason. ausearch is who is asked.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user

load ../audit

setup_file() {
	audit_begin RAW
	installed
	audit_prelude
}
teardown_file() { audit_end; }
setup() {
	audit_need
	rm -f /run/ranby-witness/*
	: >"$AUDIT_LOG"
}

# as_alice [--su USER] SCRIPT
as_alice() {
	local become=()
	[ "$1" != --su ] || { become=("$1" "$2"); shift 2; }
	audit_as "${become[@]}" "$AUDIT_ALICE" timeout 100 bash -c ". '$PRELUDE'; $1"
	audit_sync
}
found() { audit_search --raw -m VIRT_CONTROL,VIRT_CREATE,VIRT_DESTROY -ul "$(id -u "$AUDIT_ALICE")"; }
# of VM: what ausearch finds of it in the records of alice's logins, "op reason res" a line, in the order of the serials
of() { found | sed -nE "s/.* op=([a-z-]+) reason=([a-z-]+) vm=\"$1\" .* res=([a-z]+)'.*/\1 \2 \3/p"; }


@test "pod create, start, kill, restart, stop, rm: a record of the pod or of each container in it, with the reason" {
	as_alice 'R pod create --network none --infra-name hold --name p >/dev/null; R create --pod p --name m --stop-timeout 1 busybox sleep 100 >/dev/null
		R pod start p >/dev/null; R pod kill -s USR1 p >/dev/null; R pod restart p >/dev/null; R pod stop -t 0 p >/dev/null
		R pod start p >/dev/null; R pod rm p 2>/dev/null; R pod rm -f -t 1 p >/dev/null; R pod create --name bad --ip 10.0.0.1 2>/dev/null; true'
	run -0 of p
	[ "$output" = $'pod-create user success\npod-rm user failed\npod-rm user success' ] || { echo "$output"; false; }
	run -0 of m
	[ "$output" = "create user success
start booted success
kill user success
kill restart success
stop signal success
start booted success
kill stop success
stop signal success
start booted success
kill rm success
stop signal success
rm user success" ] || { echo "$output"; false; }
	run -0 of hold
	[ "$output" = "create user success
start booted success
kill user success
kill restart success
stop exited success
start booted success
kill stop success
stop signal success
start booted success
kill rm success
stop exited success
rm user success" ] || { echo "$output"; false; }
	run -0 of bad
	[ "$output" = 'pod-create user failed' ] || { echo "$output"; false; }
	# the ledger has them too
	[ "$(found | grep -c 'op=pod-create .* claimed-ledger="')" = 2 ]
}

@test "who: the login, also behind su, in each record of a pod; a pod made by run has its own" {
	as_alice --su "$AUDIT_BOB" 'R run -d --pod new:fresh --network none --name m busybox sleep 100 >/dev/null; R pod clone fresh twin >/dev/null
		R pod rm -f -t 0 fresh twin >/dev/null'
	run -0 found
	[ "$(grep -c . <<<"$output")" -ge 12 ]
	[ "$(grep -vc " uid=$(id -u "$AUDIT_BOB") auid=$(id -u "$AUDIT_ALICE") ses=" <<<"$output")" = 0 ]
	[ "$(sed -E 's/.* ses=([0-9]+) .*/\1/' <<<"$output" | sort -u | wc -l)" = 1 ]
	[ "$(of fresh)" = $'pod-create user success\npod-rm user success' ]
	[ "$(of twin)" = $'pod-create user success\npod-rm user success' ]
	[ "$(of m-clone)" = $'create user success\nrm user success' ]
}

@test "a restart by policy and an end by exit policy are records with that reason, and the login of who started it" {
	as_alice 'R pod create --network none --infra-name hold --name p --exit-policy stop >/dev/null
		R run -d --pod p --restart on-failure:1 --name again busybox false >/dev/null
		for _ in $(seq 300); do [ "$(R pod inspect p --format "{{.State}}")" = Exited ] && break; sleep 0.1; done'
	run -0 of again
	[[ $output == $'create user success\nstart booted success\nstop exited success\nstart restart success\nstop exited success'* ]] || { echo "$output"; false; }
	[[ $(found | grep 'op=start reason=restart ') == *" auid=$(id -u "$AUDIT_ALICE") "*' trust=live '* ]]
	run -0 of hold
	[[ $output == *'kill exit-policy success'* ]] || { echo "$output"; false; }
}

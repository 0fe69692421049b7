#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
# Pods: what members share, by the kernel's own numbers; states, order, codes; what is left of one that was removed.

load lib
load bridge

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() { ranby pod rm --all --force --time 0 >/dev/null; ranby rm --all --force --time 0 >/dev/null; }

pod_infra() { ranby pod inspect "$1" --format '{{.InfraContainerID}}'; }
pod_state() { ranby pod inspect "$1" --format '{{.State}}'; }

# ns CONTAINER NAME: the number of a namespace of its first process, as the host's kernel says it
ns() { stat -L -c %i "/proc/$(ranby inspect "$1" --format '{{.State.Pid}}')/ns/$2"; }

# get PORT: is the page served there?
get() { exec 4<>"/dev/tcp/127.0.0.1/$1" && printf 'GET / HTTP/1.0\r\n\r\n' >&4 && grep -q served <&4; }

@test "two members talk over localhost, share ipc, uts and /dev/shm, and nothing else" {
	ranby pod create --name web >/dev/null
	ranby run -d --pod web --name server busybox sh -c 'hostname >/dev/shm/name; echo hello >/tmp/index.html; exec httpd -f -p 80 -h /tmp' >/dev/null
	wait_for 30 ranby exec server test -s /dev/shm/name
	run -0 ranby run --rm --pod web busybox wget -qO- http://localhost/
	[ "$output" = hello ]
	run -0 ranby run --rm --pod web busybox sh -c 'cat /dev/shm/name; hostname'
	[ "$output" = $'web\nweb' ]
	ranby run -d --pod web --name other busybox sleep 100 >/dev/null
	local infra kind
	infra=$(pod_infra web)
	for kind in net ipc uts; do
		[ "$(ns server $kind)" = "$(ns "$infra" $kind)" ]
		[ "$(ns server $kind)" = "$(ns other $kind)" ]
	done
	for kind in user pid mnt cgroup; do
		[ "$(ns server $kind)" != "$(ns "$infra" $kind)" ]
		[ "$(ns server $kind)" != "$(ns other $kind)" ]
	done
	# not the host's either
	[ "$(ns server net)" != "$(stat -L -c %i /proc/self/ns/net)" ]
	[ "$(ns server uts)" != "$(stat -L -c %i /proc/self/ns/uts)" ]
}

@test "SysV memory of one member is another's" {
	command -v ipcmk >/dev/null || skip 'no ipcmk on this host'
	ranby pod create --name p >/dev/null
	ranby run -d --pod p --name a busybox sleep 100 >/dev/null
	local pid
	pid=$(ranby inspect a --format '{{.State.Pid}}')
	nsenter --preserve-credentials --user --ipc --target "$(ranby inspect "$(pod_infra p)" --format '{{.State.Pid}}')" ipcmk --shmem 4096 >/dev/null
	[ "$(wc -l <"/proc/$pid/sysvipc/shm")" = 2 ] || run -0 ranby exec a cat /proc/sysvipc/shm
	run -0 ranby run --rm --pod p busybox cat /proc/sysvipc/shm
	[ "${#lines[@]}" = 2 ]
}

@test "a port is published by the pod, and by no member" {
	local port
	port=$(free_port)
	ranby pod create --name p --publish "127.0.0.1:$port:80" >/dev/null
	ranby run -d --pod p --name a busybox sh -c 'echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp' >/dev/null
	wait_for 30 get "$port" 2>/dev/null
	run -125 ranby create --pod p --publish 80:80 busybox true
	[[ $output == *'published or exposed ports must be defined when the pod is created: network cannot be configured when it is shared with a pod'* ]]
}

@test "what is the pod's to say is refused of a member, in podman's words" {
	ranby pod create --name p >/dev/null
	run -125 ranby create --pod p --hostname x busybox true
	[[ $output == *'cannot set hostname when joining the pod UTS namespace: invalid configuration'* ]]
	run -125 ranby create --pod p --add-host a:192.0.2.1 busybox true
	[[ $output == *'extra host entries must be specified on the pod: network cannot be configured when it is shared with a pod'* ]]
	run -125 ranby create --pod p --dns 192.0.2.1 busybox true
	run -125 ranby create --pod p --userns keep-id busybox true
	[[ $output == *'--userns and --pod cannot be set together'* ]]
	run -125 ranby create --pod p --uidmap 0:0:1 busybox true
	[[ $output == *'cannot specify a new uid/gid map when entering a pod with an infra container'* ]]
	run -125 ranby create --pod none busybox true
	[[ $output == *'no pod with name or ID none found: no such pod'* ]]
	run -125 ranby create --pod p --pod-id-file /nosuch busybox true
	# nothing of them was made
	run -0 ranby pod inspect p --format '{{.NumContainers}}'
	[ "$output" = 1 ]
}

@test "what a member chooses itself it does not share" {
	ranby pod create --name p >/dev/null
	ranby run -d --pod p --name a --network none --uts private --hostname own busybox sleep 100 >/dev/null
	local infra
	infra=$(pod_infra p)
	[ "$(ns a net)" != "$(ns "$infra" net)" ]
	[ "$(ns a uts)" != "$(ns "$infra" uts)" ]
	[ "$(ns a ipc)" = "$(ns "$infra" ipc)" ]
	run -0 ranby exec a hostname
	[ "$output" = own ]
}

@test "--share pid: one view of processes, whose first is the infra container's" {
	ranby pod create --name p --share pid,ipc >/dev/null
	run -125 ranby run -d --pod p busybox sleep 100
	[[ $output == *'shares its PIDs and not its network'* ]]
	ranby run -d --pod p --network none --name a busybox sleep 100 >/dev/null
	ranby run -d --pod p --network none --name b busybox sleep 200 >/dev/null
	local infra kind
	infra=$(pod_infra p)
	for kind in pid user ipc; do [ "$(ns a $kind)" = "$(ns "$infra" $kind)" ] && [ "$(ns b $kind)" = "$(ns "$infra" $kind)" ]; done
	[ "$(ns a net)" != "$(ns b net)" ]
	run -0 ranby exec a ps -o pid,args
	[[ $output == *'1 /pause pause'* ]]
	[[ $output == *'sleep 200'* ]]
	# its end is theirs: none is left
	local pids
	pids="$(ranby inspect a --format '{{.State.Pid}}') $(ranby inspect b --format '{{.State.Pid}}')"
	ranby pod stop --time 0 p >/dev/null
	local pid
	for pid in $pids; do [ ! -e "/proc/$pid" ]; done
}

@test "many join a view of processes at once: nobody is looked at before he has joined" {
	ranby pod create --name p --share pid,ipc >/dev/null
	ranby run -d --pod p --network none --name a busybox sleep 100 >/dev/null
	seq "${RANBY_ATTACK_LOOPS:-60}" | xargs -P 6 -I{} "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" \
		run --rm --pod p --network none busybox true >"$BATS_TEST_TMPDIR/said" 2>&1 || fail "$(sort "$BATS_TEST_TMPDIR/said" | uniq -c)"
	[ ! -s "$BATS_TEST_TMPDIR/said" ]
}

@test "a map of IDs is all members', and a slice of --userns=auto too" {
	local mode
	for mode in auto keep-id nomap host; do
		ranby pod create --name p --userns "$mode" >/dev/null
		ranby run -d --pod p --name a busybox sleep 100 >/dev/null
		run -0 ranby run --rm --pod p busybox cat /proc/self/uid_map
		[ "$output" = "$(ranby exec a cat /proc/self/uid_map)" ]
		[ "$(ns a user)" = "$(ns "$(pod_infra p)" user)" ]
		[ "$(stat -c %u "/proc/$(ranby inspect a --format '{{.State.Pid}}')")" = "$(ranby exec a id -u | (read -r inside; awk -v i="$inside" '$1 <= i && i < $1 + $3 { print $2 + i - $1 }' "/proc/$(ranby inspect a --format '{{.State.Pid}}')/uid_map"))" ]
		ranby pod rm --force --time 0 p >/dev/null
	done
}

@test "a member that would see the host's processes is refused where the user namespace is shared" {
	run -125 ranby pod create --name p --share user --pid host
	ranby pod create --name p --share user >/dev/null
	run -125 ranby run --rm --pod p --pid host busybox true
	[[ $output == *'it could trace what starts the others'* ]]
}

@test "states are podman's, start and stop go in order, and give the codes" {
	local id infra
	id=$(ranby pod create --name p)
	[ "$(pod_state p)" = Created ]
	run -0 ranby ps -q
	[ "$output" = '' ]
	ranby create --pod p --name a busybox sleep 100 >/dev/null
	ranby create --pod p --name b busybox sleep 100 >/dev/null
	infra=$(pod_infra p)
	run -0 ranby pod start p
	[ "$output" = "$id" ]
	[ "$(pod_state p)" = Running ]
	# the one that holds the namespaces is the oldest
	[ "$(ranby inspect "$infra" --format '{{.Ranby.StartTicks}}')" -le "$(ranby inspect a --format '{{.Ranby.StartTicks}}')" ]
	ranby stop --time 0 a >/dev/null
	[ "$(pod_state p)" = Degraded ]
	run -0 ranby pod stop --time 0 p
	[ "$output" = "$id" ]
	[ "$(pod_state p)" = Exited ]
	[ "$(ranby inspect b --format '{{.State.ExitCode}}')" = 137 ]
	run -0 ranby pod stop p
	ranby start a >/dev/null
	# it came with its infra container
	[ "$(ranby inspect "$infra" --format '{{.State.Status}}')" = running ]
	[ "$(pod_state p)" = Degraded ]
	local before
	before=$(ranby inspect a --format '{{.State.Pid}}')
	ranby kill a >/dev/null
	run -0 ranby pod restart p
	[ "$(pod_state p)" = Running ]
	[ "$(ranby inspect a --format '{{.State.Pid}}')" != "$before" ]
	[ "$(ns a net)" = "$(ns b net)" ]
	run -0 ranby pod kill p
	[ "$(pod_state p)" = Exited ]
	run -125 ranby pod kill --signal NONE p
	[[ $output == *'invalid signal: NONE'* ]]
	run -125 ranby pod start none
	[[ $output == *'no pod with name or ID none found: no such pod'* ]]
	run -125 ranby pod stop
	[[ $output == *'you must provide at least one name or id'* ]]
	run -0 ranby pod exists "${id:0:8}"
	run -1 ranby pod exists none
}

@test "--exit-policy stop: the pod ends with the last member, and not before" {
	ranby pod create --name p --exit-policy stop >/dev/null
	ranby pod create --name q >/dev/null
	ranby run -d --pod p --name a busybox sleep 100 >/dev/null
	ranby run -d --pod p --name b busybox sleep 100 >/dev/null
	ranby run -d --pod q --name c busybox true >/dev/null
	ranby stop --time 0 a >/dev/null
	sleep 0.3
	[ "$(ranby inspect "$(pod_infra p)" --format '{{.State.Status}}')" = running ]
	ranby stop --time 0 b >/dev/null
	over() { [ "$(ranby inspect "$(pod_infra p)" --format '{{.State.Status}}')" = exited ]; }
	wait_for 30 over
	[ "$(pod_state p)" = Exited ]
	# the other policy leaves it
	[ "$(ranby inspect "$(pod_infra q)" --format '{{.State.Status}}')" = running ]
	run -125 ranby pod create --exit-policy never
	[[ $output == *'invalid pod exit policy: "never"'* ]]
}

@test "--pod new:NAME makes one, with what is the pod's to have; a container that cannot be made leaves none" {
	local port
	port=$(free_port)
	run -0 ranby run --rm --pod new:fresh --publish "127.0.0.1:$port:80" --hostname inside busybox hostname
	[ "$output" = inside ]
	run -0 ranby pod inspect fresh --format '{{.NumContainers}} {{index .InfraConfig.PortBindings "80/tcp"}}'
	[[ $output == '1 '*"$port"* ]]
	run -125 ranby run --rm --pod new:never nosuchimage:never true
	run -1 ranby pod exists never
	run -125 ranby run --rm --pod new:fresh busybox true
	[[ $output == *'name "fresh" is in use: pod already exists'* ]]
	run -125 ranby run --rm --pod new: busybox true
	one_error 'new pod name must be at least one character'
}

@test "an id file that cannot be written: neither a pod nor a container is left" {
	local verb
	run -125 ranby pod create --name p --pod-id-file /nonexistent/x
	one_error '--pod-id-file /nonexistent/x'
	for verb in create run 'run --rm' 'run --pod new:q'; do
		# shellcheck disable=SC2086 # words
		run -125 ranby $verb --network none --cidfile /nonexistent/x busybox echo ran
		[[ $output == *'--cidfile /nonexistent/x'* && $output != *ran* ]] || fail "$verb:" "$output"
	done
	run -0 ranby ps -aq
	[ -z "$output" ] || fail "$output"
	[ -z "$(ranby pod ps -q)" ]
}

@test "--pod-id-file, --infra=false, --infra-name, --replace" {
	local id
	id=$(ranby pod create --name p --pod-id-file "$BATS_TEST_TMPDIR/id" --infra-name holder)
	[ "$(cat "$BATS_TEST_TMPDIR/id")" = "$id" ]
	run -0 ranby run --rm --pod-id-file "$BATS_TEST_TMPDIR/id" busybox hostname
	[ "$output" = p ]
	[ "$(ranby inspect holder --format '{{.IsInfra}} {{.Pod}}')" = "true $id" ]
	run -125 ranby pod create --name p
	[[ $output == *'name "p" is in use: pod already exists'* ]]
	run -0 ranby pod create --replace --name p --infra=false
	[ "$output" != "$id" ]
	run -1 ranby container exists holder
	run -0 ranby run --rm --pod p busybox true
	run -125 ranby pod create --infra=false --publish 80:80
	[[ $output == *'you must have an infra container to publish port bindings to the host'* ]]
	run -125 ranby pod create --infra=false --share pid
	[[ $output == *'cannot set share(pid) namespaces without an infra container'* ]]
	run -125 ranby pod create --share bad
	run -125 ranby pod create --infra-image busybox
	[[ $output == *'nothing is pulled for it'* ]]
}

@test "rm needs --force while a member runs, and leaves nothing: no file, process or mount" {
	ranby pod create --name p >/dev/null
	ranby run -d --pod p --name a --user 1000 busybox sh -c 'echo x >/dev/shm/mine; sleep 100' >/dev/null
	wait_for 30 ranby exec a test -s /dev/shm/mine
	run -125 ranby pod rm p
	[[ $output == *'cannot be removed without force'* ]]
	run -125 ranby rm --force "$(pod_infra p)"
	[[ $output == *'is the infra container of pod'*'cannot be removed without removing the pod'* ]]
	[ "$(pod_state p)" = Running ]
	local pids
	pids="$(ranby inspect a --format '{{.State.Pid}} {{.State.MonitorPid}}') $(ranby inspect "$(pod_infra p)" --format '{{.State.Pid}} {{.State.MonitorPid}}')"
	run -0 ranby pod rm --force --time 0 p
	run -0 find "$RANBY_ROOT"/{pods,containers,names,pending} "$RANBY_RUN"/runtime "$RANBY_RUN" -mindepth 1 ! -name keeper ! -name runtime
	[ "$output" = '' ]
	run ! grep -F "$RANBY_ROOT/pods" /proc/self/mountinfo
	gone() { local p; for p in $pids; do [ ! -e "/proc/$p" ] || return 1; done; }
	wait_for 30 gone
	run -1 ranby pod rm p
	[[ $output == *'no pod with name or ID p found: no such pod'* ]]
	run -0 ranby pod rm --force p
	run -0 ranby pod rm --ignore p
}

@test "prune takes what has ended, and not what was never started" {
	ranby pod create --name fresh >/dev/null
	ranby pod create --name over >/dev/null
	ranby run -d --pod over busybox true >/dev/null
	ranby pod stop --time 0 over >/dev/null
	run -0 ranby pod prune --force
	[ "${#lines[@]}" = 1 ]
	run -0 ranby pod exists fresh
	run -1 ranby pod exists over
	run -0 ranby container prune --force
	run -0 ranby pod inspect fresh --format '{{.NumContainers}}'
	[ "$output" = 1 ]
	run -0 ranby rm --all
	run -0 ranby pod inspect fresh --format '{{.NumContainers}}'
	[ "$output" = 1 ]
}

@test "ps shows the pod of each, and finds by it; the formats of pod ps" {
	local id
	id=$(ranby pod create --name p --label tier=front)
	ranby create --pod p --name a busybox true >/dev/null
	ranby create --name alone busybox true >/dev/null
	run -0 ranby ps -a --filter pod=p --format '{{.Names}} {{.Pod}} {{.PodName}} {{.IsInfra}}'
	[ "${lines[0]}" = "${id:0:12}-infra ${id:0:12} p true" ]
	[ "${lines[1]}" = "a ${id:0:12} p false" ]
	[ "${#lines[@]}" = 2 ]
	run -0 ranby ps --all --pod
	[[ ${lines[0]} == *'POD ID'*'PODNAME' ]]
	run -0 ranby pod ps
	[[ ${lines[0]} =~ ^'POD ID'\ +'NAME'\ +'STATUS'\ +'CREATED'\ +'INFRA ID'\ +'# OF CONTAINERS'$ ]]
	run -0 ranby pod ps --filter label=tier=front --filter status=created --ctr-names --ctr-status --noheading
	[[ $output == "${id:0:12}"*"${id:0:12}-infra,a"*'created,created'* ]]
	run -0 ranby pod ps -q --no-trunc --filter ctr-names=a
	[ "$output" = "$id" ]
	run -0 ranby pod ps -q --filter status=running
	[ "$output" = '' ]
	run -125 ranby pod ps --filter status=sleeping
	run -125 ranby pod ps --filter colour=red
	run -0 ranby pod ps --latest --format '{{.Name}}'
	[ "$output" = p ]
}

# field LINE N
field() { awk -v n="$2" '{ print $n }' <<<"$1"; }

@test "top of a pod: whose each process is, by the host's numbers and the kernel's own word" {
	local share line name hpid huser pid uid found=0
	for share in ipc,net,uts ipc,net,uts,pid; do
		ranby pod create --name p --share "$share" >/dev/null
		ranby run -d --pod p --name a busybox sh -c 'sleep 1000 & exec sleep 100' >/dev/null
		ranby run -d --pod p --user 7 --name b busybox sleep 200 >/dev/null
		both() { [ "$(ranby pod top --noheading p hpid 2>/dev/null | wc -l)" = 4 ]; }
		wait_for 30 both
		run -0 --separate-stderr ranby pod top --noheading p hpid huser pid args
		while read -r line; do
			name=$(field "$line" 1) hpid=$(field "$line" 2) huser=$(field "$line" 3) pid=$(field "$line" 4)
			[ "$(tr '\0' ' ' <"/proc/$hpid/cmdline")" = "$(cut -d' ' -f5- <<<"$(tr -s ' ' <<<"$line")") " ]
			[ "$(awk '/^NSpid:/ { print $NF }' "/proc/$hpid/status")" = "$pid" ]
			uid=$(awk '/^Uid:/ { print $3 }' "/proc/$hpid/status")
			[ "${huser%%(*}" = "$uid" ]
			[[ $huser != *'('* || $huser == *"($(getent passwd "$uid" | cut -d: -f1))" ]]
			case $line in
			*pause*) [ "$name" = "$(ranby ps --filter pod=p --format '{{.Names}}' | grep infra)" ] ;;
			*'sleep 200'*) [ "$name" = b ] ;;
			*) [ "$name" = a ] ;;
			esac
			found=$((found + 1))
		done <<<"$output"
		ranby pod stop --time 0 p >/dev/null
		run -125 ranby pod top p
		[[ $output == *'top can only be used on pods with at least one running container'* ]]
		ranby pod rm p >/dev/null
	done
	[ "$found" = 8 ]
	run -125 ranby pod top none
}

@test "logs of a pod: each line says whose it is; --names, --container, --color, --follow" {
	ranby pod create --name p >/dev/null
	ranby run -d --pod p --name a busybox sh -c 'echo first; echo second >&2' >/dev/null
	ranby run -d --pod p --name b busybox sh -c 'echo third' >/dev/null
	ended() { [ "$(ranby ps -aq --filter pod=p --filter status=exited | wc -l)" = 2 ]; }
	wait_for 30 ended
	run -0 ranby pod logs --names p
	[ "$(sort <<<"$output")" = $'a first\na second\nb third' ]
	run -0 ranby pod logs p
	[[ $output == *"$(ranby ps -aq --filter name='^b$') third"* ]]
	run -0 ranby pod logs --container b p
	[ "$output" = third ]
	run -0 ranby pod logs --names --color p
	[[ $output == *$'\033[36ma first'* && $output == *$'\033[32mb third'* ]]
	# a name that an id begins with
	ranby rename b "$(ranby inspect --format '{{.ID}}' a | head -c 2)"
	run -0 ranby pod logs --container "$(ranby inspect --format '{{.ID}}' a | head -c 2)" p
	[ "$output" = third ]
	run -125 ranby pod logs --container none p
	# it ends when the last one does
	ranby create --pod p --name late busybox sh -c 'sleep 1; echo later' >/dev/null
	ranby start late >/dev/null
	run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" pod logs --follow --names p
	[[ $output == *'late later'* ]]
}

@test "stats of a pod: its containers that run, in podman's columns" {
	ranby pod create --name p >/dev/null
	ranby pod create --name q >/dev/null
	ranby run -d --pod p --name a busybox sleep 100 >/dev/null
	ranby run -d --pod q --name b busybox sleep 100 >/dev/null
	run -0 ranby pod stats --no-stream p
	[[ ${lines[0]} =~ ^POD\ +CID\ +NAME\ +'CPU %'\ +'MEM USAGE / LIMIT'\ +'MEM %'\ +'NET IO'\ +'BLOCK IO'\ +PIDS$ ]]
	[ "${#lines[@]}" = 3 ]
	[[ $output != *" b "* ]]
	run -0 ranby pod stats --no-stream --format '{{.Name}} {{.PIDS}}'
	[ "${#lines[@]}" = 4 ]
	[[ $output == *'a 1'* && $output == *'b 1'* ]]
}

@test "fields and types of pod inspect and pod ps are podman's, and the words of its errors" {
	command -v podman >/dev/null || skip 'no podman on this host'
	pm() { timeout 60 podman --root "$BATS_TEST_TMPDIR/root" --runroot "$RANBY_RUN/pm" --storage-driver vfs --cgroup-manager cgroupfs --events-backend none "$@"; }
	pm pod create --infra=false --name p --label a=b >"$BATS_TEST_TMPDIR/out" 2>&1 || skip "podman makes no pod here: $(tail -1 "$BATS_TEST_TMPDIR/out")"
	ranby pod create --infra=false --name p --label a=b >/dev/null
	keys() { python3 -c 'import json, sys
o = json.load(sys.stdin)
o = o[0] if isinstance(o, list) else o
print(*sorted(k + ":" + type(v).__name__ for k, v in o.items() if k != "CreateCommand"), sep="\n")'; }
	[ "$(pm pod inspect p | keys)" = "$(ranby pod inspect p | keys)" ]
	[ "$(pm pod ps --format json | keys)" = "$(ranby pod ps --format json | keys)" ]
	[ "$(pm pod ps --filter label=a=b --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}')" = "$(ranby pod ps --filter label=a=b --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}')" ]
	local words theirs code
	for words in 'pod rm none' 'pod start none' 'pod stop none' 'pod exists none' 'pod stop' 'pod kill --signal NO p' 'pod create --infra=false -p 80:80'; do
		# shellcheck disable=SC2086 # words
		theirs=$(pm $words 2>&1) && code=0 || code=$?
		# shellcheck disable=SC2086
		run ranby $words
		[ "$status" = "$code" ] || fail "$words: $status, podman $code"
		[ "${lines[0]:-}" = "$theirs" ] || fail "$words: ${lines[0]:-}" "podman: $theirs"
	done
	pm pod rm --all --force >/dev/null
	pm system migrate >/dev/null 2>&1 3>&- # ends its pause process
	remove_tree "$RANBY_RUN/pm"
}

# seccomp_filters CONTAINER: how many filters its first process has, by the host's kernel
seccomp_filters() { awk '/^Seccomp_filters:/ { print $2 }' "/proc/$(ranby inspect "$1" --format '{{.State.Pid}}')/status"; }

@test "a member's own --security-opt and -v go over the pod's" {
	mkdir "$BATS_TEST_TMPDIR/pods" "$BATS_TEST_TMPDIR/own"
	echo pods >"$BATS_TEST_TMPDIR/pods/word"
	echo own >"$BATS_TEST_TMPDIR/own/word"
	ranby pod create --name p --security-opt seccomp=unconfined -v "$BATS_TEST_TMPDIR/pods:/words" >/dev/null
	ranby run -d --pod p --network none --name open busybox sleep 100 >/dev/null
	ranby run -d --pod p --network none --name closed --security-opt "seccomp=$RANBY_TREE/profiles/seccomp/default.json" -v "$BATS_TEST_TMPDIR/own:/words/" busybox sleep 100 >/dev/null
	[ "$(seccomp_filters open)" = 0 ]
	[ "$(seccomp_filters closed)" -gt 0 ]
	[ "$(cat "/proc/$(ranby inspect open --format '{{.State.Pid}}')/root/words/word")" = pods ]
	[ "$(cat "/proc/$(ranby inspect closed --format '{{.State.Pid}}')/root/words/word")" = own ]
}

@test "--restart, --shm-size, --no-hostname of a pod are its members'; shared memory has no size of its own" {
	ranby pod create --name p --share uts --restart on-failure:2 --shm-size 3m >/dev/null
	ranby run -d --pod p --network none --name a busybox sh -c 'echo started >>/tmp/starts; exit 1' >/dev/null
	twice() { [ "$(ranby inspect a --format '{{.RestartCount}}')" = 2 ]; }
	wait_for 30 twice
	ranby run -d --pod p --network none --restart no --name b busybox sleep 100 >/dev/null
	[ "$(ranby inspect b --format '{{.HostConfig.RestartPolicy.Name}}')" = no ]
	grep -qE ' /dev/shm .* - tmpfs .*size=3072k' "/proc/$(ranby inspect b --format '{{.State.Pid}}')/mountinfo"
	ranby run -d --pod p --network none --shm-size 1m --name c busybox sleep 100 >/dev/null
	grep -qE ' /dev/shm .* - tmpfs .*size=1024k' "/proc/$(ranby inspect c --format '{{.State.Pid}}')/mountinfo"
	run -125 ranby pod create --name q --shm-size 3m
	[[ $output == *'without ipc in --share'* ]]
	ranby pod create --name q >/dev/null
	run -125 ranby create --pod q --shm-size 1m busybox true
	[[ $output == *'/dev/shm is the pod'* ]]
}

@test "--volumes-from of a pod is each member's, --hosts-file what the hosts file of all begins with" {
	mkdir "$BATS_TEST_TMPDIR/from"
	echo theirs >"$BATS_TEST_TMPDIR/from/word"
	echo '192.0.2.99 fromfile' >"$BATS_TEST_TMPDIR/hosts"
	ranby create --name source -v "$BATS_TEST_TMPDIR/from:/data" busybox true >/dev/null
	ranby pod create --name p --network none --volumes-from source --hosts-file "$BATS_TEST_TMPDIR/hosts" >/dev/null
	ranby run -d --pod p --name m busybox sleep 100 >/dev/null
	ranby container clone --run m >/dev/null
	local c root
	for c in m m-clone; do
		root=/proc/$(ranby inspect "$c" --format '{{.State.Pid}}')/root
		[ "$(cat "$root/data/word")" = theirs ]
		grep -qx '192.0.2.99[[:space:]]fromfile' "$root/etc/hosts"
	done
}

@test "what is about the infra container's namespaces is refused without one; what pods have not says why" {
	local option
	for option in '--dns 192.0.2.1' '--network none' '--ip 10.0.0.7' '--hostname x' '--sysctl kernel.shmmax=1' '--userns keep-id' '--add-host a:192.0.2.1' '--uts host'; do
		# shellcheck disable=SC2086 # words
		run -125 ranby pod create --infra=false $option
		[[ $output == *"cannot set ${option%% *} without an infra container"* ]] || fail "$option: $output"
	done
	for option in '--infra-image x' '--infra-command x' '--device-read-bps /dev/x:1' '--blkio-weight-device /dev/x:10' '--memory-swappiness 3' '--shm-size-systemd 1m' '--gpus all' '--infra-conmon-pidfile x'; do
		# shellcheck disable=SC2086
		run -125 ranby pod create $option
		[[ ${#lines[@]} = 1 && $output == "Error: ranby pod create: ${option%% *}: "* ]] || fail "$option: $output"
	done
	run -0 ranby pod ps -q
	[ "$output" = '' ]
}

@test "stop, restart and rm --force take one timeout, not one for each member" {
	local i
	ranby pod create --name p >/dev/null
	for i in 1 2 3 4 5 6; do
		ranby run -d --pod p --name "m$i" --stop-timeout 4 busybox sh -c 'trap "" TERM; while :; do sleep 1; done' >/dev/null
	done
	SECONDS=0
	run -0 ranby pod stop p
	[ "$SECONDS" -ge 3 ]
	# one after another they would take 24
	[ "$SECONDS" -le 20 ]
	for i in 1 2 3 4 5 6; do [ "$(ranby inspect "m$i" --format '{{.State.ExitCode}}')" = 137 ]; done
	ranby pod start p >/dev/null
	SECONDS=0
	run -0 ranby pod rm --force --time 4 p
	[ "$SECONDS" -le 20 ]
	run -0 ranby ps -aq
	[ "$output" = '' ]
}

@test "stop, restart and kill of several pods: all have their signal before the first is waited for" {
	local how p
	mkdir "$BATS_TEST_TMPDIR/shared"
	for how in 'stop --time 60 p q' 'stop --time 60 --all' 'restart p q' 'rm --force --time 60 p q' 'rm --force --time 60 --all' 'kill --signal TERM p q' 'kill p q'; do
		for p in p q; do
			ranby pod create --name $p --network none >/dev/null
			ranby run -d --pod $p --name in-$p --stop-timeout 60 -e NAME=$p -v "$BATS_TEST_TMPDIR/shared:/shared" busybox \
				sh -c "$(waits_for "$([ $p = p ] && echo q || echo p)")" >/dev/null
		done
		for p in p q; do wait_for 30 test -e "$BATS_TEST_TMPDIR/shared/$p"; done
		# shellcheck disable=SC2086 # words
		run -0 ranby pod $how
		[ "$(wc -l <<<"$output")" = 2 ] || fail "$output"
		case $how in
		stop*)
			run -0 ranby inspect --format '{{.State.ExitCode}}' in-p in-q
			[ "$output" = $'0\n0' ] || fail "$how: $output"
			;;
		rm*) [ -e "$BATS_TEST_TMPDIR/shared/p.ended" ] && [ -e "$BATS_TEST_TMPDIR/shared/q.ended" ] || fail "$how" ;;
		restart*)
			[ -e "$BATS_TEST_TMPDIR/shared/p.ended" ] && [ -e "$BATS_TEST_TMPDIR/shared/q.ended" ]
			run -0 ranby inspect --format '{{.State.Running}}' in-p in-q
			[ "$output" = $'true\ntrue' ] || fail "$how: $output"
			;;
		*TERM*)
			run -0 timeout 30 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" wait in-p in-q
			[ "$output" = $'0\n0' ] || fail "$how: $output"
			;;
		kill*)
			run -0 ranby inspect --format '{{.State.ExitCode}}' in-p in-q "$(pod_infra p)" "$(pod_infra q)"
			[ "$output" = $'137\n137\n137\n137' ] || fail "$how: $output"
			;;
		esac
		ranby pod rm --all --force --time 0 >/dev/null
		rm -f "$BATS_TEST_TMPDIR"/shared/*
	done
	nothing_left
}

@test "a pod on bridge networks: its addresses, ports and names are all members'; a stranger reaches it by its name" {
	local p port
	need_bridges
	port=$(free_port)
	ranby network create --subnet 10.91.0.0/24 n1 >/dev/null
	ranby network create --subnet 10.92.0.0/24 n2 >/dev/null
	ranby pod create --name web --network n1:ip=10.91.0.7 --network n2 --network-alias www --publish "127.0.0.1:$port:80" >/dev/null
	ranby pod create --name fixed --network n2 --ip 10.92.0.9 --mac-address 02:42:0a:5c:00:09 >/dev/null
	ranby run -d --pod web --name server busybox sh -c 'echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp' >/dev/null
	ranby run -d --pod fixed --name f busybox sleep 100 >/dev/null
	run -0 nsenter --preserve-credentials --user --net --target "$(ranby inspect "$(pod_infra web)" --format '{{.State.Pid}}')" ip -4 -br addr
	[[ $output == *10.91.0.7/24* && $output == *10.92.0.* ]]
	run -0 nsenter --preserve-credentials --user --net --target "$(ranby inspect "$(pod_infra fixed)" --format '{{.State.Pid}}')" ip -br link
	[[ $output == *02:42:0a:5c:00:09* ]]
	for p in web www 10.91.0.7; do
		run -0 ranby run --rm --network n1 busybox wget -qO- "http://$p/"
		[ "$output" = served ]
	done
	run -0 ranby run --rm --pod fixed busybox wget -qO- http://web/
	[ "$output" = served ]
	wait_for 30 get "$port" 2>/dev/null
	ranby run -d --pod new:made --network n2 --ip 10.92.0.33 --network-alias also --name first busybox sleep 100 >/dev/null
	wait_for 30 looks_up also 10.92.0.33 ranby run --rm --pod fixed busybox
	run -0 ranby pod ps --filter network=n1 --format '{{.Name}} {{.Networks}}'
	[ "$output" = 'web n1,n2' ]
	run -0 ranby pod inspect fixed --format '{{json .InfraConfig.Networks}} {{.InfraConfig.StaticIP}} {{.InfraConfig.StaticMAC}}'
	[ "$output" = '["n2"] 10.92.0.9 02:42:0a:5c:00:09' ]
	ranby pod rm --all --force --time 0 >/dev/null
	ranby network rm n1 n2 >/dev/null
}

@test "a pod's relative paths mean for each member what they meant when the pod was made (A03)" {
	mkdir -p "$BATS_TEST_TMPDIR/mine/data" "$BATS_TEST_TMPDIR/theirs/data"
	echo mine >"$BATS_TEST_TMPDIR/mine/data/file"
	echo theirs >"$BATS_TEST_TMPDIR/theirs/data/file"
	cp "$RANBY_TREE/profiles/seccomp/default.json" "$BATS_TEST_TMPDIR/mine/strict.json"
	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' >"$BATS_TEST_TMPDIR/theirs/strict.json"
	cd "$BATS_TEST_TMPDIR/mine"
	ranby pod create --name p -v ./data:/v --security-opt seccomp=strict.json >/dev/null
	cd "$BATS_TEST_TMPDIR/theirs"
	run -0 ranby run --rm --pod p busybox sh -c 'cat /v/file; unshare -U true 2>&1 | grep -c permitted'
	[ "$output" = $'mine\n1' ]
	ranby pod clone p q >/dev/null
	run -0 ranby run --rm --pod q busybox cat /v/file
	[ "$output" = mine ]
}

@test "container clone of a member stays in its pod; --pod puts one into another, without what that has itself" {
	ranby pod create --name p --security-opt no-new-privileges -v "$BATS_TEST_TMPDIR:/x" >/dev/null
	ranby pod create --name q >/dev/null
	ranby run -d --pod p --name m -e A=1 busybox sleep 100 >/dev/null
	ranby container clone --run m >/dev/null
	[ "$(ranby inspect m-clone --format '{{.Pod}}')" = "$(ranby inspect m --format '{{.Pod}}')" ]
	[ "$(ns m net)" = "$(ns m-clone net)" ]
	[ "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$(ranby inspect m-clone --format '{{.State.Pid}}')/status")" = 1 ]
	ranby container clone --run --pod q m moved >/dev/null
	[ "$(ns moved net)" = "$(ns "$(pod_infra q)" net)" ]
	[ "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$(ranby inspect moved --format '{{.State.Pid}}')/status")" = 0 ]
	[ ! -e "/proc/$(ranby inspect moved --format '{{.State.Pid}}')/root/x" ]
	run -0 ranby exec moved sh -c "echo \$A"
	[ "$output" = 1 ]
	ranby create --name solo --publish 80 --hostname own --dns 192.0.2.1 --uidmap 0:0:1 busybox sleep 100 >/dev/null
	run -0 --separate-stderr ranby container clone --run --pod q solo joined
	# shellcheck disable=SC2154 # bats sets it
	[[ $stderr == *'--uidmap'*'left out'* ]] || fail "$stderr"
	[ "$(ns joined uts)" = "$(ns "$(pod_infra q)" uts)" ]
	run -125 ranby container clone "$(pod_infra p)"
	[[ $output == *'ranby pod clone p'* ]]
	run -125 ranby container clone --pod none m
	[[ $output == *'no such pod'* ]]
}

@test "container clone --pod takes no confinement away: none and private stay, --ident is refused" {
	ranby pod create --name q >/dev/null
	ranby pod create --name alone --network none >/dev/null
	ranby create --name solo --network none --ipc private --uts private --hostname own busybox sleep 100 >/dev/null
	ranby container clone --run --pod q solo joined >/dev/null
	local kind
	for kind in net ipc uts; do
		[ "$(ns joined $kind)" != "$(ns "$(pod_infra q)" $kind)" ]
	done
	run -0 ranby exec joined sh -c 'hostname; ls /sys/class/net'
	[ "$output" = $'own\nlo' ]
	# a member's own too, where the pod has none either
	ranby create --pod alone --name m --network none busybox sleep 100 >/dev/null
	ranby container clone --run --pod q m moved >/dev/null
	[ "$(ns moved net)" != "$(ns "$(pod_infra q)" net)" ]
	ranby create --name known --ident uid busybox sleep 100 >/dev/null
	run -125 ranby container clone --pod q known
	one_error '--ident and --pod cannot be set together'
}

@test "pod clone: the options of the other, its containers, and what is given anew; half a pod is none" {
	ranby pod create --name p --label a=b --share net,uts --exit-policy stop --hostname host -v "$BATS_TEST_TMPDIR:/x" >/dev/null
	ranby run -d --pod p --name m busybox sleep 100 >/dev/null
	ranby create --pod p --name n --network none --uts private --hostname own busybox sleep 100 >/dev/null
	run -0 ranby pod clone --start --label c=d --restart on-failure p
	[ "$(ranby pod inspect "$output" --format '{{.Name}} {{.NumContainers}} {{.ExitPolicy}} {{json .SharedNamespaces}} {{json .Labels}} {{.State}}')" = 'p-clone 3 stop ["net","uts"] {"a":"b","c":"d"} Running' ]
	[ "$(ns m-clone net)" = "$(ns "$(pod_infra p-clone)" net)" ]
	[ "$(ns m-clone net)" != "$(ns m net)" ]
	[ "$(ns n-clone net)" != "$(ns m-clone net)" ]
	[ "$(nsenter --preserve-credentials --user --uts --target "$(ranby inspect n-clone --format '{{.State.Pid}}')" hostname)" = own ]
	[ "$(nsenter --preserve-credentials --user --uts --target "$(ranby inspect "$(pod_infra p-clone)" --format '{{.State.Pid}}')" hostname)" = host ]
	[ -e "/proc/$(ranby inspect m-clone --format '{{.State.Pid}}')/root/x" ]
	[ "$(ranby inspect m-clone --format '{{.HostConfig.RestartPolicy.Name}}')" = on-failure ]
	run -125 ranby pod clone p m-clone --infra-name m
	run -1 ranby pod exists m-clone
	run -125 ranby pod clone p p-clone
	[[ $output == *'name "p-clone" is in use: pod already exists'* ]]
	run -0 ranby pod clone --destroy p other
	run -1 ranby pod exists p
	run -0 ranby pod inspect other --format '{{.NumContainers}}'
	[ "$output" = 3 ]
	run -0 ranby container exists m-clone1
}

@test "pod clone: its containers require each other, not those of the other pod" {
	ranby pod create --name p >/dev/null
	ranby create --name outside --network none busybox sleep 100 >/dev/null
	ranby create --pod p --name first busybox sleep 100 >/dev/null
	ranby create --pod p --name second --requires first,outside busybox sleep 100 >/dev/null
	ranby pod clone p >/dev/null
	run -0 ranby inspect --format '{{json .Dependencies}}' second-clone
	[ "$output" = "[\"$(ranby inspect --format '{{.Id}}' first-clone)\",\"$(ranby inspect --format '{{.Id}}' outside)\"]" ]
	ranby pod rm --force --time 0 p >/dev/null
	ranby start second-clone >/dev/null
	[ "$(ranby inspect --format '{{.State.Running}}' first-clone)" = true ]
	[ "$(ranby inspect --format '{{.State.Running}}' outside)" = true ]
}

@test "inspect finds pods too, system prune takes those that have ended, system reset all" {
	local id
	id=$(ranby pod create --name fresh)
	ranby pod create --name over --label a=b >/dev/null
	ranby run -d --pod over busybox true >/dev/null
	ranby run -d --pod fresh --name runs busybox sleep 100 >/dev/null
	ranby pod stop --time 0 over >/dev/null
	run -0 ranby inspect fresh --format '{{.Id}} {{.NumContainers}}'
	[ "$output" = "$id 2" ]
	run -0 ranby inspect --type pod over --format '{{.State}}'
	[ "$output" = Exited ]
	run -125 ranby inspect --type pod runs
	run -125 ranby inspect --type container fresh
	local theirs
	theirs=$(ranby pod inspect over --format '{{.Id}}')
	run -0 ranby system prune --force --filter label=none
	run -0 ranby pod exists over
	run -0 ranby system prune --force
	[[ $output == *"Deleted Pods"$'\n'"$theirs"* ]]
	run -1 ranby pod exists over
	run -0 ranby pod inspect fresh --format '{{.State}}'
	[ "$output" = Running ]
	XDG_STATE_HOME=$BATS_TEST_TMPDIR/state "$RANBY" --root "$BATS_TEST_TMPDIR/data" --runroot "$RANBY_RUN/r" pod create --name p >/dev/null
	"$RANBY" --root "$BATS_TEST_TMPDIR/data" --runroot "$RANBY_RUN/r" pod start p >/dev/null
	run -0 "$RANBY" --root "$BATS_TEST_TMPDIR/data" --runroot "$RANBY_RUN/r" system reset --force
	run -0 find "$BATS_TEST_TMPDIR/data" "$RANBY_RUN/r" -mindepth 1
	[ "$output" = '' ]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Commands beside run: mount, clone, cleanup, system df, prune and reset. Files are looked at where they lie.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; other shells expand what is in single quotes

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
teardown() {
	ranby rm -af -t 0 >/dev/null
	ranby volume rm -af -t 0 >/dev/null
	! ranby image exists other:1 || ranby rmi other:1 >/dev/null
}

# within WORDS...: a shell of ranby unshare, where $R is this ranby
within() {
	R="$RANBY --root $RANBY_ROOT --runroot $RANBY_RUN" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" unshare sh -c "$@"
}

@test "what is started within unshare: no number of that namespace is taken for the login; its session is recorded" {
	need_ranges
	[ "$(cat /proc/self/loginuid)" != 4294967295 ] || skip 'the tests have no login'
	local who session
	session=$(cat /proc/self/sessionid)
	# there the user, and so the login, is 0
	[ "$(within 'cat /proc/self/loginuid')" = 0 ]
	within '$R run -d --name c --network none busybox sleep 1000' >/dev/null
	who=$(ranby inspect --format '{{json .Ranby.StartedBy}}' c)
	[ "$(jq -r '.loginUid, .auid, .loginUser, .session' <<<"$who" | xargs)" = "translated null null $session" ] || fail "$who"
	[ "$(ranby inspect c | jq '.[0].Ranby.InForce | .auid, .session' | xargs)" = "null $session" ]
	[ "$(ranby ps --format '{{.LoginUser}}|{{.LoginUID}}|{{.Session}}')" = "||$session" ]
	run -0 ranby events --stream=false --filter event=start --filter container="$(ranby ps -q)" --format json
	[ "$(jq '.LoginUID, .Session' <<<"$output" | xargs)" = "null $session" ] || fail "$output"
	[ "$(within '$R info --format "{{.host.login.state}}"')" = translated ]
	[ "$(within '$R top c luser auid ses' | tail -1 | xargs)" = "? ? $session" ]
	run -0 within "\$R whois $(ctr_pid c)"
	[[ $output == *'login session '*"$session"* && $output =~ 'login user ID '.*translated ]] || fail "$output"
	[[ $output != *"login user "[!I]* ]] || fail "$output"
	run -125 within '$R audit rules c'
	one_error 'works on the host only'
	within '$R run --trail --name t --network none busybox true'
	[ "$(ranby audit execs --format json t | jq -r 'select(.type == "exec") | .auid, .ses' | sort -u | xargs)" = "$session null" ]
	# the kernel knows it
	[ "$(cat "/proc/$(ctr_pid c)/loginuid")" = "$(cat /proc/self/loginuid)" ]
}

@test "within unshare no number of that namespace is shown as the host's: top, whois, map" {
	need_ranges
	local pid file=$BATS_TEST_TMPDIR/file
	: >"$file"
	ranby run -d --name h --network none --user 33 busybox sleep 1000 >/dev/null
	pid=$(ctr_pid h)
	# what the numbers are there, and what they are on the host
	[ "$(within "stat -c %u $file")" = 0 ]
	[ "$(ranby top h huid | tail -1)" = "$(stat -c %u "/proc/$pid")" ]
	run -0 within '$R top h huser huid hgroup hgid hgroups howner uidmap hpid uid pid'
	[ "$(xargs <<<"${lines[1]}")" = "? ? ? ? ? ? ? $pid 33 1" ] || fail "$output"
	run -0 within '$R top --format json h huser huid hgroups uid'
	[ "$(jq -c '.[0] | [.huser, .huid, .hgroups, .uid]' <<<"$output")" = '[null,null,null,33]' ] || fail "$output"
	run -0 within "\$R whois --format json pid:$pid"
	[ "$(jq -r '.[0].facts[] | select(.fact == "host user ID" or .fact == "login user ID") | .value' <<<"$output" | sort -u)" = translated ] || fail "$output"
	[[ $(jq -r '.[0].answer' <<<"$output") == 'sleep in container h, '*' not known in this user namespace' ]] || fail "$output"
	# a number may be a process's all the same
	run -0 within "\$R whois $pid"
	[[ $output == *'sleep in container h'* ]] || fail "$output"
	run -0 within "\$R whois $file"
	[[ $output == *'owned by user not known'* && $output =~ 'host user ID '.*translated && $output =~ 'host group ID '.*translated && $output != *root* ]] || fail "$output"
	for which in uid:33 gid:33 33333333 "$(id -un)"; do
		run -125 within "\$R whois $which"
		one_error 'on the host only'
	done
	# the keeper's own map leads to the host; another's does not, but what was recorded there stands
	[ "$(within '$R map --format json h')" = "$(ranby map --format json h)" ]
	run -0 unshare --map-root-user "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" map --format json h
	diff <(jq 'del(..|.source?, .keeperSource?)' <<<"$output") <(ranby map --format json h | jq 'del(..|.source?, .keeperSource?)')
	ranby rm --force --time 0 h >/dev/null
	run -125 within '$R map'
	one_error 'not known in this user namespace'
}

@test "mount: only within unshare; what is written there is the container's" {
	need_ranges
	ranby create --name c --network none busybox cat /etc/from-outside
	run -125 ranby mount c
	one_error 'must execute `ranby unshare` first'
	[ "$(ranby unmount c)" = c ]
	run -125 ranby unmount nope
	# seen in the kernel's own list while it is mounted, and not afterwards
	run -0 within 'd=$($R mount c) && grep -c " $d overlay " /proc/mounts; ls $d/bin/busybox >/dev/null; echo hello >$d/etc/from-outside
		chown 5:6 $d/etc/from-outside; $R mount --format json; $R mount; $R mount c; cd $d; $R unmount c; cd /; $R unmount c; grep -c " $d " /proc/mounts; true'
	[ "${lines[0]}" = 1 ] || fail "$output"
	[[ $output == *'"mountpoint": "'*/merged* ]] || fail "$output"
	[[ $output == *'somebody works in it'* ]] || fail "$output"
	[ "${lines[-1]}" = 0 ] || fail "$output"
	[ "$(ranby start -a c)" = hello ]
	ranby create --name d --network none busybox true
	run -0 within '$R mount -a >/dev/null; $R mount | wc -l; $R unmount -a | wc -l; $R mount | wc -l'
	[ "$output" = $'2\n2\n0' ] || fail "$output"
}

@test "mount: of a container that runs it is its root; one that is started or removed is unmounted first" {
	need_ranges
	ranby run -d --name c --network none -v vol:/v busybox sh -c 'echo in >/v/file; sleep 1000'
	wait_for 30 ranby exec c test -s /v/file
	run -0 within 'd=$($R mount c); cat $d/v/file; echo out >$d/tmp/x; $R unmount c >/dev/null; $R mount'
	[ "${lines[0]}" = in ] || fail "$output"
	[ "${lines[1]}" = "$(ranby ps -q) /proc/$(ctr_pid c)/root" ] || fail "$output"
	[ "$(ranby exec c cat /tmp/x)" = out ]
	ranby stop -t 0 c
	ranby create --name d --network none busybox true
	run -0 within 'd=$($R mount d); $R rm d; ls $d; grep -c merged /proc/mounts; true'
	[[ $output == *'No such file'* ]] && [ "${lines[-1]}" = 0 ] || fail "$output"
	run -0 within '$R mount c >/dev/null; $R start c; grep -c merged /proc/mounts; $R kill c >/dev/null; true'
	[ "$output" = $'c\n0' ] || fail "$output"
}

@test "image mount: only within unshare; read-only, and what a container of it reads" {
	need_ranges
	run -125 ranby image mount busybox
	one_error 'must execute `ranby unshare` first'
	id=$(ranby images -q --no-trunc busybox)
	id=${id#sha256:}
	sum=$(ranby run --rm --network none busybox sha256sum /bin/busybox)
	run -0 within 'd=$($R image mount busybox) && grep -c " $d overlay ro," /proc/mounts; (cd $d && sha256sum bin/busybox | sed "s, b, /b,")
		touch $d/new; $R image mount; $R image mount --format json; [ "$($R image mount busybox)" = $d ] || echo another
		cd $d; $R image unmount busybox; cd /; $R image unmount busybox; $R image unmount busybox; grep -c " $d " /proc/mounts; true'
	[ "${lines[0]}" = 1 ] || fail "$output"
	[ "${lines[1]}" = "$sum" ] || fail "$output"
	[[ ${lines[2]} == *'Read-only file system'* && ${lines[3]} == */busybox:latest\ /*"/$id/merged" ]] || fail "$output"
	[[ $output == *"\"id\": \"$id\""* && $output == *'"mountpoint": "'*/merged* ]] || fail "$output"
	[[ $output == *'somebody works in it'* && $output == *$'\n'"$id"$'\n'* && $output == *'is not mounted here'* ]] || fail "$output"
	[[ $output != *another* && ${lines[-1]} = 0 ]] || fail "$output"
	run -0 within '$R image mount -a | wc -l; $R image mount | wc -l; $R image unmount -a | wc -l; $R image mount | wc -l'
	[ "$output" = $'1\n1\n1\n0' ] || fail "$output"
	# the empty directories stay: another mount namespace may have something mounted there
	find "$RANBY_RUN/images" -depth -type d -empty -delete
	[ ! -e "$RANBY_RUN/images" ]
}

# logged TEXT: c has said it
logged() { ranby logs c 2>&1 | grep -q "$1"; }

# prepared NAME: pid of the init that waits
prepared() { ranby inspect --format '{{.State.Pid}}' "$1"; }

@test "container inspect finds no image; info says what lies below the store" {
	ranby create --name c --network none busybox true
	[ "$(ranby container inspect --format '{{.Name}}' c)" = c ]
	run -125 ranby container inspect busybox
	[[ $output == *'no such container'* ]] || fail "$output"
	run -0 ranby inspect --format '{{.Id}}' busybox
	local word
	word=$(stat -f -c %T "$RANBY_ROOT")
	case $word in ext2/ext3) word=extfs ;; esac
	[ "$(ranby info --format '{{index .Store.GraphStatus "Backing Filesystem"}}')" = "$word" ] || [[ $(ranby info --format '{{index .Store.GraphStatus "Backing Filesystem"}}') == 0x* ]]
}

@test "init: its init stands and does not run; start goes on with that very process" {
	ranby create --name c --network none --hostname here busybox sh -c 'echo ran; sleep 1000'
	[ "$(ranby init c)" = c ]
	[ "$(ranby ps -a --format '{{.Status}} {{.State}}')" = 'Initialized initialized' ]
	[ -z "$(ranby ps -q)" ]
	[ "$(ranby ps -aq --filter status=initialized | wc -l)" = 1 ]
	[ "$(ranby inspect --format '{{.State.Status}} {{.State.Running}}' c)" = 'initialized false' ]
	local pid
	pid=$(prepared c)
	[ "$pid" -gt 0 ]
	[ "$(nsenter --preserve-credentials -U -u -t "$pid" hostname)" = here ] || fail 'no uts namespace of its own'
	[ -z "$(ranby logs c)" ]
	run -125 ranby container init c
	one_error 'is initialized already'
	run -125 ranby exec c true
	run -125 ranby kill c
	one_error 'not running'
	[ "$(ranby start c)" = c ]
	[ "$(ctr_pid c)" = "$pid" ]
	wait_for 30 logged ran
	run -125 ranby init c
	one_error 'running already'
	[ "$(ranby inspect --format '{{.Ranby.StartedBy.loginUid}}' c)" != '' ]
}

@test "init: cp, export and diff reach the files of a container whose init waits" {
	ranby create --name c --network none busybox sh -c 'echo ran >>/was; cat /given; exec sleep 1000'
	ranby start c
	# its cat fails after what this test is about: the file is there when that is said
	wait_for 30 logged given
	ranby stop --time 0 c
	ranby init c
	echo given >"$BATS_TEST_TMPDIR/given"
	ranby cp "$BATS_TEST_TMPDIR/given" c:/given
	[ "$(ranby cp c:/was -  | tar -xO)" = ran ]
	[ "$(ranby export c | tar -xO given)" = given ]
	[[ $(ranby diff c) == *'A /given'*'A /was'* ]] || fail "$(ranby diff c)"
	[ "$(ranby start c)" = c ]
	has_read() { ranby logs c | grep -qx given; }
	wait_for 30 has_read
	ranby rm -f --time 0 c
}

@test "init: stop and rm end what was prepared; how the run before ended is not forgotten" {
	ranby create --name c --network none busybox sh -c 'exit 3'
	run -3 ranby start -a c
	ranby container init c
	local pid
	pid=$(prepared c)
	ranby stop c
	[ ! -e "/proc/$pid" ]
	[ "$(ranby inspect --format '{{.State.Status}} {{.State.ExitCode}}' c)" = 'exited 3' ]
	ranby init --latest
	pid=$(prepared c)
	ranby rm c
	[ ! -e "/proc/$pid" ]
	nothing_left
	ranby create --name d --network none busybox true
	ranby create --name e --network none busybox true
	[ "$(ranby init --all | sort | xargs)" = "$(ranby ps -aq --no-trunc --filter name=^d\$ --filter name=^e\$ | sort | xargs)" ]
	[ -z "$(ranby init --all)" ]
	kill -KILL "$(ranby inspect --format '{{.State.Pid}}' d)"
	wait_for 30 eval '[ "$(ranby inspect --format "{{.State.Status}}" d)" = created ]'
	run -0 ranby start -a d
	[ "$(ranby wait --condition initialized e)" = -1 ]
}

@test "init: with a network helper, --rm and a killed monitor: start makes it afresh" {
	need_ranges
	ranby create --name c --rm busybox sh -c 'ip -o -4 addr show; true'
	ranby init c
	kill -KILL "$(ranby inspect --format '{{.State.MonitorPid}}' c)"
	wait_for 30 eval '[ "$(ranby inspect --format "{{.State.Status}}" c)" = created ]'
	run -0 ranby start -a c
	[[ $output == *inet* ]] || fail "$output"
	ranby create --name c --rm busybox sh -c 'ip -o -4 addr show; true'
	ranby init c
	run -0 ranby start -a c
	[[ $output == *'inet '*'scope global'* ]] || fail "$output"
	nothing_left
}

@test "init: another login's start takes nothing over" {
	ranby create --name c --network none busybox sleep 1000
	ranby init c
	local pid
	pid=$(prepared c)
	# as if somebody else's login had prepared it
	python3 - "$RANBY_ROOT/containers/$(ranby ps -aq --no-trunc)/state.json" <<-'EOF'
		import json, sys
		o = json.load(open(sys.argv[1]))
		o["prepared"]["preparedBy"]["auid"] = 12345
		json.dump(o, open(sys.argv[1], "w"))
	EOF
	ranby start c
	[ "$(ctr_pid c)" != "$pid" ]
	[ ! -e "/proc/$pid" ]
}

@test "init: what cannot be prepared says so, and stays created" {
	mkdir "$BATS_TEST_TMPDIR/v"
	ranby create --name d --network none -v "$BATS_TEST_TMPDIR/v:/v" busybox true
	rmdir "$BATS_TEST_TMPDIR/v"
	run -125 ranby init d
	one_error "$BATS_TEST_TMPDIR/v"
	[ "$(ranby inspect --format '{{.State.Status}}' d)" = created ]
	run -125 ranby init nosuch
	one_error 'no such container'
	run -125 ranby init
}

@test "container clone: the same options, other limits, name and image; the other may go" {
	ranby create --name c --network none -e A=b --label x=y -w /tmp --stop-timeout 3 busybox sh -c 'echo $A; pwd'
	ranby tag busybox other:1
	local id
	id=$(ranby container clone c)
	[ "$(ranby inspect --format '{{.Id}} {{.ImageName}} {{.Config.StopTimeout}} {{index .Config.Labels "x"}}' c-clone)" = "$id localhost/busybox:latest 3 y" ]
	[ "$(ranby start -a c-clone)" = $'b\n/tmp' ]
	ranby container clone c
	ranby container exists c-clone1
	ranby container clone c-clone
	ranby container exists c-clone2
	ranby container clone --memory 64m --cpu-shares 300 c second other:1
	[ "$(ranby inspect --format '{{.HostConfig.Memory}} {{.HostConfig.CpuShares}} {{.ImageName}}' second)" = '67108864 300 localhost/other:1' ]
	[ "$(ranby inspect --format '{{.HostConfig.Memory}}' c)" = 0 ]
	ranby run -d --name r --network none busybox sleep 1000
	run -125 ranby container clone --destroy r
	one_error 'needs --force'
	run -125 ranby container clone --force r
	run -1 ranby container exists r-clone
	ranby container clone --destroy -f --run --name s r
	run -1 ranby container exists r
	[ "$(ranby inspect --format '{{.State.Running}}' s)" = true ]
	run -125 ranby container clone nope
	one_error 'no such container'
}

@test "container clone: a relative path means what it meant where the other was made (A03)" {
	local mine=$BATS_TEST_TMPDIR/mine theirs=$BATS_TEST_TMPDIR/theirs
	mkdir -p "$mine/data" "$theirs/data" "$mine/rootfs"
	cp "$RANBY_TREE/profiles/seccomp/default.json" "$mine/strict.json"
	echo '{"defaultAction": "SCMP_ACT_ALLOW"}' >"$theirs/strict.json"
	echo mine >"$mine/data/file"
	echo theirs >"$theirs/data/file"
	echo WHOSE=mine >"$mine/env"
	echo WHOSE=theirs >"$theirs/env"
	cd "$mine"
	ranby create --name c --network none -v ./data:/v --mount type=bind,src=data,dst=/m --mount 'type=glob,src=dat*/f*,dst=/g' --env-file env \
		--security-opt seccomp=strict.json busybox sh -c 'cat /v/file /m/file /g/file; echo $WHOSE; unshare -U true 2>&1 | grep -c permitted'
	cd "$theirs"
	ranby container clone c
	cd /
	ranby container clone c-clone second
	[ "$(ranby start -a c-clone)" = $'mine\nmine\nmine\nmine\n1' ]
	[ "$(ranby start -a second)" = $'mine\nmine\nmine\nmine\n1' ]
}

@test "container cleanup: of what has ended, several at once, and no harm to what runs" {
	ranby run --name ended --network none busybox true
	ranby run -d --name b --network none busybox sleep 1000
	run -0 ranby container cleanup ended
	[ "$output" = ended ]
	run -125 ranby container cleanup b
	one_error 'refusing to clean up'
	[ "$(ranby inspect --format '{{.State.Running}}' b)" = true ]
	run -0 ranby container cleanup --all
	[ "${#lines[@]}" = 1 ]
	# one that goes by itself is gone after it
	ranby create --rm --name passing --network none busybox true >/dev/null
	run -0 ranby container cleanup --rm passing
	ranby container cleanup --rm ended
	run -1 ranby container exists ended
	ranby tag busybox localhost/cleaned:1
	ranby create -q --name made --network none localhost/cleaned:1 true >/dev/null
	ranby container cleanup --rmi made
	run -1 ranby container exists made
	run -1 ranby image exists localhost/cleaned:1
	run -125 ranby container cleanup
}

# bytes WORDS...: what the files in a directory of the store have in them, by find
bytes() { ranby unshare find "$1" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'; }

@test "ps --size, system df: as find counts it; files of other IDs too" {
	need_ranges
	ranby run --name a --network none -v vol:/v busybox sh -c 'head -c 1000 /dev/zero >/x; chown 5 /x; chmod 0 /x; ln /x /y; head -c 500 /dev/zero >/v/z'
	ranby create --name b --network none busybox true
	local id
	id=$(ranby inspect --format '{{.Id}}' a)
	[ "$(ranby ps -a -s --format '{{.Names}} {{.Size}}' --filter name=b)" = "b 0B (virtual $(ranby images --format '{{.Size}}' busybox | tr -d ' '))" ]
	[[ $(ranby ps -as --format '{{.Size}}' --filter name=a) == '1kB (virtual '* ]]
	run -0 python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Size"]["rwSize"])' < <(ranby ps -a --size --filter name=a --format json)
	[ "$output" = 1000 ]
	# two names of one file: find has seen both
	[ "$(bytes "$RANBY_ROOT/containers/$id/upper")" = 2000 ]
	run -0 ranby system df --format '{{.Type}} {{.Total}} {{.Active}} {{.RawSize}} {{.RawReclaimable}}'
	[[ ${lines[0]} == 'Images 1 1 '*' 0' ]] || fail "$output"
	[ "${lines[1]}" = 'Containers 2 0 1000 1000' ] || fail "$output"
	[ "${lines[2]}" = "Local Volumes 1 1 $(bytes "$RANBY_ROOT/volumes/vol/_data") 0" ] || fail "$output"
	run -0 ranby system df -v
	[[ $output == *'VOLUME NAME'*'vol '*'500B'* ]] || fail "$output"
	[ "$(ranby ps -as --sort size --format '{{.Names}}')" = $'b\na' ]
	run -125 ranby ps --sort size
	run -125 ranby system df -v --format json
	ranby rm a b >/dev/null
	ranby volume rm vol >/dev/null
}

@test "ps --sort also of JSON; --filter until; Created is a time" {
	ranby create --name zz busybox true
	ranby create --name aa busybox true
	run -0 python3 -c 'import json, sys; print([c["Names"][0] for c in json.load(sys.stdin)])' < <(ranby ps -a --sort names --format json)
	[ "$output" = "['aa', 'zz']" ]
	ranby start zz >/dev/null
	[ "$(ranby ps -a --sort runningfor --format '{{.Names}}')" = $'zz\naa' ]
	[ -z "$(ranby ps -aq --filter until=1h)" ]
	[ "$(ranby ps -aq --filter until=2100-01-01 | wc -l)" = 2 ]
	run -125 ranby ps -a --filter until=soon
	run -125 ranby ps -a --filter status=nonsense
	one_error 'unknown container state'
	run -125 ranby ps -a --filter before=nope
	one_error 'no container with name or ID'
	run -125 ranby container prune -f --filter since=nope
	[[ $(ranby ps -a --filter name=aa --format '{{.Created}}') =~ ^[0-9-]{10}\ [0-9:.]+\ [+-][0-9]{4} ]]
	[[ $(ranby inspect --format '{{.Created}}' aa) =~ ^[0-9-]{10}\ [0-9:.]+\ [+-][0-9]{4} ]]
	[[ $(ranby inspect --format '{{json .Created}}' aa) =~ ^\"[0-9-]{10}T[0-9:.]+Z\"$ ]]
	[ "$(ranby inspect --format '{{.Created.Year}} {{.Created.Format "2006-01-02"}} {{.State.FinishedAt.IsZero}}' aa)" = \
		"$(ranby inspect --format '{{json .Created}}' aa | sed 's/"\(\([0-9]*\)-[0-9-]*\)T.*/\2 \1/') true" ]
	[ "$(ranby ps -a --filter name=aa --format '{{.Created.Year}}')" = "$(ranby inspect --format '{{.Created.Year}}' aa)" ]
	[ "$(ranby inspect --format '{{.Created.Unix}}' aa)" = "$(date -d "$(ranby inspect --format '{{json .Created}}' aa | tr -d \")" +%s)" ]
	run -125 ranby inspect --format '{{.Created.Nope}}' aa
	one_error "can't evaluate field Nope in type time.Time"
	[ "$(ranby image inspect --format '{{.Created}} {{.Created.Unix}}' busybox)" = "$(date -u -d "@$(ranby image inspect --format '{{.Created.Unix}}' busybox)" '+%F %T +0000 UTC %s')" ]
	[ "$(ranby ps -a --external -q | wc -l)" = 2 ]
}

@test "inspect: volumes and networks too, with --type and by their names" {
	ranby volume create vol >/dev/null
	[ "$(ranby inspect --format '{{.Name}} {{.Driver}}' vol)" = 'vol local' ]
	[ "$(ranby inspect --type volume vol)" = "$(ranby volume inspect vol)" ]
	ranby network create net >/dev/null
	[ "$(ranby inspect --type network net)" = "$(ranby network inspect net)" ]
	ranby network rm net >/dev/null
	run -125 ranby inspect --type container vol
	run -125 ranby inspect --type volume busybox
	run -125 ranby inspect nope
	one_error 'no such object'
}

@test "commit --include-volumes; --squash says what to do instead" {
	ranby create --name c -v vol:/data --tmpfs /t busybox true
	ranby commit -q c one:1 >/dev/null
	ranby commit -q --include-volumes c two:1 >/dev/null
	[ "$(ranby image inspect --format '{{json .Config.Volumes}}' two:1)" = '{"/data":{}}' ]
	[[ $(ranby image inspect --format '{{json .Config}}' one:1) != *'/data'* ]]
	run -125 ranby commit --squash c three:1
	one_error 'ranby import'
	run -125 ranby commit --format docker c three:1
	one_error 'ranby push --format docker'
	ranby rmi one:1 two:1 >/dev/null
}

@test "images --filter: until, containers, readonly, label!; image prune takes what has no name, and with -a what nobody uses" {
	ranby create --name c busybox true
	ranby commit -q -c 'LABEL x=y' c old:1 >/dev/null
	ranby commit -q c old:1 >/dev/null
	[ "$(ranby images -q --filter dangling=true | wc -l)" = 1 ]
	[ "$(ranby images -q --filter containers=true)" = "$(ranby images -q busybox)" ]
	[ "$(ranby images -q --filter containers=false | wc -l)" = 2 ]
	[ -z "$(ranby images -q --filter readonly=true)" ]
	[ "$(ranby images -q --filter label!=x | wc -l)" = 2 ]
	[ "$(ranby images --format '{{.Repository}}' --filter until=1h)" = localhost/busybox ]
	run -125 ranby images --filter until=soon
	run -0 ranby image prune -f --filter label=other
	[ -z "$output" ]
	run -0 ranby image prune -f
	[[ $output =~ ^[0-9a-f]{64}$ ]] || fail "$output"
	[ "$(ranby images -q | wc -l)" = 2 ]
	run -0 ranby image prune -a -f
	[ "$(ranby images --format '{{.Repository}}')" = localhost/busybox ]
	run -125 ranby image prune </dev/null
}

@test "system prune: containers, images without a name, networks, and volumes when asked" {
	ranby run -d --name runs --network none -v kept:/v busybox sleep 1000
	ranby run --name ended --network none -v gone:/v busybox sh -c 'head -c 3000 /dev/zero >/x'
	ranby network create unused >/dev/null
	run -0 bash -c "echo n | '$RANBY' --root '$RANBY_ROOT' --runroot '$RANBY_RUN' system prune"
	[[ $output == *'all dangling images'* ]] && ranby container exists ended
	run -125 ranby system prune -f --filter name=x
	run -0 ranby system prune -f --filter until=1h
	ranby container exists ended
	local id
	id=$(ranby inspect --format '{{.Id}}' ended)
	run -0 ranby system prune -f
	[ "${lines[0]}" = 'Deleted Containers' ] && [ "${lines[1]}" = "$id" ] || fail "$output"
	[[ $output == *$'Deleted Networks\nunused\nTotal reclaimed space: 3kB' ]] || fail "$output"
	[ "$(ranby volume ls -q | sort)" = $'gone\nkept' ]
	run -0 ranby system prune -a -f --volumes
	[ "${lines[1]}" = gone ] || fail "$output"
	[ "$(ranby volume ls -q)" = kept ]
	ranby container exists runs
	ranby image exists busybox
	ranby rm -f -t 0 -v runs >/dev/null
	ranby volume rm kept >/dev/null
}

@test "system reset: nothing is left in the two directories but they themselves" {
	local RANBY_ROOT=$RANBY_ROOT/reset RANBY_RUN=$RANBY_RUN/reset
	load_image busybox
	ranby run -d --name c --network none -v vol:/v busybox sh -c 'touch /v/x /x; chown 7 /v/x /x; sleep 1000'
	local pid
	pid=$(ctr_pid c)
	printf word | ranby secret create s - >/dev/null
	run -125 ranby system reset </dev/null
	ranby container exists c
	ranby system reset --force
	[ ! -d "/proc/$pid" ]
	[ -z "$(ls -A "$RANBY_ROOT")" ] && [ -z "$(ls -A "$RANBY_RUN")" ] || fail "$(ls -lAR "$RANBY_ROOT" "$RANBY_RUN")"
	load_image busybox
	[ "$(ranby images -q | wc -l)" = 1 ]
}

@test "commands of docker and podman that are not here say what to use, in one line" {
	local line
	while IFS= read -r line; do
		# shellcheck disable=SC2086 # words
		run -125 ranby $line
		one_error 'not supported; '
	done <<-'E'
		kube play x.yaml
		play kube x.yaml
		generate systemd --new web
		container checkpoint web
		machine start
		podmansh
		builder prune
		buildx prune
		buildx create --use
		buildx bake -f x.hcl
		buildx imagetools inspect x
		builder du
		compose up
		context use x
		swarm init
		system connection list
		system migrate
	E
	run -125 ranby contaner ls
	[[ $output = *'did you mean `ranby container`?'* ]] || fail "$output"
	# a group within a group
	run -125 ranby image trust
	[[ $output == *'Usage:'*'ranby image trust COMMAND'*'set '*'show '* ]] || fail "$output"
	run -0 ranby image trust --help
	run -0 ranby help image trust
	run -125 ranby image trust shwo
	[[ $output == *'unknown command "image trust shwo"'*'did you mean `ranby image trust show`?'* ]] || fail "$output"
}

@test "options that docker and podman have before the command, or for limits, are refused with the reason" {
	run -125 ranby --log-level debug ps
	one_error '--log-level: nothing is logged'
	run -125 ranby --storage-driver=vfs images
	one_error 'the driver is overlay'
	run -125 ranby -H tcp://x ps
	one_error 'no daemon'
	run -125 ranby update --device-read-bps /dev/x:1 nope
	one_error 'io.max='
	run -125 ranby container clone --memory-swappiness 5 nope
	one_error 'no such limit'
}

@test "inspect --size: what the container wrote, and that with its image" {
	ranby run --name sized --network none busybox sh -c 'head -c 5000 /dev/zero >/five; rm -f /bin/nothing'
	run -0 ranby inspect --size --format '{{.SizeRw}} {{.SizeRootFs}}' sized
	[ "${output% *}" = 5000 ] || fail "$output"
	[ "${output#* }" -gt 1000000 ]
	run -0 ranby inspect sized
	[[ $output != *SizeRw* ]]
}

@test "rm --force and pod rm --force of one that is named twice: once, with a time to wait and without" {
	local how id
	for how in '--time 1' '--time 0'; do
		id=$(ranby run -d --name twice --network none --init busybox sleep 100)
		# shellcheck disable=SC2086 # words
		run -0 ranby rm --force $how twice "$id" twice
		[ "$output" = twice ] || fail "$how" "$output"
		id=$(ranby pod create --infra=false --name twice)
		ranby run -d --pod twice --network none --init busybox sleep 100 >/dev/null
		# shellcheck disable=SC2086 # words
		run -0 ranby pod rm --force $how twice "$id" twice
		[ "$output" = "$id" ] || fail "$how" "$output"
	done
	# what does not end it is done as often as it was asked for
	ranby create --name twice --network none busybox true >/dev/null
	run -0 ranby stop twice twice
	[ "${lines[*]}" = 'twice twice' ] || fail "$output"
	run -1 ranby rm twice twice
	[[ $output == twice$'\n''Error: '*'no such container'* ]] || fail "$output"
}

@test "version: the fields of the client are there by podman's names, without Client too" {
	[ "$(ranby version --format '{{.Version}} {{.OsArch}}')" = "$(ranby version --format '{{.Client.Version}} {{.Server.OsArch}}')" ]
	run -125 ranby version --format '{{.Nothing}}'
	one_error Nothing
	[ "$(ranby version --format json | jq -r 'keys[]')" = Client ]
}

@test "rows of volumes, networks and images have {{.Label}}; a port that is none is not exposed" {
	ranby volume create --label k=v one >/dev/null
	ranby network create --label k=v one >/dev/null
	[ "$(ranby volume ls --filter name=one --format '{{.Label "k"}}|{{.Label "no"}}')" = 'v|' ]
	[ "$(ranby network ls --filter name=one --format '{{.Label "k"}}|{{.Label "no"}}')" = 'v|' ]
	ranby create --name labelled busybox true >/dev/null
	ranby commit --quiet --change LABEL=k=v labelled labelled:1 >/dev/null
	[ "$(ranby images --format '{{.Label "k"}}|{{.Label "no"}}' labelled)" = 'v|' ]
	ranby volume rm one >/dev/null
	ranby network rm one >/dev/null
	ranby rm labelled >/dev/null
	ranby rmi labelled:1 >/dev/null
	run -125 ranby create --expose nonsense busybox true
	one_error "--expose nonsense: the container's port is not a number or a range from 1 to 65535"
	[[ $output != *--publish* ]] || fail "$output"
	run -125 ranby create --expose 127.0.0.1:80 busybox true
	one_error '--expose 127.0.0.1:80'
}

#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# ranby-witness as it is installed, with the machine's own kernel audit: what
# its records say, who the kernel says wrote them, what real tools make of
# them, what it refuses, and that no receipt means no payload.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC1003 # backslashes are meant so
# shellcheck disable=SC2016 # what is in single quotes runs as another user

load ../audit

setup_file() {
	audit_begin
	installed
	audit_prelude
	RULES=$AUDIT_DIR/before
	export RULES
	[ -e "$AUDIT_DIR/refused" ] || {
		W=$INSTALLED/libexec/ranby/ranby-witness ASK=$INSTALLED/witness-ask
		export W ASK
		make -s -C "$RANBY_TREE" "${RANBY_BUILD:-build}/tools/witness-ask"
		install -m 755 "$RANBY_TREE/${RANBY_BUILD:-build}/tools/witness-ask" "$ASK"
	}
}
teardown_file() { audit_end; }
setup() {
	audit_need
	rm -f /run/ranby-witness/*
	# what another test added and failed to take away
	auditctl -e 1 >/dev/null
	: >"$AUDIT_LOG"
}

# in_login [--su U | --sudo U] USER SCRIPT: a login that runs SCRIPT, in which R is ranby with a store of its own
in_login() {
	local become=()
	case $1 in --su | --sudo) become=("$1" "$2"); shift 2 ;; esac
	audit_as "${become[@]}" "$1" bash -c ". '$PRELUDE'; $2"
}

# records of one type (or any of ours): raw lines
records() { grep -a "^type=${1:-VIRT_}" "$AUDIT_LOG" || true; }
record() { records "$1" | grep -a "$2" | tail -n 1; }
field() { grep -ao "[ ']$2=[^ ']*" <<<"$1" | tail -n 1 | cut -d= -f2- | tr -d '"'; }
prefix() { grep -ao "^[^']*" <<<"$1"; }
ask() { audit_as "$1" "$ASK" "$W" "${@:2}"; }

@test "it is installed with its two capabilities and the group, and nothing else is" {
	[ "$(stat -c '%U:%G %a' "$W")" = 'root:ranby 2755' ]
	[ "$(getcap "$W")" = "$W cap_audit_write,cap_audit_read=ep" ]
	[ "$(find "$INSTALLED" -type f -perm /6000)" = "$W" ]
	[ "$(stat -c '%U:%G %a' /run/ranby-witness)" = 'root:ranby 2770' ]
	run -2 setpriv --reuid="$AUDIT_ALICE" --clear-groups ls /run/ranby-witness
}

@test "a container's life: create, resources, start, exec, kill, stop, rm; whose, and in order (F11, F19)" {
	in_login "$AUDIT_ALICE" 'R run -d --name web -v /etc:/host:ro --network=none busybox sleep 100 >/dev/null
		R exec web true; R kill -s TERM web >/dev/null; R stop -t 0 web >/dev/null; R rm web >/dev/null'
	audit_sync
	local ops uid
	uid=$(id -u "$AUDIT_ALICE")
	ops=$(records VIRT_CONTROL | grep -ao ' op=[a-z]*' | tr -d '\n')
	[ "$ops" = ' op=create op=start op=exec op=kill op=kill op=stop op=rm' ]
	[ "$(records | grep -avc " uid=$uid auid=$uid ses=")" = 0 ]
	[ "$(records | grep -ao ' auid=[0-9]* ses=[0-9]*' | sort -u | wc -l)" = 1 ]
	[ "$(records | grep -ac 'res=success')" = "$(records | wc -l)" ]
	# what it is given comes before, and is a claim but for the map
	[[ $(record VIRT_RESOURCE resrc=mount) == *' trust=caller claimed-mount="/etc:/host:ro" '* ]]
	[[ $(record VIRT_RESOURCE resrc=net) == *'claimed-net="none"'* ]]
	[[ $(record VIRT_RESOURCE resrc=image) == *'claimed-image="localhost/busybox:latest"'* ]]
	[[ $(record VIRT_RESOURCE resrc=uidmap) == *" trust=live uid-map=\"0:$uid:1,"* ]]
	[ "$(records | grep -an 'resrc=' | tail -n 1 | cut -d: -f1)" -lt "$(records | grep -an 'op=start' | cut -d: -f1)" ]
	# one uuid for the run, made of what the record itself says
	[ "$(records VIRT_CONTROL | grep -a ' uuid=' | grep -ao ' uuid=[^ ]*' | sort -u | wc -l)" = 1 ]
}

@test "more is given than has a record each: the last one says how many" {
	in_login "$AUDIT_ALICE" 'for i in $(seq 40); do m="$m -v /etc:/m$i:ro"; done; R run --rm --network=none $m busybox true'
	audit_sync
	# 32 of the request and the map; the image and the network come before the mounts
	[ "$(records VIRT_RESOURCE | wc -l)" = 33 ]
	[ "$(records VIRT_RESOURCE | grep -c 'resrc=mount')" = 30 ]
	[[ $(record VIRT_RESOURCE resrc=mount) == *" claimed-mount=$(printf '... and 11 more' | od -An -tx1 | tr -d ' \n' | tr a-f A-F) "* ]]
}

@test "the uuid decodes to boot id, pid and start time; the receipt is the record's place (F05)" {
	in_login "$AUDIT_ALICE" 'R run -d --name web --network=none busybox sleep 100 >/dev/null
		R inspect --format "{{.State.Pid}} {{.Ranby.StartTicks}} {{.Ranby.Receipt}} {{.Ranby.UUID}}" web
		R ps --format "{{.Receipt}} {{.UUID}}"' >"$BATS_TEST_TMPDIR/out"
	audit_sync
	local start pid ticks receipt uuid hex
	start=$(record VIRT_CONTROL ' op=start ')
	read -r pid ticks receipt uuid <"$BATS_TEST_TMPDIR/out"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" = "$receipt $uuid" ]
	[[ $start == *"audit($receipt):"* ]]
	[ "$(field "$start" uuid)" = "$uuid" ]
	[ "$(field "$start" vm-pid)" = "$pid" ]
	[ "$(field "$start" vm-start)" = "$ticks" ]
	hex=$(tr -d - <<<"$uuid")
	[ "$((16#${hex:20:12}))" = "$ticks" ]
	# 42 bits of boot, 6 of the pid; version; 12 of the pid; variant and 14 of the pid
	[ "$(((16#${hex:8:4} & 0x3f) << 26 | 16#${hex:13:3} << 14 | 16#${hex:16:4} & 0x3fff))" = "$pid" ]
	[ "${hex:12:1}" = 8 ]
	[ "$((16#${hex:0:12} >> 6))" = "$((16#$(tr -d - </proc/sys/kernel/random/boot_id | cut -c1-12) >> 6))" ]
}

@test "real tools read it: ausearch by uuid and name, in words, aureport (F11)" {
	in_login "$AUDIT_ALICE" 'R run -d --name web --network=none busybox sleep 100 >/dev/null; R inspect --format "{{.Ranby.UUID}}" web' >"$BATS_TEST_TMPDIR/uuid"
	audit_sync
	run -0 audit_search -m VIRT_CONTROL --uuid "$(cat "$BATS_TEST_TMPDIR/uuid")" -i
	[[ $output == *"auid=$AUDIT_ALICE"* ]]
	[[ $output == *'op=start'* ]]
	[[ $output == *'vm=web'* ]]
	run -0 audit_search --vm-name web -i
	[[ $output == *'op=create'* ]]
	run -0 audit_search --format text -m VIRT_CONTROL
	[[ $output == *"$AUDIT_ALICE successfully issued-vm-control start to web using"*ranby-witness* ]]
	run -0 audit_report --virt
	[[ $output == *VIRT_CONTROL\ yes* ]]
}

@test "su, sudo -u, another session: the kernel says the login, the record who started it" {
	local alice bob
	alice=$(id -u "$AUDIT_ALICE") bob=$(id -u "$AUDIT_BOB")
	in_login --su "$AUDIT_BOB" "$AUDIT_ALICE" 'R run --rm --name su --network=none busybox true'
	if command -v sudo >/dev/null; then
		in_login --sudo "$AUDIT_BOB" "$AUDIT_ALICE" 'R run --rm --name sudo --network=none busybox true'
	fi
	in_login "$AUDIT_BOB" 'R run --rm --name plain --network=none busybox true'
	audit_sync
	[[ $(record VIRT_CONTROL 'op=start.*vm="su"') == *" uid=$bob auid=$alice ses="* ]]
	if command -v sudo >/dev/null; then
		[[ $(record VIRT_CONTROL 'op=start.*vm="sudo"') == *" uid=$bob auid=$alice ses="* ]]
	fi
	[[ $(record VIRT_CONTROL 'op=start.*vm="plain"') == *" uid=$bob auid=$bob ses="* ]]
	[[ $(record VIRT_CONTROL 'op=start.*vm="plain"') == *" starter-auid=$bob "* ]]
	[[ $(record VIRT_CONTROL 'op=stop.*vm="su"') == *" uid=$bob auid=$alice ses="*' trust=zombie '*' exit-code=0 '* ]]
}

@test "an exec by another session: both are in the record" {
	local dir=$BATS_TEST_TMPDIR/shared
	local env="base=$dir; XDG_STATE_HOME=$dir/state; export XDG_STATE_HOME; R() { ranby --root $dir/data --runroot $dir/run \"\$@\"; }"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" 2>/dev/null || true
	install -d -o "$AUDIT_ALICE" "$dir" "$dir/run" && chmod 700 "$dir/run"
	audit_as "$AUDIT_ALICE" bash -c "$env; R load -q -i \$RANBY_TEST_IMAGES/busybox.tar >/dev/null; R run -d --name web --network=none busybox sleep 100 >/dev/null"
	audit_as "$AUDIT_ALICE" bash -c "$env; R exec web true; R rm -f web >/dev/null; R rmi --all >/dev/null; unshare --map-root-user --map-auto rm -rf $dir/data"
	audit_sync
	local start exec
	start=$(record VIRT_CONTROL ' op=start ') exec=$(record VIRT_CONTROL ' op=exec ')
	[ "$(field "$exec" starter-ses)" = "$(field "$start" starter-ses)" ]
	[ "$(field "$exec" ses-of)" = "$(field "$(prefix "$exec")" ses)" ]
	[ "$(field "$exec" ses-of)" != "$(field "$exec" starter-ses)" ]
	[ "$(field "$exec" uuid)" = "$(field "$start" uuid)" ]
	[ "$(field "$exec" init-pid)" = "$(field "$start" vm-pid)" ]
	[ "$(field "$exec" vm-pid)" != "$(field "$start" vm-pid)" ]
}

@test "what the record says of the payload is what /proc says" {
	local how start pid status
	for how in '' '-u nobody' '--security-opt no-new-privileges' '-u nobody --security-opt no-new-privileges' \
		'--security-opt seccomp=unconfined' '--cap-drop ALL' '--cap-add SYS_ADMIN' \
		'--privileged -u nobody' '--userns keep-id'; do
		: >"$AUDIT_LOG"
		in_login "$AUDIT_ALICE" "R run -d --name web --network=none $how busybox sleep 100 >/dev/null
			p=\$(R inspect --format '{{.State.Pid}}' web); cat /proc/\$p/status; for n in user pid mnt net; do stat -Lc \"ns \$n %i\" /proc/\$p/ns/\$n; done
			echo exe \$(readlink /proc/\$p/exe); grep ^0:: /proc/\$p/cgroup; echo login \$(cat /proc/\$p/loginuid) \$(cat /proc/\$p/sessionid)" >"$BATS_TEST_TMPDIR/proc"
		audit_sync
		start=$(record VIRT_CONTROL ' op=start ')
		status() { awk -v k="$1:" '$1 == k {print $'"${2:-2}"'}' "$BATS_TEST_TMPDIR/proc"; }
		[ "$(field "$start" stage)" = exec-stop ]
		[ "$(field "$start" cap-eff)" = "$(status CapEff)" ]
		[ "$(field "$start" cap-bnd)" = "$(status CapBnd)" ]
		[ "$(field "$start" nnp)" = "$(status NoNewPrivs)" ]
		[ "$(field "$start" vm-uid)" = "$(status Uid)" ]
		[ "$(field "$start" seccomp)" = "$(status Seccomp)" ]
		[ "$(field "$start" seccomp-filters)" = "$(status Seccomp_filters)" ]
		for pid in user pid mnt net; do
			[ "$(field "$start" $pid-ns)" = "$(awk -v n=$pid '$1 == "ns" && $2 == n {print $3}' "$BATS_TEST_TMPDIR/proc")" ]
		done
		[ "$(field "$start" vm-exe)" = "$(awk '$1 == "exe" {print $2}' "$BATS_TEST_TMPDIR/proc")" ]
		[ "$(field "$start" starter-auid) $(field "$start" starter-ses)" = "$(sed -n 's/^login //p' "$BATS_TEST_TMPDIR/proc")" ]
		[ "$(field "$start" cgroup)" = "$(sed -n 's/^0:://p' "$BATS_TEST_TMPDIR/proc")" ]
	done
}

@test "which seccomp profile: its name, and the hash that sha256sum has of what the runtime was given" {
	local start exec profile=/var/tmp/ranby-profile.$BASHPID hash name
	# a file of the user's, with a blank in its name, of one call more than the default
	install -m 644 /dev/null "$profile 1"
	python3 - "$RANBY_TREE/profiles/seccomp/default.json" "$profile 1" <<-'PY'
		import json, sys
		profile = json.load(open(sys.argv[1]))
		profile["syscalls"].append({"names": ["acct"], "action": "SCMP_ACT_ALLOW"})
		json.dump(profile, open(sys.argv[2], "w"))
	PY
	for name in default "$profile 1"; do
		: >"$AUDIT_LOG"
		in_login "$AUDIT_ALICE" "export XDG_CACHE_HOME=\$base/cache
			R run -d --name web --network=none $([ "$name" = default ] || echo "'--security-opt=seccomp=$name'") busybox sleep 100 >/dev/null
			R exec web true
			sha256sum <\$(echo \$base/cache/ranby/seccomp-profile-*)
			R inspect --format '{{.Ranby.SeccompHash}}' web
			R audit trail --format json --last 3" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
		audit_sync
		start=$(record VIRT_CONTROL ' op=start ') exec=$(record VIRT_CONTROL ' op=exec ')
		hash=$(head -n 1 "$BATS_TEST_TMPDIR/out" | cut -d' ' -f1)
		[ "${#hash}" = 64 ]
		[ "$(field "$start" claimed-profile-hash)" = "$hash" ]
		[ "$(field "$exec" claimed-profile-hash)" = "$hash" ]
		[ "$(sed -n 2p "$BATS_TEST_TMPDIR/out")" = "$hash" ]
		[ "$name" = default ] && [[ $start == *' claimed-profile="default" '* ]] ||
			[[ $start == *" claimed-profile=$(printf %s "$name" | od -An -tx1 | tr -d ' \n' | tr a-f A-F) "* ]]
		# and the ledger's entry of the start says both
		grep '"op":"start"' "$BATS_TEST_TMPDIR/out" | jq -e --arg hash "$hash" --arg name "$name" '.profile == $name and ."profile-hash" == $hash'
	done
	rm "$profile 1"
	: >"$AUDIT_LOG"
	in_login "$AUDIT_ALICE" 'R run --rm --network=none --security-opt seccomp=unconfined busybox true'
	audit_sync
	start=$(record VIRT_CONTROL ' op=start ')
	[[ $start == *' claimed-profile="unconfined" '* ]]
	[[ $start != *claimed-profile-hash* ]]
	[ "$(field "$start" seccomp)" = 0 ]
}

# what a start's serial and its payload's first exec's serial are, for every start in the log
orders() {
	python3 - "$AUDIT_LOG" <<-'PY'
		import re, sys
		starts, execs = {}, {}
		for line in open(sys.argv[1], errors="replace"):
		    m = re.match(r"type=(\S+) msg=audit\([\d.]+:(\d+)\):", line)
		    if not m:
		        continue
		    serial = int(m[2])
		    if m[1] == "VIRT_CONTROL" and " op=start " in line and "res=success" in line:
		        starts[int(re.search(r" vm-pid=(\d+)", line)[1])] = serial
		    elif m[1] == "SYSCALL" and 'key="payload"' in line and "success=yes" in line:
		        execs.setdefault(int(re.search(r" pid=(\d+)", line)[1]), []).append(serial)
		# the last exec of that number before it is init's own start of the payload
		ok = bad = 0
		for pid, serial in starts.items():
		    own = [s for s in execs.get(pid, [])]
		    if own and serial < max(own):
		        ok += 1
		    else:
		        bad += 1
		print(ok, bad)
	PY
}

@test "the start's serial is below that of the payload's exec: 200 starts of four kinds (F04, F05)" {
	audit_rule -a always,exit -F arch=b64 -S execve,execveat -F auid="$(id -u "$AUDIT_ALICE")" -k payload
	in_login "$AUDIT_ALICE" 'for i in $(seq 50); do
			R run --rm --network=none busybox true
			R run --rm --network=none -u nobody busybox true
			R run --rm --network=none --security-opt no-new-privileges busybox true
			R run --rm --network=none -u nobody --security-opt no-new-privileges busybox true
		done'
	audit_rule -d always,exit -F arch=b64 -S execve,execveat -F auid="$(id -u "$AUDIT_ALICE")" -k payload
	audit_sync
	[ "$(orders)" = '200 0' ]
	# what each run is known by is its own, although names, namespaces and process ids come back
	[ "$(records VIRT_CONTROL | grep -a ' op=start ' | grep -ao ' uuid=[^ ]*' | sort -u | wc -l)" = 200 ]
	[ "$(records VIRT_CONTROL | grep -a ' op=start ' | grep -aoE ' (boot|vm-pid|vm-start)=[^ ]*' | paste - - - | sort -u | wc -l)" = 200 ]
	echo "namespaces' numbers among 200: $(records VIRT_CONTROL | grep -a ' op=start ' | grep -ao ' pid-ns=[0-9]*' | sort -u | wc -l)"
	# and each has its end, however short it was
	[ "$(records VIRT_CONTROL | grep -a ' op=stop ' | grep -ao ' uuid=[^ ]*' | sort -u | wc -l)" = 200 ]
}

@test "no receipt, no payload: audit off, four kinds of rules, no auditd (F12, F13)" {
	local uid rule mark=$AUDIT_DIR/ran
	uid=$(id -u "$AUDIT_ALICE")
	install -d -m 777 "$mark"
	try() {
		rm -f "$mark/ran"
		run -125 in_login "$AUDIT_ALICE" "R run --rm --require-audit --network=none -v $mark:/mark busybox touch /mark/ran"
		[[ $output == *'an audit receipt is required'*"$1"* ]]
		[ ! -e "$mark/ran" ]
	}
	in_login "$AUDIT_ALICE" "R run --rm --require-audit --network=none -v $mark:/mark busybox touch /mark/ran"
	[ -e "$mark/ran" ]
	auditctl -e 0 >/dev/null
	try 'audit is off'
	auditctl -e 1 >/dev/null
	for rule in "always,exclude -F msgtype=VIRT_CONTROL" "never,user -F uid=$uid"; do
		# shellcheck disable=SC2086
		audit_rule -a $rule
		try 'an audit rule drops our records'
		# shellcheck disable=SC2086
		audit_rule -d $rule
	done
	audit_rule -a always,exclude -F auid="$uid"
	try 'a rule drops all records of this login'
	audit_rule -d always,exclude -F auid="$uid"
	audit_daemon stop
	try 'no auditd is running'
	# who calls himself auditd, hears the stream's protocol, and has files of root in /proc, is none
	cat >"$AUDIT_DIR/impostor" <<-'PY'
		import ctypes, socket, time
		s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
		s.bind((0, 0))
		libc = ctypes.CDLL(None)
		libc.prctl(15, b"auditd", 0, 0, 0)
		libc.prctl(4, 0, 0, 0, 0)
		time.sleep(60)
	PY
	chmod 644 "$AUDIT_DIR/impostor"
	audit_as "$AUDIT_ALICE" python3 "$AUDIT_DIR/impostor" 3>&- &
	local impostor=""
	for _ in $(seq 600); do
		impostor=$(pgrep -x -u "$AUDIT_ALICE" auditd) && [ "$(stat -c %u "/proc/$impostor/comm")" = 0 ] && break
		sleep 0.05
	done
	[ "$(stat -c %u "/proc/$impostor/comm")" = 0 ]
	try 'no auditd is running'
	kill "$impostor"
	audit_daemon start
	rm -f "$mark/ran"
	in_login "$AUDIT_ALICE" "R run --rm --require-audit --network=none -v $mark:/mark busybox touch /mark/ran"
	[ -e "$mark/ran" ]
}

@test "without the requirement it runs, and says self" {
	auditctl -e 0 >/dev/null
	run -0 in_login "$AUDIT_ALICE" 'R run -d --name web --network=none busybox sleep 100 >/dev/null; R inspect --format "{{.Ranby.Receipt}}" web'
	auditctl -e 1 >/dev/null
	[ "$output" = self ]
}

@test "exec --require-audit, and a container that was made so" {
	run -0 in_login "$AUDIT_ALICE" 'R run -d --name web --require-audit --network=none busybox sleep 100 >/dev/null; R exec --require-audit web echo first; R exec web echo second'
	[ "$output" = $'first\nsecond' ]
	audit_rule -a always,exclude -F msgtype=VIRT_CONTROL
	run in_login "$AUDIT_ALICE" 'R create --name web --network=none busybox sleep 100 >/dev/null; R start web; R exec --require-audit web echo first; echo "$?"; R stop -t 0 web >/dev/null; R start --require-audit web; echo "$?"; R ps -a --format "{{.Status}}"'
	audit_rule -d always,exclude -F msgtype=VIRT_CONTROL
	[ "$(grep -c '^125$' <<<"$output")" = 2 ]
	[[ $output != *first* ]]
}

@test "policy requires it, and no option takes that back" {
	audit_rule -a always,exclude -F msgtype=VIRT_CONTROL
	run own_policy '
		echo "require-audit = yes" >/etc/ranby/policy.conf
		in_login "$AUDIT_ALICE" "R run --rm --require-audit=false --network=none busybox echo ran; R run --rm --network=none busybox echo ran" || true'
	audit_rule -d always,exclude -F msgtype=VIRT_CONTROL
	[[ $output != *$'\n'ran* && $output != ran* && $output == *'an audit receipt is required'* ]]
	run own_policy '
		echo "require-audit = maybe" >/etc/ranby/policy.conf
		in_login "$AUDIT_ALICE" "R run --rm --network=none busybox echo ran" || true'
	[[ $output == *'"maybe" is no value of require-audit'* ]]
	[[ $output != *$'\n'ran* ]]
	# it was this test's alone
	run -0 in_login "$AUDIT_ALICE" 'R run --rm --require-audit=false --network=none busybox echo ran'
}

@test "policy: no file, variable or directory of a user's weakens it (F25)" {
	audit_rule -a always,exclude -F msgtype=VIRT_CONTROL
	run own_policy '
		echo "require-audit = yes" >/etc/ranby/policy.conf
		cat >"$AUDIT_DIR/hostile" <<-"SH"
			weak=$base/weak
			for dir in "$weak/.config/ranby" "$weak/ranby" "$weak/etc/ranby" "$weak/policy.conf.d"; do
				mkdir -p "$dir" && printf "require-audit = no\nunset-loginuid = pin\n" | tee "$dir/policy.conf" >"$dir/00.conf"
			done
			printf "[engine]\nrequire-audit = false\n" >"$weak/.config/containers.conf"
			printf "void *x;\n" >"$weak/libc.so.6"
			tries=0
			try() {
				tries=$((tries + 1))
				if out=$(env "$@" ranby --root "$base/data" --runroot "$base/run" run --rm --require-audit=false --network=none busybox echo ran 2>&1); then
					echo "WEAKENED by $*"
				fi
				[[ $out != *ran ]] || echo "RAN with $*"
				[[ $out == *"an audit receipt is required"* || $out == *"cannot open shared object"* || $out == *"file too short"* || $out == *"invalid ELF header"* ]] ||
					echo "UNCLEAR with $*: $out"
			}
			for name in HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME RANBY_CONFIG RANBY_POLICY CONTAINERS_CONF \
				CONTAINERS_CONF_OVERRIDE RANBY_ROOT SYSCONFDIR; do
				case $name in XDG_DATA_HOME | XDG_STATE_HOME | HOME) value=$weak ;; *_CONF*) value=$weak/.config/containers.conf ;; *) value=$weak/.config ;; esac
				try "$name=$value"
			done
			try LD_LIBRARY_PATH="$weak"
			try LD_PRELOAD="$weak/none.so"
			try LD_AUDIT="$weak/none.so"
			try LD_BIND_NOT=1 LD_DEBUG=files LD_DEBUG_OUTPUT="$weak/debug"
			try GCONV_PATH="$weak" LOCPATH="$weak" NLSPATH="$weak/%N" LANG=xx_XX.UTF-8 LC_ALL=xx_XX
			try GLIBC_TUNABLES=glibc.malloc.check=3 MALLOC_CHECK_=3 TZ="$weak/.config/ranby/policy.conf" TZDIR="$weak" IFS=/ CDPATH="$weak"
			try -i PATH="$PATH"
			cd "$weak" && try PWD=/etc
			mkdir -p etc && cd etc && try OLDPWD=/etc
			echo "tries $tries"
		SH
		chmod 644 "$AUDIT_DIR/hostile"
		in_login "$AUDIT_ALICE" "$(cat "$AUDIT_DIR/hostile")"
		# nor one of root that somebody else may write, or that is a link to one
		chown "$AUDIT_ALICE" /etc/ranby/policy.conf
		in_login "$AUDIT_ALICE" "R run --rm --network=none busybox echo ran" && echo "RAN with a file of alice"
		rm /etc/ranby/policy.conf
		ln -s "$AUDIT_DIR/hostile" /etc/ranby/policy.conf
		in_login "$AUDIT_ALICE" "R run --rm --network=none busybox echo ran" && echo "RAN with a link"
		rm /etc/ranby/policy.conf
		mkdir -m 777 /etc/ranby/policy.conf.d
		echo "require-audit = yes" >/etc/ranby/policy.conf.d/a.conf
		in_login "$AUDIT_ALICE" "R run --rm --network=none busybox echo ran" && echo "RAN with a directory that all may write"
		chmod 755 /etc/ranby/policy.conf.d
		echo "require-audit = no" >/etc/ranby/policy.conf.d/b.conf
		in_login "$AUDIT_ALICE" "R run --rm --network=none busybox echo ran" && echo "RAN because of the later file"
		true'
	audit_rule -d always,exclude -F msgtype=VIRT_CONTROL
	[ "$status" = 0 ] || { echo "$output"; false; }
	[[ $output == *'tries 21'* ]]
	[[ $output != *WEAKENED* && $output != *RAN* && $output != *UNCLEAR* ]] || { echo "$output"; false; }
}

@test "the witness runs nothing of its caller's: LD_PRELOAD is for others" {
	cat >"$AUDIT_DIR/preload.c" <<-'C'
		#include <fcntl.h>
		__attribute__((constructor)) static void mark(void) { open("/var/tmp/ranby-preloaded", O_CREAT | O_WRONLY, 0666); }
	C
	"${CC:-cc}" -shared -fPIC -o "$AUDIT_DIR/preload.so" "$AUDIT_DIR/preload.c"
	chmod 755 "$AUDIT_DIR/preload.so"
	rm -f /var/tmp/ranby-preloaded
	audit_as "$AUDIT_ALICE" env LD_PRELOAD="$AUDIT_DIR/preload.so" true
	[ -e /var/tmp/ranby-preloaded ]
	rm /var/tmp/ranby-preloaded
	run audit_as "$AUDIT_ALICE" env LD_PRELOAD="$AUDIT_DIR/preload.so" LD_AUDIT="$AUDIT_DIR/preload.so" "$W" </dev/null
	[ ! -e /var/tmp/ranby-preloaded ]
}

@test "failures are recorded too (F19)" {
	in_login "$AUDIT_ALICE" 'R run --name bad --network=none busybox /no/such/program; R run --name none no-such-image-here true; R exec nobody true; R tag nothing else; true' 2>/dev/null
	audit_sync
	[[ $(record VIRT_CONTROL 'op=start.*vm="bad"') == *'res=failed'* ]]
	[[ $(record VIRT_CONTROL 'op=create.*vm="none"') == *'res=failed'* ]]
	[[ $(record VIRT_CONTROL 'op=create.*vm="none"') == *' trust=caller '* ]]
}

@test "images: pull of an archive, load, tag, untag, rmi (F19)" {
	in_login "$AUDIT_ALICE" 'R tag busybox copy; R untag localhost/busybox:latest copy; R rmi busybox >/dev/null'
	audit_sync
	[ "$(records VIRT_CREATE | grep -ao ' *op=[a-z]*' | tr -d ' \n')" = op=loadop=tag ]
	[ "$(records VIRT_DESTROY | grep -ao ' *op=[a-z]*' | tr -d ' \n')" = op=untagop=rmi ]
	# what was loaded was compared with its digests
	[ "$(records VIRT_INTEGRITY_CHECK | wc -l)" = 1 ]
	[[ $(records VIRT_INTEGRITY_CHECK) == *' op=verify reason=load vm="localhost/busybox:latest" '*' res=success'* ]]
}

@test "volumes: made, and removed with their container; whose they are (F19)" {
	in_login "$AUDIT_ALICE" 'R create --name v -v cache:/c -v /anonymous --network=none busybox true >/dev/null
		R inspect --format "{{.Id}}" v; R rm -v v >/dev/null' >"$BATS_TEST_TMPDIR/id"
	audit_sync
	local id
	id=$(tail -n 1 "$BATS_TEST_TMPDIR/id")
	[ "$(records VIRT_CREATE | grep -c ' op=volume-create reason=user ')" = 2 ]
	[[ $(record VIRT_CREATE 'vm="cache"') == *" auid=$(id -u "$AUDIT_ALICE") "*' trust=caller '*"ctr=$id "*" res=success'"* ]]
	[[ $(record VIRT_DESTROY ' op=volume-rm reason=user ') == *"ctr=$id "*" res=success'"* ]]
	[ "$(records VIRT_DESTROY | grep -c ' op=volume-rm ')" = 1 ]
	run -0 audit_search -m VIRT_CREATE --vm-name cache -i
	[[ $output == *"auid=$AUDIT_ALICE"*'op=volume-create'* ]]
	# none is made where it cannot be told of
	audit_rule -a always,exclude -F msgtype=VIRT_CREATE
	run in_login "$AUDIT_ALICE" 'R create --require-audit -v cache:/c --network=none busybox true; ls "$base/data/volumes"'
	audit_rule -d always,exclude -F msgtype=VIRT_CREATE
	[[ $output == *'an audit receipt is required, and there is none for volume-create'* ]]
	[[ $output != *$'\ncache'* ]]
}

@test "content that is not what its digest says is a failed integrity check, and its bytes make no image" {
	python3 - "$RANBY_TEST_IMAGES/busybox.tar" "$AUDIT_DIR/bad.tar" <<-'PY'
		import sys, tarfile
		whole = bytearray(open(sys.argv[1], "rb").read())
		member = max(tarfile.open(sys.argv[1]).getmembers(), key=lambda m: m.size)
		whole[member.offset_data + member.size // 2] ^= 1
		open(sys.argv[2], "wb").write(whole)
	PY
	chmod 644 "$AUDIT_DIR/bad.tar"
	: >"$AUDIT_LOG"
	in_login "$AUDIT_ALICE" "R rmi --all >/dev/null; R load -q -i '$AUDIT_DIR/bad.tar'; R images -q | wc -l" >"$BATS_TEST_TMPDIR/out" 2>&1 || true
	audit_sync
	[[ $(record VIRT_INTEGRITY_CHECK 'op=verify reason=load') == *" res=failed'"* ]]
	[[ $(record VIRT_CREATE 'op=load') == *" res=failed'"* ]]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" = 0 ]
	run -0 audit_search -m VIRT_INTEGRITY_CHECK -i
}

@test "a pull that a run did is the same record; --rm removes with a reason of its own" {
	local archive=docker-archive:$RANBY_TEST_IMAGES/busybox.tar
	in_login "$AUDIT_ALICE" "R run --rm --name auto --network=none $archive true"
	audit_sync
	[[ $(record VIRT_INTEGRITY_CHECK 'op=verify reason=pull') == *" res=success'"* ]]
	[[ $(record VIRT_CREATE 'op=pull') == *'claimed-digest="sha256:'*" res=success'"* ]]
	[[ $(record VIRT_CONTROL 'op=rm ') == *' op=rm reason=auto vm="auto" '*" res=success'"* ]]
	# what is in the store already is not pulled
	: >"$AUDIT_LOG"
	in_login "$AUDIT_ALICE" 'R run --rm --name auto --network=none busybox true'
	audit_sync
	[ "$(records VIRT_CREATE | grep -c 'op=pull')" = 0 ]
}

@test "A52: names and claims of any bytes come back as they were, and forge no field (F14)" {
	local uid text back tried=0
	uid=$(id -u "$AUDIT_ALICE")
	for text in 'x" res=success'"'"' auid=0' "a'b" 'two words' 'new\x0aline' 'tab\x09' 'group\x1dsep' '\xc3\xa4\xe2\x82\xac' '\xff\xfe' \
		'a=b,c' 'uid=0' '"' '\\' '%s%n' '\x7f' "'\\x0atype=VIRT_CONTROL msg=audit(1.1:1): auid=0"; do
		: >"$AUDIT_LOG"
		ask "$AUDIT_ALICE" 0 "vm=$text" "claim.2=$text" "claim.8=$text"
		audit_sync
		[ "$(records | wc -l)" = 1 ]
		text=$(python3 -c 'import re, sys; print(re.sub(rb"\\x(..)", lambda m: bytes([int(m[1], 16)]), sys.argv[1].encode()).hex())' "$text")
		for back in vm claimed-image claimed-cmd; do
			back=$(records | python3 -c '
import re, sys
line = sys.stdin.buffer.read()
m = re.search(rb" " + sys.argv[1].encode() + rb"=(\"[^\"]*\"|[0-9A-F]+) ", line)
v = m[1]
print(v[1:-1].hex() if v.startswith(b"\"") else v.decode().lower())' "$back")
			[ "$back" = "$text" ]
		done
		# the kernel's stamp is the only one
		[ "$(records | grep -ao "[ '(]auid=[0-9]*" | wc -l)" = 1 ]
		run -0 audit_search -m VIRT_CONTROL -ul "$uid" -i
		tried=$((tried + 1))
	done
	[ "$tried" = 15 ]
}

@test "other readers: today's records have the fields, the order and the forms of those with golden outputs (F30)" {
	in_login "$AUDIT_ALICE" "R create --name web -v cache:/c -v /anonymous -v /etc:/host:ro --network=none busybox sleep 100 >/dev/null
		R start web >/dev/null; R exec -u nobody web sh -c 'echo \"it'\"'\"'s\"' >/dev/null; R kill -s USR1 web >/dev/null; R restart -t 0 web >/dev/null
		R stop -t 0 web >/dev/null; R rm -v web >/dev/null; R run --rm --network=none busybox sh -c 'exit 3' || true
		R run --name bad --network=none busybox /no/such/program 2>/dev/null || true; R rm bad >/dev/null; R tag busybox copy; R untag localhost/busybox:latest copy
		R pull -q localhost:1/nothing 2>/dev/null || true; R rmi busybox >/dev/null"
	audit_sync
	[ -z "${SIEM_KEEP:-}" ] || records >"$SIEM_KEEP"
	"$RANBY_TREE/tests/siem/shapes" <"$AUDIT_LOG" >"$BATS_TEST_TMPDIR/today"
	"$RANBY_TREE/tests/siem/shapes" <"$RANBY_TREE/tests/siem/records.log" | diff - "$BATS_TEST_TMPDIR/today"
	# each of them is what those readers make of it, and none forges a login
	"$RANBY_TREE/tests/siem/auditbeat" < <(records) >"$BATS_TEST_TMPDIR/beat"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/beat")" = "$(records | wc -l)" ]
	[ "$(grep -c "\"auid\": \"$(id -u "$AUDIT_ALICE")\"" "$BATS_TEST_TMPDIR/beat")" = "$(records | wc -l)" ]
}

@test "A52: a name that ends the message for who reads quotes so forges nothing there either" {
	: >"$AUDIT_LOG"
	ask "$AUDIT_ALICE" 0 "vm=x'auid=0'res=failed'" "claim.2=y'uid=0" "claim.8=z'msg='auid=0"
	audit_sync
	run -0 "$RANBY_TREE/tests/siem/auditbeat" < <(records)
	[[ $output == *"\"auid\": \"$(id -u "$AUDIT_ALICE")\""* ]]
	[[ $output == *'"result": "success"'* ]]
	[[ $output == *"\"vm\": \"$(printf "x'auid=0'res=failed'" | od -An -tx1 | tr -d ' \n' | tr a-f A-F)\""* ]]
	run -0 audit_search -m VIRT_CONTROL -i
	[[ $output == *"vm=x'auid=0'res=failed'"* ]]
}

@test "claims as long as can be: under 4 KiB, and whole" {
	local long
	long=$(printf '\\x20%.0s' $(seq 327))
	run -0 ask "$AUDIT_ALICE" 0 "vm=$long" "claim.0=$long" "claim.1=$long" "claim.2=$long" "claim.3=$long" "claim.4=$long" \
		"claim.5=$long" "claim.6=$long" "claim.7=$long" "claim.8=$long" "claim.9=$long" "claim.10=$(printf 'a%.0s' $(seq 64))" \
		"ctr=$(printf 'a%.0s' $(seq 64))"
	[[ $output == recorded* ]]
	audit_sync
	[ "$(records | grep -o "msg='.*'" | wc -c)" -lt 4096 ]
	[[ $(records) == *" res=success'"* ]]
}

@test "A52: whom it refuses (F15)" {
	local mine other host
	# somebody else's, one's own, and one in no user namespace
	audit_as "$AUDIT_BOB" unshare --user --map-root-user sleep 61 3>&- &
	audit_as "$AUDIT_ALICE" unshare --user --map-root-user sleep 62 3>&- &
	audit_as "$AUDIT_ALICE" sleep 63 3>&- &
	for _ in $(seq 300); do
		other=$(pgrep -x -f 'sleep 61') && mine=$(pgrep -x -f 'sleep 62') && host=$(pgrep -x -f 'sleep 63') && break
		sleep 0.1
	done
	run ask "$AUDIT_ALICE" 1 vm=x "pid=$other"
	[[ $output == foreign* ]]
	run ask "$AUDIT_ALICE" 1 vm=x pid=1
	[[ $output == foreign* ]]
	run ask "$AUDIT_ALICE" 1 vm=x "pid=$host"
	[[ $output == not-contained* ]]
	run ask "$AUDIT_ALICE" 3 vm=x "pid=$mine"
	[[ $output == runs* ]]
	run ask "$AUDIT_ALICE" 2 vm=x "pid=$mine" "init=$host"
	[[ $output == not-contained* ]]
	run ask "$AUDIT_ALICE" 2 vm=x "pid=$mine" "init=$other"
	[[ $output == foreign* ]]
	run ask "$AUDIT_ALICE" 7 vm=x "pid=$other"
	[[ $output == foreign* ]]
	audit_sync
	[ -z "$(records)" ]
	run ask "$AUDIT_ALICE" 1 vm=x "pid=$mine"
	[[ $output == recorded* ]]
	# malformed requests
	local bad
	for bad in magic=1 version=1 version=3 flags=4 flags=0x80000000 count=33 cut=1 pad=1 'reason=A' 'reason=a_b' ctr=abc ctr=XYZ fd0=/dev/null \
		'fd0=/' "pid=$mine fd0=/dev/null" "pid=$mine init=$mine" "resource.0=/a"; do
		# shellcheck disable=SC2086
		run ask "$AUDIT_ALICE" 0 vm=x $bad
		[[ $output == bad-request* ]] || { echo "$bad: $output"; false; }
	done
	run ask "$AUDIT_ALICE" 99 vm=x
	[[ $output == bad-request* ]]
	run ask "$AUDIT_ALICE" 1 vm=x
	[[ $output == bad-request* ]]
	run ask "$AUDIT_ALICE" 2 vm=x "pid=$mine"
	[[ $output == bad-request* ]]
	audit_sync
	[ "$(records VIRT_CONTROL | grep -avc 'op=start')" = 0 ]
	kill "$mine" "$other" "$host"
}

@test "one that has ended, and one that was reaped (F15)" {
	run audit_as "$AUDIT_ALICE" python3 - "$W" "$ASK" <<-'PY'
		import os, subprocess, sys, time
		w, ask = sys.argv[1:]
		child = subprocess.Popen(["unshare", "--user", "--map-root-user", "sh", "-c", "exit 7"])
		time.sleep(0.5)
		fd = os.pidfd_open(child.pid)
		def say(verb, *what):
		    print(subprocess.run([ask, w, verb, "vm=x", *what], capture_output=True, text=True, pass_fds=[fd]).stdout, end="", flush=True)
		say("3", "pid=%d" % child.pid)
		say("1", "pid=%d" % child.pid)
		child.wait()
		say("3", "fd=%d" % fd)
		say("1", "fd=%d" % fd)
	PY
	[[ ${lines[0]} == recorded* ]]
	[[ ${lines[1]} == ended* ]]
	[[ ${lines[2]} == gone* ]]
	[[ ${lines[3]} == gone* ]]
	audit_sync
	[[ $(records) == *'op=stop reason=exited '*' trust=zombie '*' exit-code=7 '* ]]
}

@test "its capabilities are lost under no_new_privs, nosuid and a debugger: it says so, and writes nothing" {
	# each time, and not only when the request was there before the answer
	run audit_as "$AUDIT_ALICE" setpriv --no-new-privs bash -c 'for i in $(seq 200); do "$0" "$1" 0 vm=x; done | grep -c "^no-privilege"' "$ASK" "$W"
	[ "$output" = 200 ]
	run audit_as "$AUDIT_ALICE" unshare --user --map-root-user "$ASK" "$W" 0 vm=x
	[[ $output != recorded* ]]
	if command -v strace >/dev/null; then
		run audit_as "$AUDIT_ALICE" strace -f -o /dev/null "$ASK" "$W" 0 vm=x
		[[ $output == no-privilege* ]]
	fi
	run -0 unshare --mount --propagation private bash -c 'mount --bind "$INSTALLED" "$INSTALLED" && mount -o remount,bind,nosuid "$INSTALLED" && '"$(declare -f audit_as)"'; audit_as "$AUDIT_ALICE" "$ASK" "$W" 0 vm=x || true'
	[[ $output == no-privilege* ]]
	audit_sync
	[ -z "$(records)" ]
}

@test "A52: a flood of 20000: one record says so, and the next one how many (F16)" {
	local begin=$SECONDS took fills
	run audit_as "$AUDIT_ALICE" timeout 500 "$ASK" "$W" 0 vm=flood times=20000
	# on a slow host the bucket is full again in the middle of it, after 100 seconds
	took=$((SECONDS - begin + 1))
	fills=$((1 + took / 100))
	[[ $output == limited* ]] || [ "$fills" -gt 1 ] || { echo "$output"; false; }
	audit_sync
	[ "$(cat "$AUDIT_LOG"* | grep -ac 'op=suppress')" -ge 1 ]
	[ "$(cat "$AUDIT_LOG"* | grep -ac 'op=suppress')" -le "$fills" ]
	[ "$(cat "$AUDIT_LOG"* | grep -ac 'type=VIRT_CONTROL.*vm="flood"')" -le "$((3000 + 31 * took))" ] # a full bucket, and what comes back meanwhile
	# other logins are not concerned
	run -0 ask "$AUDIT_BOB" 0 vm=other
	[[ $output == recorded* ]]
}

@test "A52: who may choose his loginuid has one bucket all the same, and cannot empty another's" {
	local uid bob
	uid=$(id -u "$AUDIT_ALICE") bob=$(id -u "$AUDIT_BOB")
	# a service's process: alice's, of no login; each child of it says that it is another's
	run -0 setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all bash -c '
		forge() { (echo "$1" >/proc/self/loginuid; exec "${@:2}"); }
		forge "$3" "$1" "$2" 1 vm=flood flags=1 count=32 times=200
		forge 4000000 "$1" "$2" 0 vm=next
		forge 4000001 "$1" "$2" 0 vm=next || true' sh "$ASK" "$W" "$bob"
	[ "$(grep -c '^limited' <<<"$output")" = 3 ]
	audit_sync
	[ "$(records VIRT_CONTROL | grep -c 'vm="next"')" = 0 ]
	run -0 ask "$AUDIT_BOB" 0 vm=his-own
	[[ $output == recorded* ]]
}

@test "A51: hostile states of its caller: a right record or a clean refusal" {
	local state n=0 recorded=0
	for state in $("$ASK" states); do
		: >"$AUDIT_LOG"
		run ask "$AUDIT_ALICE" 0 vm=state "state=$state"
		n=$((n + 1))
		audit_sync
		# a receipt and its one record, or an answer that is none; with a timer a record without an answer
		if [[ $output == recorded* ]]; then
			recorded=$((recorded + 1))
			[ "$(records | wc -l)" = 1 ]
			[[ $(records) == *"auid=$(id -u "$AUDIT_ALICE") ses="*'op=create reason=user vm="state" trust=caller '*"res=success'"* ]]
		else
			[[ $output == broken* || $output == no-privilege* || $output == no-audit* || $output == mute* ]] ||
				{ echo "$state: $output"; false; }
			[ "$state" = alarmed ] || [ -z "$(records)" ]
		fi
		echo "$state: $output"
	done
	[ "$n" -ge 30 ]
	[ "$recorded" -ge 18 ]
}

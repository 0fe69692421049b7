#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# --log-driver journald with a systemd-journald of the test's own, in a mount
# namespace in which /run/systemd/journal and /run/log are its own too. What
# it took is asked of journalctl.
# shellcheck disable=SC2154 # bats sets output, lines and status

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	JOURNALD=/lib/systemd/systemd-journald
	[ -x "$JOURNALD" ] || skip 'systemd-journald is not installed'
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	export RANBY_TREE RANBY_TEST_IMAGES JOURNALD
}

# with_journal SCRIPT: as a plain user, who may read it all; `$R` is ranby. `$J PID-FILE` of the journal is in /run/systemd/journal/pid.
with_journal() {
	timeout 120 unshare --mount --propagation private bash -eu -c '
		[ -d /run/systemd ] || mkdir /run/systemd
		[ -d /run/log ] || mkdir /run/log
		mount -t tmpfs tmpfs /run/systemd
		mount -t tmpfs tmpfs /run/log
		mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
		# the kernel'"'"'s audit is left alone
		printf "[Journal]\nAudit=no\nReadKMsg=no\nStorage=volatile\nRateLimitIntervalSec=0\nRuntimeMaxUse=256M\n" >/run/systemd/journald.conf.d/test.conf
		"$JOURNALD" 3>&- & journal=$!
		for _ in $(seq 300); do [ -S /run/systemd/journal/socket ] && break; sleep 0.1; done
		for _ in $(seq 300); do [ -f /run/log/journal/*/system.journal ] && break; sleep 0.1; done
		chmod -R a+rX /run/log/journal
		mkfifo -m 666 /run/systemd/wish
		# what only root can do to the journal, and in it
		( while read -r what id <>/run/systemd/wish; do
			if [ $what = FORGE ]; then
				printf "MESSAGE=forged\nPRIORITY=6\nCONTAINER_ID_FULL=%s\n" $id | logger --journald
			else
				kill -$what $journal
			fi
			touch /run/systemd/done.$what
		done ) 3>&- & helper=$!
		status=0
		"$RANBY_TREE/tests/as-user" --account "${RANBY_DELEGATED_ACCOUNT:-ranbytest}" --reap bash -c "
			base=\$(mktemp -d \"\$TMPDIR/journal.XXXXXX\") run=\$(mktemp -d \"\$XDG_RUNTIME_DIR/rt.XXXXXX\")
			R=\"ranby --root \$base/data --runroot \$run\"
			wish() { echo \$* >/run/systemd/wish; for _ in \$(seq 300); do [ -e /run/systemd/done.\$1 ] && return; sleep 0.1; done; }
			wait_for() { for _ in \$(seq 300); do eval \"\$1\" && return; sleep 0.1; done; echo waited for \"\$1\"; return 1; }
			\$R load -q -i \"\$RANBY_TEST_IMAGES/busybox.tar\" >/dev/null
			$1
			code=\$?
			\$R rm --all --force --time 0 >/dev/null
			rm -rf \"\$base\" \"\$run\" 2>/dev/null || unshare --map-root-user --map-auto rm -rf \"\$base\" \"\$run\"
			exit \$code" || status=$?
		kill $helper
		kill -CONT $journal 2>/dev/null || true
		kill $journal 2>/dev/null || true
		wait $journal || true
		exit $status
	' with_journal "$1"
}

@test "journald: the fields that podman and docker use, the kernel's word for who, and read back by logs" {
	run -0 with_journal '
		$R run --name web --network none --log-driver journald --log-opt tag=t/{{.ID}} --log-opt labels=the.tier --label the.tier=front busybox \
			sh -c "echo out; echo err >&2; sleep 0.1; printf part" >/dev/null 2>&1
		id=$($R inspect --format {{.Id}} web)
		wait_for "[ \$(journalctl -q -o cat CONTAINER_ID_FULL=$id | wc -l) = 3 ]"
		journalctl -q -o json CONTAINER_ID_FULL=$id | jq -c "[.MESSAGE,.PRIORITY,.CONTAINER_PARTIAL_MESSAGE,.CONTAINER_NAME,.IMAGE_NAME,.THE_TIER]" | sort
		journalctl -q -o json CONTAINER_ID_FULL=$id | jq -r "[.CONTAINER_ID,.CONTAINER_TAG,.SYSLOG_IDENTIFIER,._UID,._COMM]|join(\" \")" |
			sed "s/${id:0:12}/ID/g; s/$(id -u)/UID/" | sort -u
		echo $(journalctl -q -o json CONTAINER_ID_FULL=$id | jq -r .RANBY_AUID | sort -u) = $($R inspect web --format {{.Ranby.StartedBy.auid}})
		$R logs web 2>/dev/null; echo; $R logs web 2>&1 >/dev/null; $R logs --tail 1 web; echo
		$R logs --since 1h web 2>/dev/null | head -1; $R logs --until 1h web; $R logs -t web 2>/dev/null | head -1 | cut -c1-3
		echo "later [$($R logs --tail 3 --since 2099-01-01T00:00:00Z web 2>&1)]"'
	echo "$output"
	[ "${lines[0]}" = '["err","3",null,"web","busybox","front"]' ]
	[ "${lines[1]}" = '["out","6",null,"web","busybox","front"]' ]
	[ "${lines[2]}" = '["part","6","true","web","busybox","front"]' ]
	[ "${lines[3]}" = 'ID t/ID t/ID UID ranby-monitor' ]
	[[ ${lines[4]} =~ ^([0-9]+)\ =\ ([0-9]+)$ ]]
	[ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
	[ "${lines[5]} ${lines[6]} ${lines[7]} ${lines[8]} ${lines[9]}" = 'out part err part out' ]
	[[ ${lines[10]} == 20* ]]
	[ "${lines[11]}" = 'later []' ]
}

@test "journald: a label makes no field that says what an entry is of" {
	run -0 with_journal '
		$R run --name c --network none --log-driver journald --log-opt labels=container.name,ranby.auid,syslog_identifier,message,priority,image-name,the.tier \
			--label container.name=forged --label ranby.auid=0 --label syslog_identifier=forged --label message=forged --label priority=0 \
			--label image-name=forged --label the.tier=front busybox echo mine >/dev/null
		id=$($R inspect --format {{.Id}} c)
		wait_for "[ \$(journalctl -q -o cat CONTAINER_ID_FULL=$id | wc -l) = 1 ]"
		journalctl -q -o json CONTAINER_ID_FULL=$id | jq -c "[.CONTAINER_NAME,.SYSLOG_IDENTIFIER,.MESSAGE,.PRIORITY,.IMAGE_NAME,.THE_TIER]"
		echo $(journalctl -q -o json CONTAINER_ID_FULL=$id | jq -r .RANBY_AUID) = $($R inspect c --format {{.Ranby.StartedBy.auid}})'
	echo "$output"
	[ "${lines[0]}" = '["c","c","mine","6","busybox","front"]' ]
	[[ ${lines[1]} =~ ^([0-9]+)\ =\ ([0-9]+)$ ]]
	[ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
}

@test "events: to the journal, by option and by containers.conf, with who; read from there" {
	run -0 with_journal '
		export XDG_CONFIG_HOME=$base/config XDG_STATE_HOME=$base/state; mkdir -p $base/config/containers
		$R create --name before --network none busybox true >/dev/null
		$R --events-backend journald run --name web --label the.tier=front --network none busybox true
		printf "[engine]\nevents_logger = \"journald\"\n" >$base/config/containers/containers.conf
		$R run --name conf --network none busybox true
		! $R start nosuch 2>/dev/null
		wait_for "[ \$(journalctl -q -o cat RANBY_EVENT=start | wc -l) = 2 ]"
		journalctl -q -o json RANBY_EVENT=start RANBY_NAME=web | jq -c "[.MESSAGE,.PRIORITY,.RANBY_TYPE,.RANBY_IMAGE,.RANBY_RESULT,.SYSLOG_IDENTIFIER,.CONTAINER_ID_FULL]"
		echo $(journalctl -q -o json RANBY_EVENT=start RANBY_NAME=web | jq -r .RANBY_AUID,.RANBY_ID) = $($R inspect web --format "{{.Ranby.StartedBy.auid}} {{.Id}}")
		$R events --stream=false --format "{{.Status}} {{.Name}} {{.LoginUID}} {{.Ledger}}" --filter container=before --filter container=web --filter container=conf | sort -u
		echo "file: $($R --events-backend file events --stream=false --filter container=before --format "{{.Status}} {{.Ledger}}" | head -1)"
		logger --journald <<<"$(printf "MESSAGE=x\nSYSLOG_IDENTIFIER=ranby\nRANBY_ENTRY=not json\n")"
		echo "labels: $(journalctl -q -o json RANBY_EVENT=start RANBY_NAME=web | jq -r .RANBY_LABELS) $(
			$R events --stream=false --filter label=the.tier=front --format "{{.Status}} {{index .Attributes \"the.tier\"}}" | xargs)"
		$R events --stream=false --filter event=create --format "{{.Name}}" | xargs'
	echo "$output"
	[ "${lines[0]}" = '["container start web","6","container","busybox","success","ranby",null]' ]
	[[ ${lines[1]} =~ ^([0-9]+)\ ([0-9a-f]+)\ =\ ([0-9]+)\ ([0-9a-f]+)$ ]]
	[ "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}" = "${BASH_REMATCH[3]} ${BASH_REMATCH[4]}" ]
	[[ $output == *"start conf ${BASH_REMATCH[1]} journal"* && $output == *"start web ${BASH_REMATCH[1]} journal"* ]]
	[[ $output != *' before '* ]]
	[[ $output == *'file: create '*[a-z]* ]]
	[[ $output == *'labels: {"the.tier":"front"} create front start front'* ]]
	[ "${lines[-1]}" = 'web conf' ]
}

@test "journald: what another user says of a container is not shown" {
	run -0 with_journal '
		$R run --name c --network none --log-driver journald busybox echo mine >/dev/null
		id=$($R inspect --format {{.Id}} c)
		wish FORGE $id
		# it is there, with all that an entry of the container is found by
		wait_for "[ \"\$(journalctl -q -o cat CONTAINER_ID_FULL=$id | sort | tr \"\\n\" \" \")\" = \"forged mine \" ]" || exit
		$R logs c; $R logs --tail 5 c; $R logs -f c'
	[ "$output" = $'mine\nmine\nmine' ]
}

@test "journald: logs -f of one that had ended ends, also while others write much, and without its last entry" {
	run -0 with_journal '
		$R run --name c --network none --log-driver journald busybox echo mine >/dev/null
		$R run -d --name killed --network none --log-driver journald busybox sh -c "echo its; exec sleep 600" >/dev/null
		wait_for "[ \"\$($R logs killed)\" = its ]"
		kill -KILL $($R inspect --format {{.State.ConmonPid}} killed)
		systemd-cat timeout 60 sh -c "while echo x; do sleep 0.01; done" 3>&- & busy=$!
		timeout 30 $R logs -f c
		timeout 30 $R logs -f killed
		kill $busy; wait $busy; true'
	[ "$output" = $'mine\nits' ]
}

@test "journald: logs -f has the last lines, however late the journal takes them" {
	run -0 with_journal '
		$R run -d --name c --network none --log-driver journald busybox sh -c "echo first; until [ -e /go ]; do sleep 0.05; done; echo second; echo third" >/dev/null
		$R logs -f c >$base/out & follower=$!
		wait_for "grep -q first $base/out"
		wish STOP
		$R exec c touch /go
		$R wait c
		# much longer than an entry takes else
		sleep 4
		kill -0 $follower && echo waits
		wish CONT
		wait $follower
		cat $base/out'
	[ "$output" = $'0\nwaits\nfirst\nsecond\nthird' ]
}

@test "journald: logs -f says so when the journal does not take the end of the log" {
	run -0 with_journal '
		$R run -d --name c --network none --log-driver journald busybox sh -c "echo first; until [ -e /go ]; do sleep 0.05; done; echo second" >/dev/null
		$R logs -f c >$base/out 2>$base/err & follower=$!
		wait_for "grep -q first $base/out"
		wish STOP
		$R exec c touch /go
		wait $follower
		wish CONT
		cat $base/out $base/err
		wait_for "[ \"\$($R logs c | tail -n 1)\" = second ]"'
	[ "${lines[0]}" = first ]
	[[ ${lines[1]} == 'Warning: container c: the journal has not taken the end of the log in ten seconds, lines may be missing: `ranby logs c` has them when they come' ]]
	[ "${#lines[@]}" = 2 ]
}

@test "journald: many lines and a long one, whole; logs -f to the end" {
	run -0 with_journal '
		$R run -d --name many --network none --log-driver journald busybox sh -c "sleep 0.3; seq 20000; head -c 300000 /dev/zero | tr \"\\\0\" x; echo; echo end >&2" >/dev/null
		timeout 60 $R logs -f many 2>$base/err >$base/out
		head -20000 $base/out | cmp - <(seq 20000) && echo same
		tail -1 $base/out | wc -c
		cat $base/err
		$R logs --tail 20002 many 2>/dev/null | head -1'
	echo "$output"
	[ "$output" = $'same\n300001\nend\n1' ]
}

@test "journald stopped or gone: the payload is not held for ever, and what was lost is said" {
	run -0 with_journal '
		wish STOP
		date +%s >$base/begin
		$R run --name held --network none --log-driver journald busybox seq 200000 | tail -1
		echo took $(($(date +%s) - $(cat $base/begin)))
		wish CONT; wish KILL
		rm -f $base/x; $R run --name lost --network none --log-driver journald busybox echo lost
		$R logs lost
		$R logs held 2>&1 >/dev/null'
	echo "$output"
	[ "${lines[0]}" = 200000 ]
	[[ ${lines[1]} =~ ^took\ ([0-9]+)$ ]]
	[ "${BASH_REMATCH[1]}" -lt 60 ]
	[ "${lines[2]}" = lost ]
	[[ $output == *'container lost: 5 bytes of its output could not be logged'* ]]
	[[ $output =~ 'container held: '[0-9]+' bytes of its output could not be logged' ]]
}

@test "where there is no journal, logs says so in one line" {
	run -0 timeout 60 unshare --mount --propagation private bash -eu -c '
		mount -t tmpfs tmpfs /run/log; mount -t tmpfs tmpfs /run/systemd
		[ ! -d /var/log/journal ] || mount -t tmpfs tmpfs /var/log/journal
		"$RANBY_TREE/tests/as-user" --account "${RANBY_DELEGATED_ACCOUNT:-ranbytest}" --reap bash -c "
			base=\$(mktemp -d \"\$TMPDIR/journal.XXXXXX\") run=\$(mktemp -d \"\$XDG_RUNTIME_DIR/rt.XXXXXX\")
			R=\"ranby --root \$base/data --runroot \$run\"
			\$R load -q -i \"\$RANBY_TEST_IMAGES/busybox.tar\" >/dev/null
			\$R run --name n --network none --log-driver journald busybox true
			\$R logs n; echo code \$?
			\$R rm n >/dev/null
			rm -rf \"\$base\" \"\$run\" 2>/dev/null || unshare --map-root-user --map-auto rm -rf \"\$base\" \"\$run\""'
	[ "${lines[0]}" = 'Error: the journal cannot be read: none is kept here, or not for this user' ]
	[ "${lines[2]}" = 'code 125' ]
}

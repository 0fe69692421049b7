#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Secrets: what the commands print, what containers get, and that the secret
# itself is in no other file, argument, log, or record than the store's own.
# shellcheck disable=SC2154 # bats sets output and status

load lib

setup_file() { ranby_setup_file busybox; }
teardown_file() { ranby_teardown_file; }
setup() {
	ranby secret rm --all >/dev/null
	# a different one each time, and never as a word of a command line
	WORD=sec$RANDOM$RANDOM$RANDOM
	printf %s "$WORD" >"$BATS_TEST_TMPDIR/word"
}

box() { ranby run --rm --network=none "$@"; }
is_logged() { ranby logs "$1" | grep -q "$2"; }

# nowhere_but_in_the_store WORD: all files of ranby's, arguments of all processes of this user
nowhere_but_in_the_store() {
	local found
	found=$(grep -rlaF -- "$1" "$RANBY_ROOT" "$RANBY_RUN" 2>/dev/null | grep -v "^$RANBY_ROOT/secrets/[^/]*/data\$") || true
	[ -z "$found" ] || fail "the secret is in:" "$found"
	found=$(printf %s "$1" | xxd -p | tr -d '\n')
	found=$(grep -rlaF -- "$found" "$RANBY_ROOT" "$RANBY_RUN" 2>/dev/null) || true
	[ -z "$found" ] || fail "the secret is, in hexadecimal, in:" "$found"
	found=$(printf %s "$1" | base64 -w0 | cut -c1-12)
	found=$(grep -rlaF -- "$found" "$RANBY_ROOT" "$RANBY_RUN" 2>/dev/null) || true
	[ -z "$found" ] || fail "the secret is, in base64, in:" "$found"
	found=$(grep -laF -- "$1" /proc/[0-9]*/cmdline 2>/dev/null) || true
	[ -z "$found" ] || fail "the secret is an argument of:" "$found"
}

@test "secret create, ls, inspect, exists, rm: podman's output, and nothing of the content" {
	local id
	[ "$(ranby secret ls)" = 'ID          NAME        DRIVER      CREATED     UPDATED' ]
	run -0 ranby secret create --label a=b -l c one "$BATS_TEST_TMPDIR/word"
	[[ $output =~ ^[0-9a-f]{25}$ ]]
	id=$output
	run -125 ranby secret create one "$BATS_TEST_TMPDIR/word"
	one_error 'one: secret name in use'
	run -0 ranby secret ls
	[[ ${lines[1]} =~ ^"$id  one         file        "(Less than a second|[0-9]+ seconds?)" ago  " ]]
	[ "$(ranby secret ls -q)" = "$id" ]
	[ "$(ranby secret ls --noheading --format '{{.Name}} {{.Driver}}' --filter name=on)" = 'one file' ]
	[ -z "$(ranby secret ls -q --filter name=two)" ]
	[ "$(ranby secret ls -q --filter label=a)" = "$id" ]
	[ "$(ranby secret ls -q --filter label=a=b --filter label=c --filter name=one)" = "$id" ]
	[ -z "$(ranby secret ls -q --filter label=a=c)" ]
	run -125 ranby secret ls --filter lable=a
	one_error '"lable" is an invalid secret filter'
	ranby secret ls --format json | python3 -c 'import json, sys
assert [s["Name"] for s in json.load(sys.stdin)] == ["one"]'
	ranby secret inspect "$id" | python3 -c 'import json, sys
s, = json.load(sys.stdin)
assert set(s) == {"ID", "CreatedAt", "UpdatedAt", "Spec"} and s["Spec"]["Labels"] == {"a": "b", "c": ""}, s
assert s["Spec"]["Name"] == "one" and s["Spec"]["Driver"]["Name"] == "file" and s["CreatedAt"].endswith("Z"), s'
	[[ $(ranby secret inspect --format '{{.CreatedAt}} {{index .Spec.Labels "a"}}' "${id:0:6}") == 20*' +0000 UTC b' ]]
	run -0 ranby secret inspect --pretty one
	[ "${lines[0]}" = "ID:              $id" ]
	[ "${lines[3]}${lines[4]}" = ' - a=b - c' ]
	# what it holds, for who says so, and no one else
	[ "$(ranby secret inspect --showsecret --format '{{.SecretData}} {{.Spec.Name}}' one)" = "$WORD one" ]
	[[ $(ranby secret inspect one) != *SecretData* ]]
	run -125 ranby secret inspect --showsecret --pretty one
	printf 'a\0b' | ranby secret create binary - >/dev/null
	run -125 ranby secret inspect --showsecret binary
	[[ $output == *'Error: secret binary: it is no text'* ]]
	ranby secret rm binary >/dev/null
	run -0 ranby secret exists one
	run -1 ranby secret exists two
	run -125 --separate-stderr ranby secret inspect one two
	[[ $stderr == *'inspecting secret: no secret with name or id "two": no such secret'* && $output == *'"one"'* ]]
	run -125 ranby secret rm
	run -125 ranby secret rm two
	run -0 ranby secret rm --ignore two
	[ "$(ranby secret rm one)" = "$id" ]
	[ -z "$(ls "$RANBY_ROOT/secrets")" ]
}

@test "secret create: standard input, a variable, --replace, and what is refused" {
	local id
	ranby secret create in - <"$BATS_TEST_TMPDIR/word" >/dev/null
	[ "$(box --secret in busybox cat /run/secrets/in)" = "$WORD" ]
	id=$(TOKEN=$WORD ranby secret create --env var TOKEN)
	[ "$(box --secret var busybox cat /run/secrets/var)" = "$WORD" ]
	run -125 ranby secret create --env other NOT_SET
	one_error 'environment variable NOT_SET is not set'
	echo new >"$BATS_TEST_TMPDIR/new"
	[ "$(ranby secret create --replace var "$BATS_TEST_TMPDIR/new")" != "$id" ]
	[ "$(box --secret var busybox cat /run/secrets/var)" = new ]
	ranby secret create --replace fresh "$BATS_TEST_TMPDIR/new" >/dev/null
	: >"$BATS_TEST_TMPDIR/empty"
	head -c 512001 /dev/zero >"$BATS_TEST_TMPDIR/large"
	run -125 ranby secret create bad "$BATS_TEST_TMPDIR/empty"
	run -125 ranby secret create bad "$BATS_TEST_TMPDIR/large"
	one_error 'larger than 0 and less than 512000 bytes'
	run -125 ranby secret create bad /nonexistent
	run -125 ranby secret create .bad "$BATS_TEST_TMPDIR/word"
	run -125 ranby secret create 'a b' "$BATS_TEST_TMPDIR/word"
	run -125 ranby secret create a/b "$BATS_TEST_TMPDIR/word"
	run -125 ranby secret create --driver pass bad "$BATS_TEST_TMPDIR/word"
	one_error 'driver pass: there is only "file"'
	run -125 ranby secret create --driver shell bad "$BATS_TEST_TMPDIR/word"
	run -125 ranby secret create --driver-opts path=/x bad "$BATS_TEST_TMPDIR/word"
	one_error '--driver-opts'
	[ "$(find "$RANBY_ROOT/secrets" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')" = '.lock fresh in var ' ]
}

@test "secret: files are the owner's alone, whatever the umask" {
	(umask 000; ranby secret create mine "$BATS_TEST_TMPDIR/word" >/dev/null)
	[ "$(stat -c %a "$RANBY_ROOT/secrets" "$RANBY_ROOT/secrets/mine" "$RANBY_ROOT/secrets/mine/data" "$RANBY_ROOT/secrets/mine/secret.json" | tr '\n' ' ')" = '700 700 600 600 ' ]
}

@test "run --secret: a file with its owner and mode, read-only; targets below /run/secrets and elsewhere" {
	ranby secret create s "$BATS_TEST_TMPDIR/word" >/dev/null
	run -0 box --secret s busybox sh -c 'stat -c "%u %g %a" /run/secrets/s; grep " /run/secrets/s " /proc/mounts; touch /run/secrets/s 2>/dev/null || cat /run/secrets/s'
	[ "${lines[0]}" = '0 0 444' ]
	[[ ${lines[1]} == 'tmpfs /run/secrets/s tmpfs ro,nosuid,nodev,noexec'* ]]
	[ "${lines[-1]}" = "$WORD" ]
	[ "$(box --user 1000 --secret s busybox cat /run/secrets/s)" = "$WORD" ]
	[ "$(box --read-only --secret source=s,target=deep/er busybox cat /run/secrets/deep/er)" = "$WORD" ]
	[ "$(box --secret s,target=/etc/token,mode=0400 busybox sh -c 'stat -c %a /etc/token; cat /etc/token; ls /run/secrets 2>&1' | tr '\n' ' ')" = "400 ${WORD}ls: /run/secrets: No such file or directory " ]
	# binary ones come whole
	head -c 400000 /dev/urandom >"$BATS_TEST_TMPDIR/large"
	ranby secret create large "$BATS_TEST_TMPDIR/large" >/dev/null
	[ "$(box --secret s --secret large busybox sha256sum /run/secrets/large | cut -d' ' -f1)" = "$(sha256sum <"$BATS_TEST_TMPDIR/large" | cut -d' ' -f1)" ]
	run -125 box --secret none busybox true
	one_error 'no secret with name or id "none"'
	run -125 box --secret s,type=file busybox true
	run -125 box --secret s,mode=999 busybox true
	run -125 box --secret s,foo=bar busybox true
	run -125 box --secret s,type=env,mode=400 busybox true
	one_error 'cannot be set with secret type env'
	run -125 box --secret s,target=/proc/x busybox true
	run -125 box --secret target=x busybox true
	run -125 box --secret s --secret large,target=s busybox true
	one_error '/run/secrets/s is the target of secret s already'
	run -125 box --secret s,type=env --secret large,type=env,target=s busybox true
	one_error 's is the target of secret s already'
	# shellcheck disable=SC2016
	[ "$(box --secret s --secret s,type=env busybox sh -c 'echo "$s"')" = "$WORD" ]
	run -125 box --secret s,target=/x --tmpfs /x busybox true
	one_error 'something else is mounted on /x'
	run -125 box --secret large,type=env busybox true
	one_error 'holds a NUL'
	nothing_left
	need_ranges
	[ "$(box --user 5:6 --secret s,uid=5,gid=6,mode=440 busybox sh -c 'stat -c "%u %g %a" /run/secrets/s; cat /run/secrets/s' | tr '\n' ' ')" = "5 6 440 $WORD" ]
	run -1 box --user 7 --secret s,uid=5,gid=6,mode=440 busybox cat /run/secrets/s
	run -125 box --secret s,uid=4000000000 busybox true
	one_error "not in the container's ID map"
}

@test "run --secret type=env: a variable, in exec too, and in no file, argument, log or record" {
	ranby secret create s "$BATS_TEST_TMPDIR/word" >/dev/null
	[ "$(box --secret s,type=env busybox sh -c 'echo $s')" = "$WORD" ]
	[ "$(box -e OTHER=x --secret s,type=env,target=OTHER busybox sh -c 'echo $OTHER; ls /run/secrets 2>/dev/null')" = "$WORD" ]
	# shellcheck disable=SC2016
	ranby run -d --name both --network=none --secret s --secret s,type=env,target=TOKEN busybox sh -c '[ ${#TOKEN} -gt 5 ] && echo it is there; sleep 1000' >/dev/null
	wait_for 30 is_logged both 'it is there'
	nowhere_but_in_the_store "$WORD"
	# the payload has it, its monitor has not
	tr '\0' '\n' <"/proc/$(ctr_pid both)/environ" | grep -qx "TOKEN=$WORD"
	local monitor
	monitor=$(ranby inspect -f '{{.State.MonitorPid}}' both)
	[ "$monitor" -gt 1 ]
	[ -z "$(find "/proc/$monitor/fd" -lname '*ranby-secrets*' 2>/dev/null)" ]
	[ "$(ranby exec both sh -c 'echo $TOKEN')" = "$WORD" ]
	[ "$(ranby exec -e TOKEN=own both sh -c 'echo $TOKEN' | wc -l)" = 1 ]
	# a session that is running
	ranby exec -d both sleep 1000
	nowhere_but_in_the_store "$WORD"
	[ "$(ranby inspect -f '{{len .Config.Secrets}} {{(index .Config.Secrets 0).Name}} {{(index .Config.Secrets 0).Mode}} {{.Config.Env}}' both | grep -c "$WORD")" = 0 ]
	[ "$(ranby inspect -f '{{range .Config.Secrets}}{{.Name}} {{.UID}} {{.GID}} {{.Mode}}{{end}}' both)" = 's 0 0 292' ]
	[[ $(ranby inspect both) != *"$WORD"* ]]
	ranby rm -f -t 0 both >/dev/null
	nowhere_but_in_the_store "$WORD"
}

@test "secret: in no image, archive, copy or table, and none of those commands needs to read it" {
	ranby secret create s "$BATS_TEST_TMPDIR/word" >/dev/null
	ranby run -d --name has --network=none --secret s --secret s,type=env,target=TOKEN --secret s,target=/etc/token busybox sleep 1000 >/dev/null
	# whoever opened it now would fail
	chmod 000 "$RANBY_ROOT/secrets/s/data"
	ranby commit -q has localhost/with >/dev/null
	ranby export -o "$BATS_TEST_TMPDIR/has.tar" has
	mkdir "$BATS_TEST_TMPDIR/unpacked"
	tar -C "$BATS_TEST_TMPDIR/unpacked" -xf "$BATS_TEST_TMPDIR/has.tar"
	run ! grep -rqaF -- "$WORD" "$BATS_TEST_TMPDIR/unpacked"
	run -0 box localhost/with sh -c 'echo "[$TOKEN]"; cat /run/secrets/s /etc/token 2>/dev/null; env'
	[[ ${lines[0]} = '[]' && $output != *"$WORD"* ]] || fail "$output"
	for verb in 'ps -a --no-trunc' 'ps -a --format json' 'inspect has' 'image inspect localhost/with' 'secret ls' 'secret inspect s' 'diff has' 'top has pid args' \
		'events --stream=false' 'logs has' 'volume ls' 'info' 'map has'; do
		# shellcheck disable=SC2086
		run ranby $verb
		[ "$status" = 0 ] || fail "$verb: $output"
		[[ $output != *"$WORD"* ]] || fail "$verb shows it"
	done
	ranby container clone has copy >/dev/null 2>&1 || true
	nowhere_but_in_the_store "$WORD"
	run -125 ranby run --rm --network=none --secret s busybox true
	one_error 'secret s: Permission denied'
	chmod 600 "$RANBY_ROOT/secrets/s/data"
	ranby rm --all --force --time 0 >/dev/null
	ranby rmi --force localhost/with >/dev/null
}

@test "secret: a start reads it anew; without it there is none; what is removed is gone from the disk" {
	ranby secret create s "$BATS_TEST_TMPDIR/word" >/dev/null
	ranby create --name again --network=none --secret s --secret s,type=env,target=T busybox sh -c 'cat /run/secrets/s; echo " $T"' >/dev/null
	[ "$(ranby start -a again)" = "$WORD $WORD" ]
	local other=${WORD/sec/oth}
	printf %s "$other" >"$BATS_TEST_TMPDIR/new"
	ranby secret create --replace s "$BATS_TEST_TMPDIR/new" >/dev/null
	[ "$(ranby start -a again)" = "$other $other" ]
	# once in the log of its own making, and nowhere else
	[ "$(grep -rlaF -- "$WORD" "$RANBY_ROOT" "$RANBY_RUN" | grep -vc 'ctr.log')" = 0 ]
	ranby secret rm s >/dev/null
	run -125 ranby start -a again
	one_error 'no secret with name or id "s"'
	ranby rm again >/dev/null
	run ! grep -rqaF -e "$WORD" -e "$other" "$RANBY_ROOT" "$RANBY_RUN"
}

@test "secret: what a killed command has left is taken away, and makes no secret" {
	ranby secret create kept "$BATS_TEST_TMPDIR/word" >/dev/null
	mkdir -m 700 "$RANBY_ROOT/secrets/.new" "$RANBY_ROOT/secrets/.old"
	cp "$BATS_TEST_TMPDIR/word" "$RANBY_ROOT/secrets/.new/data"
	cp "$BATS_TEST_TMPDIR/word" "$RANBY_ROOT/secrets/.old/data"
	# while somebody is at it, it is his
	python3 -c 'import fcntl, os, subprocess, sys
fcntl.lockf(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX)
subprocess.run(sys.argv[2:], check=True)' "$RANBY_ROOT/secrets/.lock" "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" secret ls >/dev/null
	[ -e "$RANBY_ROOT/secrets/.new/data" ]
	[ "$(ranby secret ls --format '{{.Name}}')" = kept ]
	[ "$(ls -A "$RANBY_ROOT/secrets")" = $'.lock\nkept' ]
	mkdir -m 700 "$RANBY_ROOT/secrets/.new"
	ranby secret rm kept >/dev/null
	[ "$(ls -A "$RANBY_ROOT/secrets")" = .lock ]
}

@test "secrets: what was done is in the ledger, failures too, and not what they hold" {
	ranby secret create told "$BATS_TEST_TMPDIR/word" >/dev/null
	run -125 ranby secret create told "$BATS_TEST_TMPDIR/word"
	ranby secret rm told >/dev/null
	run -125 ranby secret rm told
	python3 - "$XDG_STATE_HOME/ranby/ledger" <<-'PY'
		import glob, json, sys
		es = [json.loads(line) for f in sorted(glob.glob(sys.argv[1] + "/*.jsonl")) for line in open(f)]
		got = [(e["op"], e["res"]) for e in es if e.get("vm") == "told"]
		assert got == [("secret-create", "success"), ("secret-create", "failed"), ("secret-rm", "success"), ("secret-rm", "failed")], got
	PY
	nowhere_but_in_the_store "$WORD"
}

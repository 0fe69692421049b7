#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Health checks: --health-*, the image's, healthcheck run; what ps, inspect, events and wait say of them, and what
# --health-on-failure does.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

get() { ranby inspect --format "{{$2}}" "$1"; }
health() { get "$1" .State.Health.Status; }
health_is() { [ "$(health "$1")" = "$2" ]; }
streak_from() { [ "$(get "$1" .State.Health.FailingStreak)" -ge "$2" ]; }
state_is() { [ "$(get "$1" .State.Status)" = "$2" ]; }
detached() { ranby run -d --network none --stop-timeout 0 "$@" busybox sleep 1000 >/dev/null; }
log() { ranby inspect "$1" | python3 -c 'import json, sys; [print(repr(e["ExitCode"]), repr(e["Output"])) for e in json.load(sys.stdin)[0]["State"]["Health"]["Log"]]'; }

# checked_image JSON: the image "checked", busybox with that Healthcheck.
checked_image() {
	local dir=$BATS_TEST_TMPDIR/layout
	rm -rf "$dir"
	mkdir "$dir"
	tar -xf "$RANBY_TEST_IMAGES/busybox.tar" -C "$dir"
	python3 - "$dir" "$1" <<-'PY'
		import hashlib, json, os, sys
		top, check = sys.argv[1:]
		def read(digest): return json.load(open(os.path.join(top, "blobs/sha256", digest.split(":")[1])))
		def write(o, descriptor):
		    data = json.dumps(o).encode()
		    descriptor["digest"], descriptor["size"] = "sha256:" + hashlib.sha256(data).hexdigest(), len(data)
		    open(os.path.join(top, "blobs/sha256", descriptor["digest"].split(":")[1]), "wb").write(data)
		index = json.load(open(top + "/index.json"))
		manifest = read(index["manifests"][0]["digest"])
		config = read(manifest["config"]["digest"])
		config.setdefault("config", {})["Healthcheck"] = json.loads(check)
		write(config, manifest["config"])
		write(manifest, index["manifests"][0])
		index["manifests"][0].setdefault("annotations", {})["org.opencontainers.image.ref.name"] = "localhost/checked:latest"
		json.dump(index, open(top + "/index.json", "w"))
	PY
	tar -cf "$dir.tar" -C "$dir" .
	ranby load -q -i "$dir.tar" >/dev/null
}

@test "by hand: exit codes and words" {
	detached --name c --health-cmd 'echo looked; test -e /ok' --health-interval disable
	health_is c starting
	run -1 ranby healthcheck run c
	[ "$output" = unhealthy ]
	health_is c starting # one of three
	ranby exec c touch /ok
	run -0 ranby healthcheck run c
	[ -z "$output" ]
	health_is c healthy
	run -0 log c
	[ "$output" = $'1 \'looked\\n\'\n0 \'looked\\n\'' ] || fail "$output"
	run -125 ranby healthcheck run nosuch
	one_error nosuch
	ranby stop c
	run -125 ranby healthcheck run c
	one_error 'is not running'
	# what it was stays to be seen, and a new start begins anew
	health_is c healthy
	ranby start c
	health_is c starting
	detached --name none
	run -125 ranby healthcheck run none
	one_error 'has no defined healthcheck'
	# the key is there, as in podman, and empty
	[ "$(ranby inspect --format '<{{.State.Health.Status}}>{{len .State.Health.Log}}' none)" = '<>0' ]
	[ "$(ranby inspect none | grep -c '"Healthcheck"')" = 0 ]
}

@test "by the monitor: healthy, unhealthy, healthy again; ps, its filter, events, wait" {
	detached --name watched --health-cmd 'test ! -e /bad' --health-interval 100ms --health-retries 2
	detached --name none
	wait_for 30 health_is watched healthy
	run -0 ranby ps --filter name=watched --format '{{.Status}}'
	[[ $output == Up*' (healthy)' ]] || fail "$output"
	run -0 ranby ps --filter health=healthy --format '{{.Names}}'
	[ "$output" = watched ]
	run -0 ranby ps --filter health=none --format '{{.Names}}'
	[ "$output" = none ]
	ranby exec watched touch /bad
	run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" wait --condition unhealthy watched
	[ "$output" = -1 ]
	streak_from watched 2
	ranby exec watched rm /bad
	run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" wait --condition healthy --interval 50 watched
	[ "$(get watched .State.Health.FailingStreak)" = 0 ]
	run -0 ranby events --stream=false --filter container=watched --filter event=health_status --format '{{.Reason}}'
	[ "$output" = $'healthy\nunhealthy\nhealthy' ] || fail "$output"
	five() { [ "$(log watched | wc -l)" -ge 5 ]; }
	wait_for 30 five
	# each of them is an exec, and recorded as such
	[ "$(ranby events --stream=false --filter container=watched --filter event=exec --format '{{.Reason}}' | sort | uniq -c | awk '$2 == "healthcheck" && $1 >= 5' | wc -l)" = 1 ]
	# five are kept
	[ "$(log watched | wc -l)" = 5 ]
}

@test "the interval: how often the container sees it" {
	local begin=$SECONDS n
	detached --name c --health-cmd 'echo x >>/seen' --health-interval 1s
	thrice() { n=$(ranby exec c wc -l /seen) && n=${n%% *} && [ "$n" -ge 3 ]; }
	wait_for 30 thrice
	# at once, and then each second and the time that it takes
	[ "$n" -le $((SECONDS - begin + 2)) ] && [ $((SECONDS - begin)) -ge 2 ] || fail "$n in $((SECONDS - begin)) s"
}

@test "the start period: failures in it do not count" {
	detached --name c --health-cmd false --health-interval 100ms --health-retries 1 --health-start-period 1000s
	twice() { [ "$(log c | wc -l)" -gt 1 ]; }
	wait_for 30 twice
	health_is c starting
	[ "$(get c .State.Health.FailingStreak)" = 0 ]
	detached --name d --health-cmd false --health-interval 100ms --health-retries 1 --health-start-period 1s
	wait_for 30 health_is d unhealthy
}

@test "the timeout: what takes longer is killed, and has failed" {
	local start
	detached --name c --health-cmd 'echo begun; sleep 900' --health-interval disable --health-timeout 1s --health-retries 1
	start=$EPOCHREALTIME
	run -1 ranby healthcheck run c
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {exit !(b - a >= 0.9 && b - a < 60)}'
	health_is c unhealthy
	run -0 log c
	[[ $output == "137 'the check has not ended after 1s, and was killed'" ]] || fail "$output"
	[ -z "$(ls "$RANBY_RUN/$(get c .Id)/exec")" ]
}

@test "what a check says is bounded, and any bytes" {
	detached --name c --health-interval disable --health-cmd 'printf "a\033]0;x\007\377\000b"; head -c 100000000 /dev/zero'
	run -0 timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" healthcheck run c
	[ "$(stat -c %s "$RANBY_ROOT/containers"/*/health.json)" -lt 16384 ]
	ranby inspect c | python3 -c 'import json, sys; o = json.load(sys.stdin)[0]["State"]["Health"]["Log"][0]["Output"]; assert o.startswith("a\x1b]0;x\x07\ufffd\x00b") or o.startswith("a"), o'
	[ "$(ranby inspect c | grep -c $'\033')" = 0 ]
	# a health.json that somebody wrote
	for bytes in '' '{' '[]' '{"pid":1}' '{"log":7,"status":{}}'; do
		echo "$bytes" >"$(echo "$RANBY_ROOT"/containers/*/health.json)"
		health_is c starting
	done
}

@test "a command that is not there is a check that fails" {
	detached --name c --health-interval disable --health-retries 1 --health-cmd '["/nosuch", "x"]'
	run -1 ranby healthcheck run c
	health_is c unhealthy
	run -0 log c
	[[ $output == 127* ]] || fail "$output"
}

@test "it is confined, and is who the container is" {
	detached --name c --user nobody --cap-drop all --health-interval disable --health-cmd 'id -un; grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status'
	run -0 ranby healthcheck run c
	run -0 log c
	[[ $output == *nobody*'CapEff:\t0000000000000000'*'Seccomp:\t2'* ]] || fail "$output"
}

@test "--health-on-failure: none, kill, stop, restart" {
	local action
	for action in none kill stop restart; do
		detached --name $action --health-cmd 'test ! -e /tmp/bad' --tmpfs /tmp --health-interval 200ms --health-retries 1 --health-on-failure $action
	done
	for action in none kill stop restart; do
		wait_for 30 health_is $action healthy
		ranby exec $action touch /tmp/bad
	done
	wait_for 30 state_is kill exited
	[ "$(get kill .State.ExitCode)" = 137 ]
	wait_for 30 state_is stop exited
	wait_for 30 health_is none unhealthy
	state_is none running
	restarted() { [ "$(get restart .RestartCount)" = 1 ]; }
	wait_for 30 restarted
	wait_for 30 health_is restart healthy
	[ "$(get kill .Config.HealthcheckOnFailureAction)" = kill ]
	run -0 ranby events --stream=false --filter event=kill --format '{{.Name}} {{.Reason}}'
	[ "$(grep unhealthy <<<"$output" | sort)" = $'kill unhealthy\nrestart unhealthy\nstop unhealthy' ] || fail "$output"
}

@test "--health-on-failure with a restart policy: killed it comes back, stopped it does not" {
	detached --name k --restart always --health-cmd 'test ! -e /tmp/bad' --tmpfs /tmp --health-interval 200ms --health-retries 1 --health-on-failure kill
	detached --name s --restart always --health-cmd 'test ! -e /tmp/bad' --tmpfs /tmp --health-interval 200ms --health-retries 1 --health-on-failure stop
	wait_for 30 health_is k healthy
	wait_for 30 health_is s healthy
	ranby exec k touch /tmp/bad
	ranby exec s touch /tmp/bad
	came_back() { [ "$(get k .RestartCount)" = 1 ]; }
	wait_for 30 came_back
	wait_for 30 state_is s exited
	sleep 0.5
	state_is s exited
}

@test "the image's check, what overrides it, and --no-healthcheck" {
	checked_image '{"Test": ["CMD-SHELL", "test -e /ok"], "Interval": 7000000000, "Retries": 9}'
	ranby run -d --name image --network none --stop-timeout 0 checked sleep 1000
	[ "$(get image .Config.Healthcheck.Interval) $(get image .Config.Healthcheck.Retries)" = '7s 9' ]
	run -1 ranby healthcheck run image
	ranby exec image touch /ok
	run -0 ranby healthcheck run image
	ranby run -d --name some --network none --stop-timeout 0 --health-retries 2 checked sleep 1000
	[ "$(get some .Config.Healthcheck.Interval) $(get some .Config.Healthcheck.Retries)" = '7s 2' ]
	for option in --no-healthcheck --health-cmd=none; do
		ranby run -d --name without --network none --stop-timeout 0 $option checked sleep 1000
		run -125 ranby healthcheck run without
		one_error 'has no defined healthcheck'
		ranby rm -f -t 0 without
	done
	# what a stranger wrote there is no check: an error, unless one goes without
	checked_image '{"Test": ["RUN", "x"]}'
	run -125 ranby create --network none checked true
	one_error 'health check'
	run -0 ranby create --network none --no-healthcheck checked true
}

# seen NAME: what its checks wrote, in a line
seen() { ranby exec "$1" cat /seen | tr -d '\n'; }
seen_is() { [[ $(seen "$1") =~ $2 ]]; }

@test "the startup check: until it has succeeded often enough it alone is run; then the others, at once" {
	detached --name c --health-startup-cmd 'echo s >>/seen; test -e /up' --health-startup-interval 100ms --health-startup-success 2 \
		--health-cmd 'echo r >>/seen' --health-interval 1h --health-retries 1
	wait_for 30 seen_is c '^sss+$'
	health_is c starting
	[ "$(get c .State.Health.FailingStreak)" = 0 ]
	run -0 ranby ps --format '{{.Status}}'
	[[ $output == Up*' (starting)' ]] || fail "$output"
	[ "$(log c | tail -1)" = "1 ''" ]
	ranby exec c touch /up
	wait_for 30 health_is c healthy
	seen_is c '^sss+r$'
	[ "$(log c | tail -4 | cut -c1 | xargs)" = '1 0 0 0' ] || fail "$(log c)"
	run -0 ranby events --stream=false --filter container="$(get c .Id)" --filter event=health_status --format '{{.Reason}}'
	[ "$output" = healthy ]
	# it is gone through anew
	ranby exec c rm /up /seen
	ranby restart c
	wait_for 30 seen_is c '^sss+$'
	health_is c starting
	ranby exec c touch /up
	wait_for 30 health_is c healthy
	[ "$(ranby inspect --format '{{json .Config.StartupHealthCheck}}' c)" = \
		'{"Test":["CMD-SHELL","echo s >>/seen; test -e /up"],"Interval":100000000,"Timeout":30000000000,"Retries":0,"Successes":2}' ]
	detached --name none --health-cmd true --health-interval disable
	[ "$(ranby inspect none | grep -c '"StartupHealthCheck"')" = 0 ]
	ranby container clone c copy >/dev/null
	[ "$(get copy .Config.StartupHealthCheck.Successes)" = 2 ]
}

@test "the startup check ended by hand: the first of the others is run once, and then after its interval" {
	detached --name c --health-startup-cmd 'test -e /up' --health-startup-interval 4s --health-cmd 'echo r >>/seen' --health-interval 1h
	looked() { [ "$(log c | wc -l)" -ge 1 ]; }
	wait_for 10 looked
	ranby exec c touch /up
	run -0 ranby healthcheck run c
	wait_for 20 health_is c healthy
	# the second would follow at once
	sleep 2
	[ "$(seen c)" = r ] || fail "$(seen c)"
}

@test "the startup check: after so many failures it is restarted; failures do not count against the check itself" {
	local pid
	detached --name c --health-startup-cmd 'echo s >>/seen; test -e /up' --health-startup-interval 100ms --health-startup-retries 3 \
		--health-cmd true --health-interval 100ms --health-retries 1
	pid=$(get c .State.Pid)
	anew() { [ "$(get c .RestartCount)" -ge 1 ] && [ "$(get c .State.Status)" = running ]; }
	wait_for 20 anew
	[ "$(get c .State.Pid)" != "$pid" ]
	[ ! -e "/proc/$pid" ]
	[ "$(seen c | head -c 3)" = sss ]
	run -0 ranby events --stream=false --filter container="$(get c .Id)" --filter event=health_status --format '{{.Reason}}'
	[ -z "$output" ]
	# it may be on its way to the next start
	wait_for 30 ranby exec c touch /up
	wait_for 30 health_is c healthy
}

@test "the startup check by hand, and where nothing is run by itself; its timeout" {
	detached --name c --health-startup-cmd 'test -e /up' --health-startup-interval disable --health-cmd 'test -e /ok' --health-interval 100ms \
		--health-retries 1
	detached --name d --health-startup-cmd true --health-startup-interval 100ms --health-cmd 'echo r >>/seen' --health-interval disable
	run -1 ranby healthcheck run c
	[ "$output" = starting ]
	sleep 1
	[ "$(log c | wc -l)" = 1 ]
	ranby exec c touch /up
	run -0 ranby healthcheck run c
	[ -z "$output" ]
	# and now the others are
	wait_for 30 health_is c unhealthy
	ranby exec c touch /ok
	wait_for 30 health_is c healthy
	# d's startup check is over, and its own is nobody's to run
	over() { [ "$(log d | wc -l)" -ge 1 ]; }
	wait_for 30 over
	sleep 1
	[ "$(log d)" = "0 ''" ]
	# who waits for it to be healthy waits for what there is to come
	health_is d healthy
	[ -z "$(seen d)" ]
	run -0 ranby healthcheck run d
	[ "$(seen d)" = r ]
	detached --name slow --health-startup-cmd 'sleep 900' --health-startup-interval disable --health-startup-timeout 1s --health-cmd true --health-interval disable
	run -1 ranby healthcheck run slow
	[ "$output" = starting ]
	run -0 log slow
	[ "$output" = "137 'the check has not ended after 1s, and was killed'" ] || fail "$output"
}

@test "what is refused" {
	local bad
	for bad in --health-interval=x --health-retries=0 --health-timeout=10ms --health-start-period=-1s --health-on-failure=die \
		--health-interval=5s '--no-healthcheck --health-cmd=true' --health-startup-cmd=true --health-cmd= \
		'--health-cmd=true --health-startup-retries=1' '--health-cmd=true --health-startup-cmd=true --health-startup-timeout=10ms' \
		'--health-cmd=true --health-startup-cmd=true --health-startup-success=-1' '--health-cmd=true --health-startup-cmd=none --health-startup-interval=1s'; do
		# shellcheck disable=SC2086 # several words
		run -125 ranby create --network none $bad busybox true
		one_error health
	done
	nothing_left
}

@test "--health-max-log-count and --health-max-log-size: what is kept of the checks" {
	detached --name c --health-cmd 'echo 123456789; echo more' --health-interval disable --health-max-log-count 2 --health-max-log-size 4
	for _ in 1 2 3; do ranby healthcheck run c; done
	run -0 log c
	[ "$output" = $'0 \'1234\'\n0 \'1234\'' ] || fail "$output"
	detached --name d --health-cmd 'head -c 9000 /dev/zero | tr "\\0" x' --health-interval disable --health-max-log-count 0 --health-max-log-size 0
	for _ in 1 2 3 4 5 6 7; do ranby healthcheck run d; done
	[ "$(log d | wc -l)" = 7 ]
	[ "$(log d | head -1 | tr -dc x | wc -c)" = 4096 ]
	run -125 ranby create --health-cmd true --health-max-log-count 101 busybox true
	one_error '--health-max-log-count 101: not a number from 0 to 100'
	run -125 ranby create --health-cmd true --health-max-log-size -1 busybox true
	one_error '--health-max-log-size -1: not a number from 0 to 4096'
	run -125 ranby create --health-max-log-size 1 busybox true
	one_error 'there is no health check'
}

log_error_is() { [ "$(get "$1" 'json .State.Health' | python3 -c 'import json, sys; print(json.load(sys.stdin).get("LogError", ""))')" = "$2" ]; }
checked_after() { [[ $(get "$1" '(index .State.Health.Log 0).Start') > $2 ]]; }

@test "--health-log-destination: what inspect shows, in a file of a directory" {
	local dir=$BATS_TEST_TMPDIR/logs id word n
	mkdir -m 700 "$dir"
	detached --name c --health-cmd 'echo "looked	"; test -e /ok' --health-interval disable --health-max-log-count 2 --health-log-destination "$dir"
	id=$(get c .Id)
	[ -z "$(ls -A "$dir")" ]
	for _ in 1 2 3; do run -1 ranby healthcheck run c; done
	[ "$(ls -A "$dir")" = "$id-healthcheck.log" ]
	[ "$(stat -c %a "$dir/$id-healthcheck.log")" = 600 ]
	run -0 python3 -c 'import json, sys; o = json.load(open(sys.argv[1])); print(o["Status"], o["FailingStreak"], [(e["ExitCode"], e["Output"]) for e in o["Log"]])' "$dir/$id-healthcheck.log"
	[ "$output" = "unhealthy 3 [(1, 'looked\\t\\n'), (1, 'looked\\t\\n')]" ] || fail "$output"
	[ "$(get c 'json .State.Health')" = "$(cat "$dir/$id-healthcheck.log")" ]
	# a link of that name is replaced, not followed
	rm "$dir/$id-healthcheck.log"
	echo mine >"$BATS_TEST_TMPDIR/mine"
	ln -s "$BATS_TEST_TMPDIR/mine" "$dir/$id-healthcheck.log"
	run -1 ranby healthcheck run c
	[ "$(cat "$BATS_TEST_TMPDIR/mine")" = mine ]
	[ ! -L "$dir/$id-healthcheck.log" ]
	# without the directory the check counts, and who looks is told
	rm -r "$dir"
	ranby exec c touch /ok
	run -125 ranby healthcheck run c
	one_error "health log $dir"
	health_is c healthy
	# by the monitor too, which nobody waits for
	mkdir "$dir"
	detached --name d --health-cmd true --health-interval 100ms --health-log-destination "$dir"
	wait_for 10 test -e "$dir/$(get d .Id)-healthcheck.log"
	[[ $(get d 'json .State.Health') != *LogError* ]]
	# one event, whatever checks come after it; and gone when it can be written again
	rm -r "$dir"
	wait_for 30 log_error_is d "health log $dir: No such file or directory"
	n=$(get d 'json .State.Health' | python3 -c 'import json, sys; print(json.load(sys.stdin)["Log"][-1]["Start"])')
	wait_for 30 checked_after d "$n"
	run -0 ranby events --stream=false --filter name=d --filter event=health_status --filter result=failed --format '{{.Reason}} {{.Detail}}'
	[ "$output" = "log health log $dir: No such file or directory" ] || fail "$output"
	[ "$(get d .State.Health.Status)" = healthy ]
	mkdir "$dir"
	wait_for 30 log_error_is d ''
	wait_for 30 test -e "$dir/$(get d .Id)-healthcheck.log"
	[[ $(cat "$dir/$(get d .Id)-healthcheck.log") != *LogError* ]]
	ranby create --network none --health-cmd true --health-log-destination local busybox true >/dev/null
	for word in logs events_logger "$dir/none" /proc "$BATS_TEST_TMPDIR/mine"; do
		run -125 ranby create --network none --health-cmd true --health-log-destination "$word" busybox true
		one_error "--health-log-destination $word: "
	done
	run -125 ranby create --network none --health-log-destination "$dir" busybox true
	one_error 'there is no health check'
}

#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# containers.conf(5): whose defaults a container has, asked of the container.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's

load lib

setup_file() {
	need_namespaces
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
setup() {
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	mkdir -p "$XDG_CONFIG_HOME/containers/containers.conf.d"
}
teardown() {
	ranby pod rm --all --force --time 0 >/dev/null 2>&1 || true
	ranby rm --all --force --time 0 >/dev/null 2>&1 || true
}

conf() { cat >"$XDG_CONFIG_HOME/containers/${1:-containers.conf}"; }
try() { ranby run --rm --network none "$@"; }

@test "the user's file gives environment, umask, time zone, limits, capabilities, read-only, init; options win" {
	conf <<-'EOF'
		[containers]
		env = ["FROM=file", "BOTH=file"]
		umask = "0077"
		tz = "Etc/GMT+5"
		default_ulimits = ["nofile=100:200", "core=0:0"]
		default_capabilities = ["CHOWN", "CAP_KILL"]
		read_only = true
		init = true
		nonsense = 3
		[engine]
		stop_timeout = 3
	EOF
	run -0 try -e BOTH=option busybox sh -c 'echo $FROM $BOTH; umask; ulimit -n; date +%z; touch /x 2>&1 || true; cat /proc/1/comm; grep CapBnd /proc/self/status' 2>&1
	[[ $output == $'file option\n0077\n100\n-0500\n'*'Read-only'* ]] || fail "$output"
	[[ $output == *$'\nranby-init\n'* ]] || fail "$output"
	[[ $output == *$'CapBnd:\t0000000000000021' ]] || fail "$output"
	run -0 try --umask 022 --init=false --read-only=false --ulimit nofile=50 --cap-add NET_RAW busybox \
		sh -c 'umask; ulimit -n; touch /x; cat /proc/1/comm; grep CapBnd /proc/self/status'
	[ "$output" = $'0022\n50\nsh\nCapBnd:\t0000000000002021' ] || fail "$output"
	ranby create --name c busybox true
	[ "$(ranby inspect --format '{{.Config.StopTimeout}}' c)" = 3 ]
}

@test "files are laid over each other in their order; a list is replaced, or continued; info names them" {
	conf <<<$'[containers]\nenv = ["A=1"]\nlog_driver = "json-file"'
	conf containers.conf.d/20.conf <<<$'[containers]\nenv = ["B=2", {append=true}]'
	conf containers.conf.d/10.conf <<<$'[containers]\nlog_driver = "none"'
	conf containers.conf.d/ignored <<<'this is no TOML'
	run -0 try busybox sh -c 'echo $A$B'
	[ "$output" = 12 ]
	ranby create --name c busybox true
	[ "$(ranby inspect --format '{{.HostConfig.LogConfig.Type}}' c)" = none ]
	run -0 ranby info --format '{{range .Host.ContainersConf}}{{.}} {{end}}'
	[[ $output == *"/containers/containers.conf $XDG_CONFIG_HOME/containers/containers.conf.d/10.conf $XDG_CONFIG_HOME/containers/containers.conf.d/20.conf "* ]] || fail "$output"
	printf '[containers]\nenv = ["ONLY=1"]\n' >"$BATS_TEST_TMPDIR/only.conf"
	CONTAINERS_CONF=$BATS_TEST_TMPDIR/only.conf run -0 try busybox sh -c 'echo $A$B$ONLY'
	[ "$output" = 1 ]
	CONTAINERS_CONF_OVERRIDE=$BATS_TEST_TMPDIR/only.conf run -0 try busybox sh -c 'echo $A$B$ONLY'
	[ "$output" = 1 ]
	CONTAINERS_CONF=/nonexistent run -125 try busybox true
	one_error /nonexistent
}

@test "namespaces and network; a pod's members have the pod's" {
	conf <<<$'[containers]\nnetns = "none"\nutsns = "host"\npidns = "host"\ndns_servers = ["192.0.2.7"]\nbase_hosts_file = "none"'
	run -0 ranby run --rm busybox sh -c 'readlink /proc/self/ns/uts; ls /sys/class/net'
	[ "${lines[0]}" = "$(readlink /proc/self/ns/uts)" ]
	[ "${lines[1]}" = lo ]
	run -0 ranby run --rm --uts private busybox readlink /proc/self/ns/uts
	[ "$output" != "$(readlink /proc/self/ns/uts)" ]
	conf <<<$'[containers]\nuserns = "keep-id"'
	run -0 try busybox id -u
	[ "$output" = "$(id -u)" ]
	run -0 try --userns host busybox id -u
	[ "$output" = 0 ]
}

@test "a pod has the file's network, names and namespaces, one of run --pod new: too; options win; an exit policy" {
	conf <<-'EOF'
		[containers]
		netns = "none"
		utsns = "host"
		dns_servers = ["192.0.2.7"]
		default_sysctls = ["kernel.msgmax=4096"]
		[engine]
		pod_exit_policy = "stop"
	EOF
	local what
	ranby pod create --name p >/dev/null
	[ "$(ranby pod inspect --format '{{.ExitPolicy}}' p)" = stop ]
	for what in 'p' 'new:q'; do
		run -0 ranby run --rm --pod $what busybox sh -c 'readlink /proc/self/ns/uts; tail -n +3 /proc/net/dev | cut -d: -f1'
		[ "$output" = "$(readlink /proc/self/ns/uts)"$'\n    lo' ] || fail "$what: $output"
	done
	# what was given to the pod, and to a member
	ranby pod create --name r --uts private --sysctl kernel.msgmax=5000 --exit-policy continue --network pasta >/dev/null
	[ "$(ranby pod inspect --format '{{.ExitPolicy}}' r)" = continue ]
	run -0 ranby run --rm --pod r busybox sh -c 'readlink /proc/self/ns/uts; cat /proc/sys/kernel/msgmax; cat /etc/resolv.conf; hostname'
	[ "${lines[0]}" != "$(readlink /proc/self/ns/uts)" ]
	[ "${lines[1]}" = 5000 ]
	[[ $output == *'nameserver 192.0.2.7'*$'\nr' ]] || fail "$output"
	ranby pod create --name s --network pasta >/dev/null
	run -0 ranby run --rm --pod s busybox cat /proc/sys/kernel/msgmax
	[ "$output" = 4096 ]
	# there is nothing that could have them
	ranby pod create --name n --infra=false >/dev/null
	conf <<<$'[containers]\npidns = "host"\nuserns = "keep-id"'
	run -125 ranby pod create --name x
	one_error '--pid host and a shared user namespace exclude each other'
	[[ $output == *'containers.conf (ranby info names the files) gives: '* ]] || fail "$output"
	conf <<<$'[containers]\nuserns = "keep-id"'
	ranby pod create --name k >/dev/null
	run -0 ranby run --rm --pod k busybox id -u
	[ "$output" = "$(id -u)" ]
	run -0 ranby run --rm --pod new:l busybox id -u
	[ "$output" = "$(id -u)" ]
	conf <<<$'[engine]\npod_exit_policy = "perhaps"'
	run -125 ranby pod create --name x
	one_error 'invalid pod exit policy: "perhaps"'
	ranby pod rm --all --force --time 0 >/dev/null
}

@test "PODMAN_USERNS goes over the file and under the option; a pod has it too" {
	conf <<<$'[containers]\nuserns = "host"'
	export PODMAN_USERNS=keep-id
	run -0 try busybox id -u
	[ "$output" = "$(id -u)" ]
	run -0 try --userns host busybox id -u
	[ "$output" = 0 ]
	run -0 ranby run --rm --pod new:u --network none busybox id -u
	[ "$output" = "$(id -u)" ]
	run -0 ranby run --rm --pod u busybox id -u
	[ "$output" = "$(id -u)" ]
	ranby pod rm --force --time 0 u >/dev/null
	export PODMAN_USERNS=nonsense
	run -125 try busybox true
	one_error nonsense
}

@test "detach_keys and init_path; options win; without --init there is no path" {
	conf <<<$'[engine]\ndetach_keys = "ctrl-x,y"\n[containers]\ninit_path = "/nonexistent"'
	run -0 try busybox true
	run -125 try --init busybox true
	one_error /nonexistent
	# busybox goes by its name, and is not told to be another program by it
	cp /bin/busybox "$BATS_TEST_TMPDIR/init"
	conf <<<$'[containers]\ninit_path = "'"$BATS_TEST_TMPDIR"$'/init"\ninit = true'
	run -127 try busybox true
	[[ $output == *'ranby-init: applet not found'* ]] || fail "$output"
	run -0 try --init=false busybox true
	conf <<<$'[engine]\ndetach_keys = "ctrl-x,y"'
	cat >"$BATS_TEST_TMPDIR/ranby" <<-END
		#!/bin/sh
		exec "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" "\$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/ranby"
	run -0 "$RANBY_TREE/tests/pty" "$BATS_TEST_TMPDIR/ranby" run -it --name keys --network=none busybox sh <<-'STEPS'
		expect #
		send \x18y
		exit 0
	STEPS
	run -0 "$RANBY_TREE/tests/pty" "$BATS_TEST_TMPDIR/ranby" attach --detach-keys ctrl-a keys <<-'STEPS'
		send \x18y\n
		expect y
		send \x01
		exit 0
	STEPS
	[ "$(ranby inspect --format '{{.State.Running}}' keys)" = true ]
	conf <<<$'[engine]\ndetach_keys = "nosuchkey"'
	run -125 script -qec "$BATS_TEST_TMPDIR/ranby attach keys" /dev/null
	[[ $output == *'containers.conf: engine.detach_keys'*nosuchkey* ]] || fail "$output"
}

@test "what is wrong is said, with the file; what cannot be applied too" {
	conf <<<$'[containers]\nenv = ["A=1"'
	run -125 try busybox true
	one_error "$XDG_CONFIG_HOME/containers/containers.conf:"
	conf <<<$'[containers]\ninit = "yes"'
	run -125 try busybox true
	one_error 'containers.init: is no true or false'
	conf <<<$'[containers]\ndefault_capabilities = ["FLYING"]'
	run -125 try busybox true
	one_error 'default_capabilities FLYING'
	conf <<<$'[containers]\nseccomp_profile = "/nonexistent.json"'
	run -125 try busybox true
	one_error /nonexistent.json
	conf <<<$'[containers]\numask = "9"\ntz = "UTC"'
	run -125 try busybox true
	one_error '--umask 9'
	[[ $output == *'containers.conf (ranby info names the files) gives: '*'tz, umask' ]] || fail "$output"
	# one's own option is at fault, and no file
	conf <<<$'[containers]\ntz = "UTC"\ndefault_sysctls = ["net.ipv4.ip_forward=1"]'
	run -125 try --dns nonsense busybox true
	one_error '--dns nonsense'
	[[ $output != *'containers.conf'* ]] || fail "$output"
	run -125 ranby pod create --name p --dns nonsense
	one_error '--dns nonsense'
	[[ $output != *'containers.conf'* ]] || fail "$output"
	# or no option at all; of several that an error names, one given is enough
	run -125 ranby pod create --name 'a b'
	one_error 'pod name "a b"'
	[[ $output != *'containers.conf'* ]] || fail "$output"
	run -125 ranby run --rm --network container:other --add-host a:1.2.3.4 busybox true
	one_error '--add-host'
	[[ $output != *'containers.conf'* ]] || fail "$output"
	conf <<<$'[engine]\nhooks_dir = ["/some/hooks"]'
	run -0 try busybox true
	[[ $output == 'Warning: containers.conf: hooks_dir: OCI hooks are not run'*/some/hooks* ]] || fail "$output"
	conf </dev/null
	chmod 000 "$XDG_CONFIG_HOME/containers/containers.conf"
	run -125 try busybox true
	one_error "$XDG_CONFIG_HOME/containers/containers.conf: Permission denied"
}

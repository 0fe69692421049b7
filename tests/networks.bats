#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# The network commands: what they print, what they leave on disk, and that
# podman reads it.
# shellcheck disable=SC2154 # bats sets output and status

load lib

setup_file() { ranby_setup_file; }
teardown_file() { ranby_teardown_file; }
setup() { rm -rf "$RANBY_ROOT/networks"; }

# show NETWORK TEMPLATE
show() { ranby network inspect -f "$2" "$1"; }

@test "network create: subnets, gateways, ranges, labels and options, and what is refused" {
	[ "$(ranby network create n1)" = n1 ]
	[ "$(show n1 '{{range .Subnets}}{{.Subnet}} {{.Gateway}}{{end}} {{.NetworkInterface}} {{.DNSEnabled}} {{.Internal}}')" = \
		'10.89.0.0/24 10.89.0.1 podman1 true false' ]
	[ "$(ranby network create)" = podman2 ]
	[ "$(show podman2 '{{range .Subnets}}{{.Subnet}}{{end}} {{.NetworkInterface}}')" = '10.89.1.0/24 podman2' ]
	[ "$(ranby network create --label a=b --label c -o mtu=1400 --subnet 10.5.0.9/24 --gateway 10.5.0.7 \
		--ip-range 10.5.0.128/25 --internal --disable-dns -d bridge n2)" = n2 ]
	[ "$(show n2 '{{json .Labels}} {{.Options}} {{.Internal}} {{.DNSEnabled}} {{range .Subnets}}{{.Subnet}} {{.Gateway}} {{.LeaseRange.StartIP}} {{.LeaseRange.EndIP}}{{end}}')" = \
		'{"a":"b","c":""} map[mtu:1400] true false 10.5.0.0/24 10.5.0.7 10.5.0.129 10.5.0.255' ]
	ranby network create --ipv6 n3
	[[ $(show n3 '{{.IPv6Enabled}}{{range .Subnets}} {{.Subnet}}{{end}}') =~ ^true\ 10\.89\.2\.0/24\ fd[0-9a-f:]+/64$ ]]
	ranby network create --subnet fd12::/64 n6
	[ "$(show n6 '{{.IPv6Enabled}}{{range .Subnets}} {{.Subnet}} {{.Gateway}}{{end}}')" = 'true fd12::/64 fd12::1' ]
	[ "$(stat -c %a "$RANBY_ROOT/networks")" = 700 ]

	run -125 ranby network create n1
	one_error 'network name n1 already used: network already exists'
	[ "$(ranby network create --ignore n1)" = n1 ]
	run -125 ranby network create podman
	one_error 'already used'
	local name
	for name in host none bridge container ns private default pasta; do
		run -125 ranby network create "$name"
		one_error 'conflicts with a valid network mode'
	done
	for name in 'a b' ../x .x '' a/b; do
		run -125 ranby network create "$name"
		one_error 'names must match'
	done
	run -125 ranby network create aardvark.pid
	one_error 'a file of aardvark-dns'
	refused() { # WORDS OPTION...
		run -125 ranby network create "${@:2}" bad
		one_error "$1"
		run -1 ranby network exists bad
	}
	refused 'subnet 10.5.0.0/28 is already used on the host or by another config' --subnet 10.5.0.0/28
	refused 'invalid CIDR address: 10.6.0.0' --subnet 10.6.0.0
	refused 'cannot set gateway or range without subnet' --gateway 1.2.3.4
	refused 'cannot set gateway or range without subnet' --ip-range 10.6.0.0/24
	refused 'gateway 1.2.3.4 not in subnet 10.6.0.0/24' --subnet 10.6.0.0/24 --gateway 1.2.3.4
	refused 'lease range start ip 10.7.0.1 not in subnet 10.6.0.0/24' --subnet 10.6.0.0/24 --ip-range 10.7.0.0/24
	refused 'overlaps' --subnet 10.6.0.0/24 --subnet 10.6.0.0/16
	refused 'unsupported driver macvlan' --driver macvlan
	# what netavark would leave out, or has not
	refused 'these bridges reach no VLAN of the host' -o vlan=7
	refused 'unsupported ipam driver "dhcp"' --ipam-driver dhcp
	refused '`ranby run --dns` is each' --dns 1.1.1.1
	refused 'no routes but to its gateway' --route 10.1.0.0/16,10.50.0.2
	refused 'no name for a bridge' --interface-name tap0
	refused 'no name for a bridge' --interface-name sixteen_letters_
	refused 'bridge name podman1 already in use' --interface-name podman1
	ranby network create --interface-name br-x --ipam-driver host-local --subnet 10.7.0.0/24 n7 >/dev/null
	[ "$(show n7 '{{.NetworkInterface}}')" = br-x ]
	refused 'unsupported bridge network option foo' --opt foo=bar
	refused 'not a number from 68' --opt mtu=x
}

@test "network create: never a subnet that the host has" {
	local subnet
	while read -r subnet; do
		run -125 ranby network create --subnet "$subnet" n1
		one_error 'is already used on the host'
	done < <(ip -4 -o addr | awk '{print $4}')
	run -125 ranby network create --subnet 127.9.0.0/24 n1
	one_error 'subnet 127.9.0.0/24 is already used on the host'
}

@test "network create: what a killed one has left goes" {
	ranby network create one >/dev/null
	: >"$RANBY_ROOT/networks/.tmp.0123456789abcdef"
	ranby network create two >/dev/null
	[ "$(cd "$RANBY_ROOT/networks" && echo .[!.]* ./*)" = '.[!.]* ./lock ./one.json ./two.json' ]
	ranby network rm one two >/dev/null
}

@test "network create: sixteen at once get sixteen subnets" {
	local i pids=()
	for i in {1..16}; do
		ranby network create "n$i" >/dev/null 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(ranby network ls --format '{{(index .Subnets 0).Subnet}}' | sort -u | wc -l)" = 17 ]
	[ "$(ranby network ls --format '{{.NetworkInterface}}' | sort -u | wc -l)" = 17 ]
}

@test "network ls and inspect: table, json, templates, filters; ids may be cut" {
	local id
	[[ $(ranby network ls) == $'NETWORK ID    NAME        DRIVER\n2f259bab93aa  podman      bridge' ]]
	ranby network create --label a=b n1
	ranby network create n2
	[ "$(ranby network ls -q)" = $'n1\nn2\npodman' ]
	[ "$(ranby network list --noheading --no-trunc --filter name=podman)" = \
		'2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9  podman      bridge' ]
	[ "$(ranby network ls -q --filter label=a)" = n1 ]
	[ "$(ranby network ls -q -f label!=a)" = $'n2\npodman' ]
	[ "$(ranby network ls --filter label=a=b --format '{{.Name}} {{.Driver}} {{.Labels}}')" = 'n1 bridge a=b' ]
	run -125 ranby network ls --filter nam=1
	one_error '"nam" is an invalid network filter'
	id=$(show n2 '{{.ID}}')
	[[ $id =~ ^[0-9a-f]{64}$ ]]
	[ "$(show "${id:0:12}" '{{.Name}}')" = n2 ]
	ranby network exists "$id"
	run -1 ranby network exists nope
	[ -z "$output" ]
	run -125 --separate-stderr ranby network inspect n1 nope
	[[ $output == *'"name": "n1"'* && $stderr == *'unable to find network with name or ID nope: network not found'* ]]
	ranby network ls --format json | python3 -c 'import json, sys
l = json.load(sys.stdin)
assert [n["name"] for n in l] == ["n1", "n2", "podman"], l
assert l[0]["labels"] == {"a": "b"} and "labels" not in l[1], l
assert list(l[1]) == ["name", "id", "driver", "network_interface", "created", "subnets", "ipv6_enabled", "internal",
	"dns_enabled", "ipam_options"], l'
}

@test "networks of podman and ours are the same file: each reads the other's" {
	command -v podman >/dev/null || skip 'podman is not installed'
	local short
	short=$(mktemp -d /tmp/XXXXXX) # podman wants it short
	pod() { XDG_RUNTIME_DIR=$short timeout 60 podman --root "$BATS_TEST_TMPDIR/root" --runroot "$short" "$@"; }
	mkdir -p "$BATS_TEST_TMPDIR/root/networks"
	ranby network create --label a=b -o mtu=1400 --subnet 10.5.0.0/24 --gateway 10.5.0.7 --ip-range 10.5.0.128/25 --internal n1
	ranby network create --ipv6 n2
	cp "$RANBY_ROOT"/networks/*.json "$BATS_TEST_TMPDIR/root/networks/"
	local n
	for n in n1 n2 podman; do
		diff <(pod network inspect "$n" | python3 -c 'import json, sys; l = json.load(sys.stdin); l[0].pop("created"); print(json.dumps(l, indent=1))') \
			<(ranby network inspect "$n" | python3 -c 'import json, sys; l = json.load(sys.stdin); l[0].pop("created"); print(json.dumps(l, indent=1))')
	done
	pod network create --subnet 10.6.0.0/24 --label x=y n3
	cp "$BATS_TEST_TMPDIR/root/networks/n3.json" "$RANBY_ROOT/networks/"
	diff <(pod network inspect n3 | python3 -m json.tool) <(ranby network inspect n3 | python3 -m json.tool)
	diff <(pod network ls --no-trunc) <(ranby network ls --no-trunc)
	kill "$(cat "$short/libpod/tmp/pause.pid")"
	rm -rf "$short"
}

@test "network files that others wrote: what is not known is an error that names the file" {
	ranby network create n1
	sed 's/"internal": false/"internal": false, "routes": []/; s/"n1"/"n2"/' "$RANBY_ROOT/networks/n1.json" >"$RANBY_ROOT/networks/n2.json"
	run -125 ranby network ls
	one_error 'n2.json'
	[[ $output == *'"routes"'* ]]
	run -125 ranby network create n3
	mv "$RANBY_ROOT/networks/n2.json" "$RANBY_ROOT/networks/n1.json"
	run -125 ranby network inspect n1
	[[ $output == *'routes'* ]]
	ln -sf /etc/passwd "$RANBY_ROOT/networks/n1.json"
	run -125 ranby network inspect n1
	rm "$RANBY_ROOT/networks/n1.json"
	ranby network ls >/dev/null
}

@test "network rm and prune; both are in the ledger, failures too" {
	ranby network create n1
	ranby network create --label keep n2
	ranby network create n3
	[ "$(ranby network rm n1)" = n1 ]
	[ ! -e "$RANBY_ROOT/networks/n1.json" ]
	run -1 ranby network rm n1
	one_error 'network not found'
	run -0 ranby network rm -f n1
	[ -z "$output" ]
	run -125 ranby network rm podman
	one_error 'default network podman cannot be removed'
	run -125 ranby network prune </dev/null
	ranby network exists n3
	[ "$(ranby network prune -f --filter label!=keep)" = n3 ]
	[ "$(ranby network ls -q)" = $'n2\npodman' ]
	run -125 ranby network create n2
	# of each verb the outcome, as the ledger has it
	python3 - "$XDG_STATE_HOME/ranby/ledger/00000000000000000001.jsonl" <<-'PY'
		import json, sys
		es = [json.loads(l) for l in open(sys.argv[1])][-7:]
		got = [(e["op"], e["vm"], e["reason"], e["res"]) for e in es]
		assert got == [
		    ("network-create", "n1", "user", "success"), ("network-create", "n2", "user", "success"),
		    ("network-create", "n3", "user", "success"), ("network-rm", "n1", "user", "success"),
		    ("network-rm", "podman", "user", "failed"), ("network-rm", "n3", "prune", "success"),
		    ("network-create", "n2", "user", "failed")], got
	PY
}

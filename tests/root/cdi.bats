#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# CDI: --device vendor.com/class=name and --gpus, with descriptions that only
# root can make; used by a plain user.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the user's

bats_require_minimum_version 1.5.0

setup_file() {
	[ "$(id -u)" = 0 ] || { echo 'only root can prepare this' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	RANBY_CDI=$(mktemp -d /var/tmp/ranby-cdi.XXXXXX)
	export RANBY_TREE RANBY_TEST_IMAGES RANBY_CDI
}
teardown_file() { rm -rf "$RANBY_CDI"; }

setup() {
	rm -rf "${RANBY_CDI:?}"/*
	mkdir "$RANBY_CDI/low" "$RANBY_CDI/high"
	printf '[engine]\ncdi_spec_dirs = ["%s", "%s"]\n' "$RANBY_CDI/low" "$RANBY_CDI/high" >"$RANBY_CDI/containers.conf"
	echo library >"$RANBY_CDI/library"
	chmod -R u=rwX,go=rX "$RANBY_CDI"
	cat >"$RANBY_CDI/low/acme.json" <<-JSON
		{"cdiVersion": "0.6.0", "kind": "acme.com/dev",
		 "containerEdits": {"env": ["ACME=all"], "mounts": [{"hostPath": "$RANBY_CDI/library", "containerPath": "/usr/lib/acme", "options": ["ro", "nosuid", "nodev", "bind"]}]},
		 "devices": [
		  {"name": "zero", "containerEdits": {"deviceNodes": [{"path": "/dev/acme0", "hostPath": "/dev/zero", "type": "c", "major": 1, "minor": 5, "permissions": "rw", "fileMode": 438}], "env": ["ACME_ZERO=yes"]}},
		  {"name": "both", "containerEdits": {"deviceNodes": [{"path": "/dev/acme0", "hostPath": "/dev/zero"}, {"path": "/dev/acme1", "hostPath": "/dev/null"}], "additionalGids": [0, 44]}},
		  {"name": "lie", "containerEdits": {"deviceNodes": [{"path": "/dev/zero", "major": 7, "minor": 7}]}},
		  {"name": "file", "containerEdits": {"deviceNodes": [{"path": "/dev/x", "hostPath": "/etc/passwd"}]}},
		  {"name": "late", "containerEdits": {"hooks": [{"hookName": "startContainer", "path": "/bin/true"}]}},
		  {"name": "tmpfs", "containerEdits": {"mounts": [{"hostPath": "/x", "containerPath": "/y", "type": "tmpfs"}]}},
		  {"name": "suid", "containerEdits": {"mounts": [{"hostPath": "/etc", "containerPath": "/y", "options": ["idmap"]}]}},
		  {"name": "weak", "containerEdits": {"deviceNodes": [{"path": "/dev/zero", "permissions": "r"}]}}]}
	JSON
}

# user SCRIPT: with `$R` and the image busybox.
user() {
	"$RANBY_TREE/tests/as-user" --account "${RANBY_DELEGATED_ACCOUNT:-ranbytest}" --reap bash -c '
		export CONTAINERS_CONF=$RANBY_CDI/containers.conf
		base=$(mktemp -d "$TMPDIR/cdi.XXXXXX") run=$(mktemp -d "$XDG_RUNTIME_DIR/rt.XXXXXX")
		R="ranby --root $base/data --runroot $run"
		$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		'"$1"'
		code=$?
		$R rm --all --force --time 0 >/dev/null
		rm -rf "$base" "$run" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$base" "$run"
		exit $code'
}

@test "a CDI device: its node, its environment and its mounts, those of all once; in inspect and in a clone" {
	run -0 user '$R run --rm --network none --device acme.com/dev=zero --device acme.com/dev=both --device acme.com/dev=zero busybox sh -c "
			echo \$ACME \$ACME_ZERO; head -c 3 /dev/acme0 | od -An -tx1; ls -l /dev/acme1 | cut -c1; cat /usr/lib/acme; id -G; (echo x >/usr/lib/acme) 2>&1; grep -c /usr/lib/acme /proc/self/mounts"
		$R create --name c --network none --device acme.com/dev=zero busybox head -c 1 /dev/acme0 >/dev/null
		$R inspect --format "{{range .HostConfig.Devices}}{{.PathOnHost}}>{{.PathInContainer}} {{end}}" c
		$R container clone c d >/dev/null && $R start -a d | od -An -tx1'
	[ "${lines[0]}" = 'all yes' ] || { echo "$output"; false; }
	[[ $output == *$' 00 00 00\nc\nlibrary\n'*' 44'*'Read-only file system'$'\n1\n/dev/zero>/dev/acme0'*$'\n 00' ]] || { echo "$output"; false; }
	# a group 0 in the file means none: no group of root's for another user
	run -0 user '$R run --rm --network none --user 5:6 --device acme.com/dev=both busybox id -G'
	[ "$output" = '6 44' ] || { echo "$output"; false; }
}

@test "a later directory counts; two files of one directory that describe one device are an error" {
	printf '{"cdiVersion":"1.0.0","kind":"acme.com/dev","devices":[{"name":"zero","containerEdits":{"env":["ACME=high"]}}]}' >"$RANBY_CDI/high/a.json"
	run -0 user '$R run --rm --network none --device acme.com/dev=zero busybox sh -c "echo \$ACME; test -e /dev/acme0 || echo none"'
	[ "$output" = $'high\nnone' ]
	cp "$RANBY_CDI/high/a.json" "$RANBY_CDI/high/b.json"
	run -125 user '$R run --rm --network none --device acme.com/dev=zero busybox true'
	[[ $output == "Error: --device acme.com/dev=zero: both $RANBY_CDI/high/a.json and $RANBY_CDI/high/b.json describe it"* ]] || { echo "$output"; false; }
}

@test "--gpus, and YAML as nvidia-ctk writes it" {
	cat >"$RANBY_CDI/high/nvidia.yaml" <<-YAML
		cdiVersion: 0.5.0
		kind: nvidia.com/gpu
		devices:
		- name: "0"
		  containerEdits:
		    deviceNodes:
		    - path: /dev/nvidia0
		      hostPath: /dev/zero
		      major: 1
		      minor: 5
		- name: all
		  containerEdits:
		    env:
		    - GPU=all
		containerEdits:
		  env:
		  - NVIDIA_VISIBLE_DEVICES=void
	YAML
	run -0 user '$R run --rm --network none --gpus 0 --gpus all busybox sh -c "echo \$GPU \$NVIDIA_VISIBLE_DEVICES; ls /dev/nvidia0"
		$R run --rm --network none --gpus device=0,all busybox sh -c "echo \$GPU; ls /dev/nvidia0"'
	[ "$output" = $'all void\n/dev/nvidia0\nall\n/dev/nvidia0' ] || { echo "$output"; false; }
	run -125 user '$R run --rm --network none --gpus 5 busybox true'
	[[ $output == "Error: --device nvidia.com/gpu=5: no such CDI device; looked through $RANBY_CDI/low (1 file), $RANBY_CDI/high (1 file)"* ]] || { echo "$output"; false; }
	[[ $output == *"Hint: "*"nvidia-ctk cdi generate"* ]] || { echo "$output"; false; }
	run -125 user '$R run --rm --network none --gpus capabilities=utility busybox true'
	[[ $output == 'Error: --gpus capabilities=utility: not all, a number, or device=NAME'* ]] || { echo "$output"; false; }
}

@test "hooks are run as the user; one that others could write, and kinds that are not run, are refused" {
	printf '#!/bin/sh\ncat >/dev/null; id -u >"$2"; echo "$MARK" >>"$2"\n' >"$RANBY_CDI/hook"
	chmod 755 "$RANBY_CDI/hook"
	printf '{"cdiVersion":"0.6.0","kind":"acme.com/hook","devices":[{"name":"x","containerEdits":{"hooks":[{"hookName":"createRuntime","path":"%s","args":["hook","a","%s"],"env":["MARK=1"],"timeout":20}]}}]}' \
		"$RANBY_CDI/hook" "$RANBY_CDI/open/said" >"$RANBY_CDI/low/hook.json"
	mkdir -m 1777 "$RANBY_CDI/open"
	run -0 user '$R run --rm --network none --device acme.com/hook=x busybox echo ran'
	[ "$output" = ran ] || { echo "$output"; false; }
	grep -qx 1 "$RANBY_CDI/open/said" || { cat "$RANBY_CDI/open/said"; false; }
	[ "$(stat -c %U "$RANBY_CDI/open/said")" = "${RANBY_DELEGATED_ACCOUNT:-ranbytest}" ]
	chmod 777 "$RANBY_CDI/hook"
	run -125 user '$R run --rm --network none --device acme.com/hook=x busybox echo ran'
	[[ $output == *"$RANBY_CDI/hook: others than root may write to it"* && $output != *$'\nran'* ]] || { echo "$output"; false; }
	run -125 user '$R run --rm --network none --device acme.com/dev=late busybox true'
	[[ $output == 'Error: CDI: a startContainer hook (/bin/true) is not run'* ]] || { echo "$output"; false; }
}

@test "what cannot be had, or is not what it says, is one clear error, and nothing is made" {
	check() { # NAME TEXT
		run -125 user '$R run --rm --network none --device '"$1"' busybox true; code=$?; echo "left:$($R ps -aq)"; (exit $code)'
		[[ $output == Error:*"$2"*$'\nleft:' && ${#lines[@]} -le 3 ]] || { echo "$1: $output"; return 1; }
	}
	check acme.com/dev=nosuch 'acme.com/dev=nosuch: no such CDI device; looked through'
	check acme.com/dev=lie '/dev/zero: is 1:5, and not 7:7'
	check acme.com/dev=file '/etc/passwd: not a device'
	check acme.com/dev=tmpfs 'a mount of type tmpfs'
	check acme.com/dev=suid 'mount option idmap'
	check acme.com/dev=weak 'access r: '
	check acme.com/=x 'not the name of a CDI device'
	check vendor 'not an absolute path, nor the name of a CDI device'
}

@test "files and directories that others can write are not read; a broken file of that kind is an error, another's is passed over" {
	printf '{"cdiVersion":"0.6.0","kind":"other.com/x","devices":[],"new":1}' >"$RANBY_CDI/high/other.json"
	run -0 user '$R run --rm --network none --device acme.com/dev=zero busybox echo ran'
	[ "$output" = ran ]
	run -125 user '$R run --rm --network none --device other.com/x=y busybox true'
	[[ $output == "Error: $RANBY_CDI/high/other.json: CDI: the key \"new\" is unknown"* ]] || { echo "$output"; false; }
	printf '{"cdiVersion"' >"$RANBY_CDI/high/bad.json"
	run -125 user '$R run --rm --network none --device acme.com/dev=zero busybox true'
	[[ $output == "Error: $RANBY_CDI/high/bad.json"* ]] || { echo "$output"; false; }
	rm "$RANBY_CDI/high/bad.json"
	chmod 664 "$RANBY_CDI/low/acme.json"
	run -125 user '$R run --rm --network none --device acme.com/dev=zero busybox true'
	[[ $output == "Error: $RANBY_CDI/low/acme.json: others than root may write to it, so it is not read"* ]] || { echo "$output"; false; }
	chmod 644 "$RANBY_CDI/low/acme.json"
	chmod 1777 "$RANBY_CDI/high"
	run -125 user '$R run --rm --network none --device acme.com/dev=zero busybox true'
	[[ $output == "Error: $RANBY_CDI/high: others than root"* ]] || { echo "$output"; false; }
	chmod 755 "$RANBY_CDI/high"
	ln -s ../library "$RANBY_CDI/high/link.json"
	run -125 user '$R run --rm --network none --device acme.com/dev=zero busybox true'
	[[ $output == "Error: $RANBY_CDI/high/link.json"* ]] || { echo "$output"; false; }
	# one's own directory is nobody's word but one's own
	run -125 user 'mkdir $base/mine; printf "[engine]\ncdi_spec_dirs = [\"$base/mine\"]\n" >$base/conf; export CONTAINERS_CONF=$base/conf
		$R run --rm --network none --device acme.com/dev=zero busybox true'
	[[ $output == *'/mine: others than root may write to it'* ]] || { echo "$output"; false; }
}

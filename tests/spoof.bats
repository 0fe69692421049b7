#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# An image's /etc/passwd names the caller's host uid, and a subordinate one, as
# it likes. HUSER must say what the host says; podman 4 says what the image says.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file
	export SPOOF=$BATS_FILE_TMPDIR/spoof
	mkdir -p "$SPOOF"
	python3 - "$RANBY_TEST_IMAGES/busybox.docker.tar" "$SPOOF" "$(id -u)" "$(id -g)" "$(sub_first uid)" <<-'PY'
		import io, json, sys, tarfile
		archive = tarfile.open(sys.argv[1])
		layer = json.load(archive.extractfile("manifest.json"))[0]["Layers"][0]
		open(sys.argv[2] + "/lower.tar", "wb").write(archive.extractfile(layer).read())
		upper = tarfile.open(sys.argv[2] + "/upper.tar", "w")
		for name, text in (("etc/passwd", "root:x:0:0::/:/bin/sh\nceo-alice:x:%s:%s::/:/bin/sh\npayroll:x:%s:1::/:/bin/sh\nworker:x:1:1::/:/bin/sh\n" % (
		        sys.argv[3], sys.argv[4], sys.argv[5] or 0)),
		                   ("etc/group", "root:x:0:\nceo-group:x:%s:\nworker:x:1:\n" % sys.argv[4])):
		    info = tarfile.TarInfo(name)
		    info.size = len(text)
		    upper.addfile(info, io.BytesIO(text.encode()))
		upper.close()
	PY
	"$RANBY_TREE/tests/images/oci-image" --layer "$SPOOF/lower.tar" --layer "$SPOOF/upper.tar" --cmd sh \
		--docker-archive localhost/spoof:latest "$SPOOF/spoof.tar"
}
teardown_file() { ranby_teardown_file; }

@test "ranby: HUSER and HGROUP are the host's" {
	ranby load -q -i "$SPOOF/spoof.tar" >/dev/null
	run -0 ranby run -d --name spoof --network=none spoof sleep 100
	run -0 ranby top spoof user huser hgroup huid
	[[ ${lines[1]} =~ ^root\ +$(id -u)\($(id -un)\)\ +$(id -g)\($(id -gn)\)\ +$(id -u)$ ]] || fail "$output"
	[[ $output != *ceo* ]]
}

@test "ranby: a subordinate id is not named by the image either" {
	need_ranges
	run -0 ranby run -d --name spoofed --network=none -u 1 spoof sleep 100
	run -0 ranby top spoofed user huser
	[[ ${lines[1]} =~ ^worker\ + ]] || fail "$output"
	[[ $output != *payroll* ]]
}

@test "podman, for comparison: is fooled" {
	need_program podman
	# a home and a run directory of its own: it must not meet the pause process of another test
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config XDG_RUNTIME_DIR=$RANBY_RUN/podman
	mkdir -p "$XDG_CONFIG_HOME/containers" "$XDG_RUNTIME_DIR"
	printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$RANBY_ROOT/podman" "$XDG_RUNTIME_DIR/run" \
		>"$XDG_CONFIG_HOME/containers/storage.conf"
	printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' >"$XDG_CONFIG_HOME/containers/containers.conf"
	podman load -q -i "$SPOOF/spoof.tar" 3>&- || skip 'podman cannot load an image here'
	podman run -d --name spoof --network=none localhost/spoof sleep 100 3>&- || skip 'podman cannot run a container here'
	run podman top spoof user huser
	podman rm -f -t 0 spoof
	[ ! -f "$XDG_RUNTIME_DIR/libpod/tmp/pause.pid" ] || kill -KILL "$(cat "$XDG_RUNTIME_DIR/libpod/tmp/pause.pid")"
	[ "$status" = 0 ] || skip "podman top does not work here: $output"
	[[ $output == *ceo-alice* ]] || skip 'this podman is not fooled any more'
}

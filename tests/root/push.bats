#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What the process holds that sends an image: root looks at it while a registry lets it wait in the middle of a blob.
# shellcheck disable=SC2154 # bats sets output, lines and status
# shellcheck disable=SC2016 # what is in single quotes runs as another user

bats_require_minimum_version 1.5.0

setup() {
	[ "$(id -u)" = 0 ] || { echo 'only root can look at a worker' >&2; return 1; }
	RANBY_TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export RANBY_TEST_IMAGES=${RANBY_TEST_IMAGES:-$("$RANBY_TREE/tests/images/build" --where)}
	chmod 755 "$BATS_TEST_TMPDIR"
}
teardown() { [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true; }

# stalling: a registry that takes the beginning of a blob and then no more; its port, and "stalled" once it has
stalling() {
	python3 - "$BATS_TEST_TMPDIR" <<-'PYTHON'
		import http.server, sys, time
		class Registry(http.server.BaseHTTPRequestHandler):
		    protocol_version = "HTTP/1.1"
		    def answer(self, code, *headers):
		        self.send_response(code)
		        for name, value in headers + (("Content-Length", "0"),):
		            self.send_header(name, value)
		        self.end_headers()
		    def do_GET(self):
		        self.answer(200)
		    def do_HEAD(self):
		        self.answer(404)
		    def do_POST(self):
		        self.answer(202, ("Location", self.path + "1"))
		    def do_PUT(self):
		        self.rfile.read(1000)
		        open(sys.argv[1] + "/stalled", "w").close()
		        time.sleep(60)
		    do_PATCH = do_PUT
		    def log_message(self, *args):
		        pass
		server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
		with open(sys.argv[1] + "/port", "w") as f:
		    f.write(str(server.server_address[1]))
		server.serve_forever()
	PYTHON
}

@test "push: the worker that sends has one open blob, to read, and no directory" {
	local pid link at access blobs=0
	stalling 3>&- &
	server=$!
	for ((i = 0; i < 600 && $(stat -c %s "$BATS_TEST_TMPDIR/port" 2>/dev/null || echo 0) == 0; i++)); do sleep 0.05; done
	# it ends with the registry
	timeout 60 "$RANBY_TREE/tests/as-user" ${RANBY_DELEGATED_ACCOUNT:+--account "$RANBY_DELEGATED_ACCOUNT"} bash -c '
		base=$(mktemp -d "$TMPDIR/p.XXXXXX") && mkdir -m 700 "$base/run"
		R="ranby --root $base/data --runroot $base/run"
		$R load -q -i "$RANBY_TEST_IMAGES/busybox.tar" >/dev/null
		echo "$base" >&4
		timeout 40 $R push -q busybox "127.0.0.1:$0/x:1"
		rm -rf "$base" || unshare --map-root-user --map-auto rm -rf "$base"
	' "$(cat "$BATS_TEST_TMPDIR/port")" 4>"$BATS_TEST_TMPDIR/base" 3>&- >"$BATS_TEST_TMPDIR/said" 2>&1 &
	pushing=$!
	for ((i = 0; i < 300; i++)); do [ ! -e "$BATS_TEST_TMPDIR/stalled" ] || break; sleep 0.1; done
	[ -e "$BATS_TEST_TMPDIR/stalled" ] || { cat "$BATS_TEST_TMPDIR/said"; false; }
	base=$(cat "$BATS_TEST_TMPDIR/base")
	# of this store's ranby: its child
	pid=$(pgrep -P "$(pgrep -f -o "^ranby --root $base/data .* push")" ranby-fetch)
	for at in "/proc/$pid/fd/"*; do
		link=$(readlink "$at")
		[ ! -d "$at" ] || { echo "a directory: $link"; false; }
		case $link in
		"$base"/*)
			blobs=$((blobs + 1))
			access=$(awk '$1 == "flags:" {print $2 % 10}' "/proc/$pid/fdinfo/${at##*/}")
			[ "$access" = 0 ] || { echo "it can write: $link"; false; }
			;;
		socket:* | anon_inode:* | pipe:* | /dev/null | /memfd:*) ;;
		*) [ "$link" -ef "$BATS_TEST_TMPDIR/said" ] || { echo "what is $link"; false; } ;;
		esac
	done
	[ "$blobs" = 1 ] || { echo "$blobs files of the store"; ls -l "/proc/$pid/fd"; false; }
	# nor by another way: its directories, what it maps, and what it may do about it
	[[ $(readlink "/proc/$pid/cwd") != "$base"* && $(readlink "/proc/$pid/root") = / ]]
	run -1 grep -F "$base" "/proc/$pid/maps"
	[ "$(awk '$1 == "Seccomp:" || $1 == "NoNewPrivs:" {print $2}' "/proc/$pid/status" | tr '\n' ' ')" = '1 2 ' ]
	kill "$server"
	wait "$pushing" || true
	wait "$server" 2>/dev/null || true
}

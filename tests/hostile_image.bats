#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Images whose content or config wants to reach the host while a container is
# made: WORKDIR and VOLUME through links (A09, A16), /etc/passwd that is
# anything but a file (A11), USER that overflows (A25), text that would add
# lines to generated files (A26). The canary is a directory of the user's own,
# which a confused engine could write.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	need_namespaces
	need_program python3
	ranby_setup_file busybox
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# image NAME SCRIPT OPTION...: busybox and a layer that SCRIPT (python; `add`, `link`, `fifo`) makes.
image() {
	local name=$1 script=$2 tar=$BATS_TEST_TMPDIR/$1.tar
	shift 2
	python3 - "$tar" "$script" <<'PY'
import io, sys, tarfile
out = tarfile.open(sys.argv[1], "w")
def entry(name, kind, **more):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = 0o755
    for key, value in more.items():
        setattr(info, key, value)
    return info
def add(name, data):
    info = entry(name, tarfile.REGTYPE, size=len(data))
    out.addfile(info, io.BytesIO(data))
def link(name, target): out.addfile(entry(name, tarfile.SYMTYPE, linkname=target))
def fifo(name): out.addfile(entry(name, tarfile.FIFOTYPE))
exec(sys.argv[2])
out.close()
PY
	"$RANBY_TREE/tests/images/oci-image" --busybox "${BUSYBOX:-/bin/busybox}" --layer "$tar" --cmd true \
		--docker-archive "localhost/$name:latest" "$@" "$BATS_TEST_TMPDIR/$name.image"
	ranby load -q -i "$BATS_TEST_TMPDIR/$name.image" >/dev/null
}

go() { timeout 60 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network none "$@"; }

@test "WORKDIR through a link stays inside (A09)" {
	canary_make
	image work "link('esc', '$CANARY'); link('rel', '../../../../../../../../../..$CANARY')"
	for dir in /esc/new /rel/new /esc /rel/../x /proc/self/fd/7 /proc/self/cwd/new; do
		run bash -c '"$@" 2>&1 || true' - timeout 20 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" run --rm --network none -w "$dir" work pwd
		[[ $output != *unreachable* ]] || fail "$dir: $output"
		canary_intact
	done
}

@test "an image's WORKDIR through a link stays inside (A09)" {
	canary_make
	image iwork "link('esc', '$CANARY')" --workdir /esc/new
	run go iwork pwd
	canary_intact
}

@test "VOLUMEs through links, with dots, on /proc: nothing of the host comes in (A16)" {
	canary_make
	image vol "link('esc', '$CANARY'); link('dir', '/'); add('real/f', b'real')" --volume /esc --volume /real/../esc/. --volume /real
	run go vol sh -c 'cat /esc/file; cat /real/f'
	[[ $output != *unchanged* ]] || fail "$output"
	canary_intact
	for volume in /proc /../proc/self / relative; do
		image bad "add('x', b'')" --volume "$volume"
		run -125 go bad true
		one_error "volume"
		[[ $output == *destination* ]] || fail "$volume: $output"
	done
	[ -z "$(ls "$RANBY_ROOT/volumes" 2>/dev/null)" ] || fail "$(ls "$RANBY_ROOT/volumes")"
}

@test "/etc/passwd that is a link to a host file, a FIFO, huge: refused or empty, at once (A11)" {
	canary_make
	echo 'evil:x:0:0::/:/bin/sh' >"$CANARY/file"
	export CANARY_SUM
	CANARY_SUM=$(canary_sum)
	image out "link('etc/passwd', '$CANARY/file')"
	run -125 go -u evil out id
	one_error evil
	canary_intact
	image up "link('etc/passwd', '../../../../../../../../..$CANARY/file')"
	run -125 go -u evil up id
	one_error evil
	image fifo "fifo('etc/passwd')"
	run -125 go -u evil fifo id
	one_error 'not a regular file'
	image huge "add('etc/passwd', b'evil:x:0:0::/:/bin/sh' + b'\n' * (2 << 20))"
	run -125 go -u evil huge id
	one_error 'larger than'
	image line "add('etc/passwd', b'x' * (1 << 20))"
	run -125 go -u evil line id
	one_error evil
	image nul "add('etc/passwd', b'evil\0:x:0:0::/:/bin/sh\n')"
	run -125 go -u evil nul id
	one_error evil
	image loop "link('etc/passwd', 'group'); link('etc/group', 'passwd')"
	run -125 go -u evil loop id
	one_error passwd
	nothing_left
}

@test "a link inside the image leads to the file that it says" {
	image inner "link('etc/passwd', '/usr/lib/users'); add('usr/lib/users', b'ann:x:1234:55::/home/ann:/bin/sh\n')"
	run -0 go -u ann inner id -u
	[ "$output" = 1234 ]
}

@test "an image's USER that overflows or is no number is refused (A25)" {
	i=0
	for user in 4294967296 18446744073709551616 -1 +0 00 0x0 ' 0' $'root\n' 1:-1 :01 :-1 :4294967296; do
		image "user$i" "add('etc/passwd', b'root:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n-1:x:0:0::/:\n')" "--user=$user"
		run -125 go "user$i" id
		[[ $output != *uid=* ]] || fail "$user: $output"
		i=$((i + 1))
	done
}

@test "HOME and names of passwd cannot add lines or reach the terminal (A26)" {
	image home "add('etc/passwd', b'ann:x:5:5::/h\x1b[31m:/bin/sh\nbob\x1b:x:6:6::rel:/bin/sh\n')" --env $'HOME2=x\nroot2::0:0::/:' --label $'a=b\e[31m'
	run -0 go -u ann home sh -c 'echo "$HOME"'
	[ "$output" = / ] || fail "$output"
	run -0 go -u 6 home sh -c 'echo "$HOME"; wc -l </etc/passwd; wc -l </etc/hosts'
	[[ ${lines[0]} == / && ${lines[1]} == 2 && ${lines[2]} == 5 ]] || fail "$output"
}

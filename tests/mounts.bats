#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# Each option of a mount has an effect that the kernel shows, in the payload's
# /proc/PID/mountinfo, read from the host; or it is refused in one line.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox nginx
	mkdir -p "$BATS_FILE_TMPDIR/src/sub"
	echo content >"$BATS_FILE_TMPDIR/src/file"
	export SRC=$BATS_FILE_TMPDIR/src
}
teardown_file() { ranby_teardown_file; }
teardown() {
	calm
	ranby rm --all --force --time 0 >/dev/null
	ranby volume rm --all --force >/dev/null
}

# shown DESTINATION OPTION...: the line of the payload's mountinfo, without the numbers that differ
shown() {
	local place=$1 pid
	shift
	ranby run -d --name shown --network=none "$@" busybox sleep 1000 >/dev/null
	pid=$(ctr_pid shown)
	awk -v at="$place" '$5 == at {$1 = $2 = $3 = "-"; print}' "/proc/$pid/mountinfo"
	ranby rm --force --time 0 shown >/dev/null
}

# is PATTERN DESTINATION OPTION...: what is mounted there has a line like that
is() {
	local want=$1 line
	shift
	line=$(shown "$@" | tail -n 1) # the one on top
	[[ $line =~ $want ]] || fail "$*: no \"$want\" in:" "$line"
}

# refused TEXT OPTION...
refused() {
	local text=$1
	shift
	run -125 ranby create --name refused --network=none "$@" busybox true
	one_error "$text"
}

@test "-v and --mount type=bind: each word, as the kernel has it" {
	is ' /x rw,nosuid,nodev' /x -v "$SRC:/x"
	is ' /x ro,nosuid,nodev' /x -v "$SRC:/x:ro"
	is ' /x rw,nosuid,nodev,noexec' /x -v "$SRC:/x:noexec"
	is ' /x rw,(nodev,)?relatime' /x -v "$SRC:/x:suid,exec"
	is ' /x rw,nosuid,relatime' /x -v "$SRC:/x:dev"
	is ' /x [^ ]+ - ' /x -v "$SRC:/x"
	is ' /x [^ ]+ - ' /x -v "$SRC:/x:rprivate"
	is ' /x [^ ]+ (shared:[0-9]+ )?master:[0-9]+ ' /x -v "$SRC:/x:rslave"
	is ' /x [^ ]+ shared:[0-9]+ ' /x -v "$SRC:/x:rshared"
	is ' /x [^ ]+ shared:[0-9]+ ' /x -v "$SRC:/x:shared"
	is ' /x [^ ]+ unbindable ' /x -v "$SRC:/x:unbindable"
	is ' /x ro,nosuid,nodev' /x --mount "type=bind,src=$SRC,dst=/x,ro"
	is ' /x ro,nosuid,nodev' /x --mount "type=bind,source=$SRC,target=/x,readonly=true"
	is ' /x rw,nosuid,nodev' /x --mount "type=bind,source=$SRC,destination=/x,ro=false"
	is ' /x [^ ]+ shared:[0-9]+ ' /x --mount "type=bind,src=$SRC,dst=/x,bind-propagation=rshared"
	is ' /x rw,nosuid,nodev' /x --mount "type=bind,src=$SRC,dst=/x,bind-nonrecursive"
	is ' overlay overlay .*upperdir=' /x -v "$SRC:/x:O"
	is ' /x rw,nosuid,nodev,noexec.* overlay ' /x -v "$SRC:/x:O,noexec"
	# whoever mounted the file system says when it notes that it was read
	for word in noatime nodiratime; do
		run -125 ranby run --rm --network=none -v "$SRC:/x:$word" busybox true
		one_error 'access times'
		is ",$word" /x --tmpfs "/x:$word"
	done
	# one file
	is '/src/file /x ro,' /x -v "$SRC/file:/x:ro"
	refused 'idmap a host file system' --mount "type=bind,src=$SRC,dst=/x,idmap"
	refused 'a link is not mounted' --mount "type=bind,src=$SRC,dst=/x,no-dereference"
	refused "upperdir=$SRC/none: No such file" -v "$SRC:/x:O,upperdir=$SRC/none,workdir=$SRC/none"
	refused 'O: excludes bind' -v "$SRC:/x:O,bind"
	refused 'not for this type' --mount "type=tmpfs,dst=/x,subpath=sub"
	refused 'exclude each other' -v "$SRC:/x:ro,rw"
}

@test "-v: U gives a tree, or one file, to the container's user, and what a link leads to stays" {
	need_ranges
	local first mine=$BATS_TEST_TMPDIR/mine
	first=$(sub_first uid)
	mkdir -p "$mine/dir"
	touch "$mine/dir/file" "$BATS_TEST_TMPDIR/other" "$mine/one"
	ln -s "$BATS_TEST_TMPDIR/other" "$mine/dir/link"
	run -0 ranby run --rm --network=none --user 5:6 -v "$mine/dir:/x:U" -v "$mine/one:/one:U" busybox stat -c %u:%g /x /x/file /x/link /one
	[ "$output" = $'5:6\n5:6\n5:6\n5:6' ] || fail "$output"
	[ "$(stat -c %u "$mine/dir/file")" = $((first + 4)) ]
	[ "$(stat -c %u "$mine/one")" = $((first + 4)) ]
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/other")" = "$(id -u)" ]
	remove_tree "$mine"
}

@test "-v: what is mounted below the source comes along, and ro is for all of it; alone it cannot be had" {
	[ -n "$(awk '$5 == "/dev/pts"' /proc/self/mountinfo)" ] || skip 'nothing is mounted on /dev/pts'
	is ' /x/pts rw,' /x/pts -v /dev:/x
	is ' /x/pts ro,' /x/pts -v /dev:/x:ro
	is ' /x ro,' /x -v /dev:/x:ro,rbind
	run -125 ranby run --rm --network=none -v /dev:/x:bind busybox true
	one_error 'other mounts lie below it'
	run -125 ranby run --rm --network=none --mount type=bind,src=/dev,dst=/x,bind-nonrecursive busybox true
	one_error 'other mounts lie below it'
}

@test "--mount type=glob: each match, by its own name below the destination, or where it is" {
	touch "$SRC/one.conf" "$SRC/two.conf"
	run -0 ranby run --rm --network=none --mount "type=glob,src=$SRC/*.conf,dst=/x,ro" busybox sh -c 'ls /x; grep -c " /x/.* ro,nosuid,nodev" /proc/self/mountinfo'
	[ "$output" = $'one.conf\ntwo.conf\n2' ] || fail "$output"
	is ' ro,nosuid' "$SRC/one.conf" --mount "type=glob,src=$SRC/o*.conf,ro"
	refused 'nothing matches' --mount "type=glob,src=$SRC/*.none,dst=/x"
	refused 'needs a source' --mount type=glob,dst=/x
	refused 'nothing may be mounted on /proc' --mount type=glob,src=/proc/versio*
}

@test "A03 A13 type=glob: a match never leads out of its directory, whatever link a payload has put there" {
	local link word
	canary_make
	mkdir -p "$BATS_TEST_TMPDIR/data/sub"
	echo inside >"$BATS_TEST_TMPDIR/data/a.conf"
	ranby run --rm --network=none -v "$BATS_TEST_TMPDIR/data:/data" busybox sh -c "cd /data; ln -s a.conf good.conf; echo below >sub/b.conf
		ln -s $CANARY/file absolute.bad; ln -s ../canary/file up.bad; ln -s /proc/self/root$CANARY/file magic.bad; ln -s $CANARY directory.bad"
	cd "$BATS_TEST_TMPDIR/data"
	run -0 ranby run --rm --network=none --mount 'type=glob,src=*.conf,dst=/x' --mount "type=glob,src=$PWD/s*/?.conf,dst=/y" busybox cat /x/a.conf /x/good.conf /y/b.conf
	[ "$output" = $'inside\ninside\nbelow' ] || fail "$output"
	for link in absolute up magic directory; do
		run -125 ranby run --rm --network=none --mount "type=glob,src=$PWD/$link*,dst=/x" busybox sh -c 'cat /x/* /x/*/*; echo evil | tee /x/* /x/*/*'
		one_error 'as seen from'
		canary_intact
	done
	for word in U z Z O relabel=shared chown; do
		refused 'not for this type' --mount "type=glob,src=$PWD/*.conf,dst=/x,$word"
	done
	# exchanged for a link when it has been made already
	ranby create --name later --network=none --mount "type=glob,src=$PWD/a.*,dst=/x" busybox sh -c 'cat /x/a.conf; echo evil >/x/a.conf' >/dev/null
	ln -sf "$CANARY/file" a.conf
	run -125 ranby start -a later
	one_error 'subpath /a.conf'
	canary_intact
}

@test "--mount type=tmpfs and ramfs, --tmpfs: size, mode, owner, content" {
	is ' /x rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=2048k,mode=700' /x --mount type=tmpfs,dst=/x,tmpfs-size=2m,tmpfs-mode=700
	is ' /x ro,' /x --mount type=tmpfs,dst=/x,ro
	is ' /x rw,nosuid,nodev,relatime - tmpfs' /x --tmpfs /x:exec
	is ',nr_inodes=50' /x --tmpfs /x:nr_inodes=50
	is ' /x rw,nosuid,nodev,noexec,relatime - ramfs ramfs rw,mode=700' /x --mount type=ramfs,dst=/x,mode=700,noexec
	run -0 ranby run --rm --network=none --tmpfs /etc --tmpfs /bin/x:mode=711 busybox sh -c 'test -e /etc/passwd; stat -c %a /bin/x'
	[ "$output" = 711 ]
	run -1 ranby run --rm --network=none --mount type=tmpfs,dst=/etc,notmpcopyup busybox test -e /etc/passwd
	refused 'not for this type' --mount type=ramfs,dst=/x,tmpfs-size=1m
	refused 'not for this type' --mount type=tmpfs,dst=/x,src=/y
	need_ranges
	run -0 ranby run --rm --network=none --user 5:6 --mount type=tmpfs,dst=/x,U busybox stat -c %u:%g /x
	[ "$output" = 5:6 ]
	run -0 ranby run --rm --network=none --tmpfs /x:uid=7,gid=8 busybox stat -c %u:%g /x
	[ "$output" = 7:8 ]
}

@test "--mount type=devpts: an instance of its own, and the terminal's is the one at /dev/pts" {
	is ' - devpts devpts rw,.*mode=640.*max=7' /x --mount type=devpts,dst=/x,mode=640,max=7
	is ' - devpts devpts rw,.*max=9' /dev/pts --mount type=devpts,dst=/dev/pts,max=9
	run -0 ranby run --rm --network=none -t --mount type=devpts,dst=/dev/pts,max=9 --mount type=devpts,dst=/x/deeper/pts busybox sh -c 'tty; ls /x/deeper/pts; echo x >"$(tty)"'
	[ "${output//$'\r'/}" = $'/dev/pts/0\nptmx\nx' ] || fail "$output"
	refused 'not a value' --mount type=devpts,dst=/x,max=0
	refused 'not for this type' --mount type=devpts,dst=/x,size=1m
}

@test "--mount type=image: read-only, rw into the container, a subpath, and the image stays while somebody has it" {
	is ' / /x ro,nosuid,nodev.* overlay overlay ro,' /x --mount type=image,src=nginx,dst=/x
	is ' / /x ro,nosuid,nodev.* overlay overlay ro,' /x --mount type=image,src=busybox,dst=/x
	is ' / /x rw,nosuid,nodev.* overlay overlay rw,.*upperdir=' /x --mount type=image,source=nginx,destination=/x,rw=true
	is ' /etc/nginx /x ro,' /x --mount type=image,src=nginx,dst=/x,subpath=/etc/nginx
	is ' /etc/nginx /x rw,' /x --mount type=image,src=nginx,dst=/x,image-subpath=etc/nginx,readwrite
	run -0 ranby run --rm --network=none --mount type=image,src=nginx,dst=/x,rw busybox sh -c 'touch /x/new; rm -r /x/etc; stat -c "%u %a" /x; ls /x'
	[[ $output == '0 755'*new* && $output != *etc* ]] || fail "$output"
	run -0 ranby run --rm --network=none nginx sh -c 'test -d /etc && test ! -e /new'
	# as one that may mount: there is nothing behind it that can be written to
	run -0 ranby run --rm --network=none --cap-add SYS_ADMIN --security-opt seccomp=unconfined --mount type=image,src=busybox,dst=/x busybox sh -c 'mount -o remount,rw /x; touch /x/new || echo stays'
	[[ $output == *stays* ]] || fail "$output"
	refused 'image not known' --mount type=image,src=none,dst=/x
	refused 'needs a source' --mount type=image,dst=/x
	run -125 ranby run --rm --network=none --mount type=image,src=nginx,dst=/x,subpath=none busybox true
	one_error 'subpath /none'
	need_ranges
	run -0 ranby run --rm --network=none --userns=auto --mount type=image,src=nginx,dst=/x,rw busybox sh -c 'touch /x/new; stat -c %u /x /x/etc'
	[ "$output" = $'0\n0' ] || fail "$output"
	# a name of its own, so that the last one can go
	ranby create --name holder --network=none --mount type=image,src=nginx,dst=/x busybox true >/dev/null
	[ "$(ranby inspect -f '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}' holder)" = 'image nginx /x false' ]
	run -2 ranby rmi nginx
	one_error 'in use by container'
	run -0 ranby image prune --all --force
	run -0 ranby start --attach holder
}

@test "A13 A17 a subpath of a volume: never more than the volume, whatever links are in it" {
	local path
	canary_make
	ranby run --rm --network=none -v v:/v busybox sh -c "mkdir -p /v/sub/deep; echo inside >/v/sub/f; ln -s / /v/root; ln -s sub /v/good; ln -s /sub /v/absolute
		ln -s ../../../../../../../../..$CANARY /v/up; ln -s $CANARY /v/out; ln -s /proc/self/root /v/magic"
	is '/volumes/v/_data/sub /x rw,nosuid,nodev' /x --mount type=volume,src=v,dst=/x,subpath=sub
	is '/volumes/v/_data/sub /x ro,nosuid,nodev' /x --mount type=volume,src=v,dst=/x,volume-subpath=/sub/,ro
	is '/volumes/v/_data/sub/f /x ' /x --mount type=volume,src=v,dst=/x,subpath=sub/f
	is '/volumes/v/_data/sub /x ' /x --mount type=volume,src=v,dst=/x,subpath=good
	is '/volumes/v/_data/sub /x ' /x --mount type=volume,src=v,dst=/x,subpath=absolute
	# to its own root, which is the volume
	is '/volumes/v/_data /x ' /x --mount type=volume,src=v,dst=/x,subpath=root
	is '/volumes/v/_data/sub /x ' /x --mount type=volume,src=v,dst=/x,subpath=../../sub
	for path in up out magic root/etc out/file none "../../../../../../../..$CANARY"; do
		run -125 ranby run --rm --network=none --mount "type=volume,src=v,dst=/x,subpath=$path" busybox sh -c 'cat /x/file; echo evil >/x/file'
		one_error 'subpath /'
		canary_intact
	done
	[ "$(ranby inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.SubPath}}{{end}}' "$(ranby create --network=none --mount type=volume,src=v,dst=/x,subpath=sub busybox true)")" = 'volume v /sub' ]
	refused 'O: excludes subpath' --mount type=volume,src=v,dst=/x,subpath=sub,O
}

@test "A13 a subpath that is exchanged for a link to the host while containers start" {
	local tried=0 got=0 least=${RANBY_ATTACK_LOOPS:-40} data=$RANBY_ROOT/volumes/raced/_data
	canary_make
	ranby volume create raced >/dev/null
	mkdir "$data/a"
	ln -s "$CANARY" "$data/b"
	race "$data/a" "$data/b"
	# it has begun, and goes on
	wait_for 20 test -L "$data/a"
	# until the one and the other were met: a look that is right half of the time is wrong 400 times in a row once in 10^120
	while ((tried < least || (tried < 10 * least && (got == 0 || got == tried)))); do
		run ranby run --rm --network=none --mount type=volume,src=raced,dst=/x,subpath=a busybox sh -c 'cat /x/file; echo evil >/x/file'
		[[ $output != *unchanged* ]] || fail "the canary was read: $output"
		canary_intact
		tried=$((tried + 1))
		[ "$status" = 125 ] || got=$((got + 1))
	done
	kill -0 "${RACERS[0]}" || fail "nothing was exchanged any more after $tried"
	calm
	[ "$got" -gt 0 ] || fail "a subpath that is a directory half of the time was refused $tried times"
	[ "$got" -lt "$tried" ] || fail "a subpath that is a link half of the time was a directory $tried times"
}

@test "--volumes-from: volumes and binds, as they are there, or ro, rw; own wishes come first, the later container before" {
	ranby create --name first --network=none -v vol:/vol -v "$SRC:/bound:ro,noexec" -v /anon --tmpfs /tmpfs -v "$SRC:/over:O" --device /dev/null:/dev/also-null \
		--mount type=image,src=busybox,dst=/image busybox true >/dev/null
	ranby create --name second --network=none -v other:/vol busybox true >/dev/null
	is '/volumes/vol/_data /vol rw,nosuid,nodev' /vol --volumes-from first
	is ' /bound ro,nosuid,nodev,noexec' /bound --volumes-from first
	is '/volumes/[0-9a-f]{64}/_data /anon rw' /anon --volumes-from first
	is '/volumes/vol/_data /vol ro,' /vol --volumes-from first:ro
	is ' /bound rw,nosuid,nodev,noexec' /bound --volumes-from first:rw,z
	is '/volumes/other/_data /vol rw' /vol --volumes-from first --volumes-from second
	is ' - tmpfs ' /vol --volumes-from first --tmpfs /vol
	run -0 ranby run --rm --network=none --volumes-from first busybox grep -cE ' /(tmpfs|over|dev/also-null|image) ' /proc/self/mountinfo || true
	[ "$output" = 0 ]
	ranby create --name third --network=none --volumes-from first:ro --volumes-from second busybox true >/dev/null
	run -0 ranby inspect third --format '{{json .HostConfig.VolumesFrom}}'
	[ "$output" = '["first:ro","second"]' ]
	refused 'no such container' --volumes-from none
	refused 'not one of ro, rw, z' --volumes-from first:noexec
	refused 'exclude each other' --volumes-from first:ro,rw
	refused 'no container' --volumes-from :ro
}

@test "anonymous volumes go with their container, and not while another one mounts them" {
	local anon
	ranby create --name first --network=none -v /anon -v named:/named busybox true >/dev/null
	anon=$(ranby inspect -f '{{range .Mounts}}{{if eq .Destination "/anon"}}{{.Name}}{{end}}{{end}}' first)
	ranby create --name second --network=none --volumes-from first busybox sh -c 'echo kept >/anon/f' >/dev/null
	ranby rm --volumes first
	ranby start --attach second
	[ "$(cat "$RANBY_ROOT/volumes/$anon/_data/f")" = kept ]
	ranby rm second
	run -0 ranby volume exists "$anon"
	# with --rm, and named again by its user
	ranby run --rm --network=none -v "$anon:/again" -v /gone busybox test -e /again/f
	[ "$(ranby volume ls -q --filter "name=^[0-9a-f]{64}$")" = "$anon" ]
	ranby run -d --rm --name third --network=none -v /gone busybox sleep 1000 >/dev/null
	ranby rm --force --time 0 third
	ranby create --name fourth --network=none -v /gone busybox true >/dev/null
	ranby rm fourth
	[ "$(ranby volume ls -q --filter "name=^[0-9a-f]{64}$" | wc -l)" = 2 ]
	ranby volume rm --all >/dev/null
}

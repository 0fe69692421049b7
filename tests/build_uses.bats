#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# build: the images that it uses stay while it goes on, and a name means one of them; nothing stays in use after it.
# shellcheck disable=SC2154,SC2016 # bats sets output, lines and status; the scripts are the container's
load lib
load context

setup() {
	in_context
	mkdir m
	chmod 777 m
	ranby image exists busybox || load_image busybox
}

WAIT='RUN touch /m/there; until [ -e /m/go ]; do sleep 0.1; done'
# begin ARG...: a build that waits in WAIT, in the background
begin() {
	rm -f m/there m/go
	timeout 300 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build --pull=never -v "$PWD/m:/m" "$@" ctx >out 2>&1 3>&- &
	program=$!
	wait_for 60 test -e m/there
}
end() {
	touch m/go
	wait "$program" || fail "$?" "$(<out)"
	nothing_left
}
# kept IMAGE: no command removes it, and the RUN goes on
kept() {
	local id before
	id=$(ranby image inspect --format '{{.Id}}' "$1")
	before=$(ranby ps --external -aq)
	for how in "rmi $1" "rmi --force $1" "rmi $id" "rmi --all" "rmi --all --force" "image rm -f $id"; do
		# shellcheck disable=SC2086 # words
		run -2 ranby $how
		[[ $output == *"Error: "*": image is in use by a build"* ]] || fail "$how" "$output"
	done
	run -0 ranby image prune --force
	run -0 ranby image prune --all --force
	run -0 ranby system prune --all --force
	[[ $output != *"$id"* ]] || fail "$output"
	ranby image exists "$id"
	[ "$(ranby ps --external -aq)" = "$before" ] || fail 'a container of the build was removed'
}

@test "what a build uses is not removed while it goes on, by no command, and goes afterwards" {
	containerfile <<-EOF
		FROM busybox AS one
		RUN echo one >/one
		$WAIT
		FROM busybox
		COPY --from=one /one /
		RUN cat /one
	EOF
	begin -t uses
	kept busybox
	end
	run -0 ranby rmi busybox
	[[ $output == *Untagged:*busybox* ]]
}

@test "the image of a stage that is made stays until the build has taken of it, with --jobs and without layers too" {
	local options step
	for options in --jobs=2 --layers=false --jobs=1 --squash; do
		containerfile <<-EOF
			FROM busybox AS one
			RUN echo one >/one
			FROM busybox AS two
			COPY --from=one /one /two
			$WAIT
			FROM one
			COPY --from=two /two /
			RUN cat /one /two
		EOF
		begin --no-cache "$options" -t uses
		for step in $(ranby images -aq --no-trunc); do
			ranby rmi --force "$step" >/dev/null 2>&1 || true
		done
		ranby image prune -af
		end
		run -0 ranby run --rm uses cat /one /two
		[ "$output" = $'one\none' ]
	done
}

@test "a name means one image for all of a build, whatever it means next" {
	local options
	printf 'FROM busybox\nRUN echo other >/which\n' | ranby build -q -t other -f - >/dev/null
	for options in --jobs=2 --jobs=1; do
		printf 'FROM busybox\nRUN echo first >/which\n' | ranby build -q -t base -f - >/dev/null
		containerfile <<-EOF
			FROM base AS one
			$WAIT
			FROM base AS two
			RUN --mount=from=base,source=/which,target=/x cat /x >/mounted
			FROM busybox
			COPY --from=one /which /1
			COPY --from=base /which /2
			COPY --from=two /which /3
			COPY --from=two /mounted /4
		EOF
		begin --no-cache "$options" -t names
		ranby tag other base
		end
		run -0 ranby run --rm names cat /1 /2 /3 /4
		[ "$output" = $'first\nfirst\nfirst\nfirst' ] || fail "$options" "$output"
	done
}

@test "[A20] a build that is killed with its guard keeps no image in use" {
	local all
	printf 'FROM busybox AS one\nFROM busybox\nCOPY --from=one /bin/busybox /b\n%s\n' "$WAIT" | containerfile
	begin --jobs 2 --no-cache
	run -2 ranby rmi busybox
	# timeout is not the build
	mapfile -t all < <(for pid in $(pgrep -P "$program"); do echo "$pid"; pgrep -P "$pid"; done)
	kill -STOP "${all[@]}"
	kill -KILL "${all[@]}"
	wait "$program" || true
	run -0 ranby image prune --all --force
	[ -n "$output" ]
	run -1 ranby image exists busybox
	nothing_left
}

@test "[A20] builds and removals at the same time: a build ends, or does not find what its FROM names" {
	local i status
	printf 'FROM busybox AS a\nRUN echo a >/a\nFROM busybox AS b\nRUN echo b >/b\nFROM a\nCOPY --from=b /b /\nRUN cat /a /b\n' | containerfile
	while :; do ranby image prune --all --force >/dev/null 2>&1; ranby rmi --all --force >/dev/null 2>&1; done 3>&- &
	program=$!
	for i in $(seq "${RANBY_ATTACK_LOOPS:-8}"); do
		load_image busybox >/dev/null 2>&1 || true
		status=0
		timeout 100 "$RANBY" --root "$RANBY_ROOT" --runroot "$RANBY_RUN" build --jobs=$((i % 3)) --pull=never --no-cache ctx >out 2>&1 || status=$?
		[ "$status" = 0 ] || grep -q '^Error: building at STEP "FROM busybox' out || { kill "$program"; fail "$status" "$(<out)"; }
	done
	kill "$program"
	wait "$program" || true
	wait_for 60 no_work_left
}

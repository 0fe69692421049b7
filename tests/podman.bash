# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# A podman with directories of its own that runs ranby-runtime: podman_setup_file, then `driven ARG...`.

podman_setup_file() {
	PODMAN=$(mktemp -d "${TMPDIR:-/tmp}/podman.XXXXXX")
	DRIVEN=${RUNTIME:-$RANBY_TREE/${RANBY_BUILD:-build}/bin/ranby-runtime}
	PODMAN_RUN=${RANBY_RUN:-$PODMAN}/podman
	export PODMAN DRIVEN PODMAN_RUN
	mkdir -p "$PODMAN/config/containers" "$PODMAN_RUN"
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrootless_storage_path = "%s"\nrunroot = "%s"\n' "$PODMAN/store" "$PODMAN/store" "$PODMAN_RUN/run" >"$PODMAN/config/containers/storage.conf"
	printf '[containers]\ncgroups = "%s"\npids_limit = 0\ndefault_ulimits = ["nofile=512:512", "nproc=4096:4096"]\n[engine]\nruntime_supports_json = ["ranby-runtime", "crun"]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' "${PODMAN_CGROUPS:-enabled}" \
		>"$PODMAN/config/containers/containers.conf"
	if command -v podman conmon >/dev/null && driven load -q -i "$RANBY_TEST_IMAGES/busybox.docker.tar" >/dev/null 3>&-; then
		touch "$PODMAN/works"
	fi
}

# end_podman VARIABLE=BEGIN: a pause process, and a cleanup that is late, of the podmans that had this in their environment.
end_podman() {
	local pid
	for pid in $(pgrep -u "$(id -u)" podman); do
		! grep -qz "^$1" "/proc/$pid/environ" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
	done
}

podman_teardown_file() {
	if command -v podman >/dev/null; then
		driven rm -f -t 0 -a >/dev/null 2>&1 3>&- || true
		local _
		# conmon has podman clean up after a container
		for _ in $(seq 100); do pgrep -f -- "--root $PODMAN/store" >/dev/null || break; sleep 0.1; done
		[ "$(id -u)" = 0 ] || driven system migrate || true
		end_podman "XDG_CONFIG_HOME=$PODMAN"
	fi
	remove_tree "$PODMAN"
}

driven() {
	# shellcheck disable=SC2086 # words
	CONTAINERS_STORAGE_CONF=$PODMAN/config/containers/storage.conf CONTAINERS_CONF=$PODMAN/config/containers/containers.conf XDG_CONFIG_HOME=$PODMAN/config \
		XDG_RUNTIME_DIR=$PODMAN_RUN timeout 60 ${PODMAN_NS:-} podman --runtime "$DRIVEN" "$@" 3>&-
}
export -f driven

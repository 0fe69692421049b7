#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What is in force, said by inspect and by top, for a table of options: each
# word is compared with /proc as another program reads it from the host, and
# the seccomp profile with what the runtime was given. The start record has
# the same table in tests/root/witness.bats; labels are in tests/vm.
# shellcheck disable=SC2154 # bats sets output, lines and status

load lib

setup_file() {
	ranby_setup_file busybox
	jq '.syscalls += [{"names": ["acct"], "action": "SCMP_ACT_ALLOW"}]' "$RANBY_TREE/profiles/seccomp/default.json" >"$BATS_FILE_TMPDIR/own.json"
	ranby profile record --rm --network=none recorded busybox sleep 0.1
}
teardown_file() { ranby_teardown_file; }
teardown() { ranby rm --all --force --time 0 >/dev/null 2>&1 || true; }

# in_force WHAT WANTED_FILTERS: init of container `c` as /proc, inspect and top have it
in_force() {
	ranby inspect c >"$BATS_TEST_TMPDIR/inspect" || return
	ranby top --format json c hpid,huid,hgid,seccomp,filters,nnp,label,lsm,profile,profilehash,capeff,capbnd,capprm,capinh,capamb \
		>"$BATS_TEST_TMPDIR/top" || return
	python3 - "$(ctr_pid c)" "$BATS_TEST_TMPDIR/inspect" "$BATS_TEST_TMPDIR/top" "$2" \
		"$RANBY_ROOT/containers/$(ranby inspect --format '{{.Id}}' c)/config.json" <<-'CHECK' || fail "$1"
		import hashlib, json, os, re, sys
		pid, inspect, top, filters, config = sys.argv[1:]
		status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
		ranby = json.load(open(inspect))[0]["Ranby"]
		said = ranby["InForce"]
		row = [r for r in json.load(open(top)) if r["hpid"] == int(pid)][0]
		word = lambda key: status[key].split()
		modes = ["disabled", "strict", "filter"]

		def label():
		    try:
		        return open(f"/proc/{pid}/attr/current").read().strip("\n\0") or None
		    except OSError:
		        return None

		want = {
		    "stage": "exec-stop", "pid": int(pid),
		    "uid": [int(n) for n in word("Uid")], "gid": [int(n) for n in word("Gid")],
		    "groups": [int(n) for n in word("Groups")],
		    "capEff": word("CapEff")[0], "capPrm": word("CapPrm")[0], "capInh": word("CapInh")[0],
		    "capBnd": word("CapBnd")[0], "capAmb": word("CapAmb")[0],
		    "noNewPrivs": word("NoNewPrivs")[0] == "1", "seccomp": modes[int(word("Seccomp")[0])],
		    "seccompFilters": int(word("Seccomp_filters")[0]), "label": label(),
		    "exe": os.readlink(f"/proc/{pid}/exe"),
		    "auid": int(open(f"/proc/{pid}/loginuid").read()),
		    "namespaces": {n: int(re.search(r"\d+", os.readlink(f"/proc/{pid}/ns/{n}"))[0]) for n in said["namespaces"]},
		}
		for key, value in want.items():
		    assert said.get(key) == value, (key, said.get(key), value)
		assert len(want["namespaces"]) == 7
		assert want["seccompFilters"] == int(filters), want["seccompFilters"]
		for key, value in {"seccomp": want["seccomp"], "filters": want["seccompFilters"], "nnp": want["noNewPrivs"], "label": want["label"]}.items():
		    assert row[key] == value, (key, row[key], value)
		assert (row["huid"], row["hgid"]) == (want["uid"][1], want["gid"][1])
		for column, key in {"capeff": "capEff", "capbnd": "capBnd", "capprm": "capPrm", "capinh": "capInh", "capamb": "capAmb"}.items():
		    assert len(row[column]) == bin(int(want[key], 16)).count("1"), (column, row[column], want[key])
		# the profile: by the text that the runtime was given, and by the kernel, which alone knows that there is no filter
		text = open(config).read()
		if '"seccomp":' in text:
		    at = text.index('"seccomp":') + len('"seccomp":')
		    digest = hashlib.sha256(text[at:json.JSONDecoder().raw_decode(text, at)[1]].encode()).hexdigest()
		    assert ranby["SeccompHash"] == row["profilehash"] == digest, (ranby.get("SeccompHash"), row["profilehash"], digest)
		    assert ranby["Seccomp"] == row["profile"], (ranby["Seccomp"], row["profile"])
		else:
		    assert row["profile"] == "unconfined" and ranby["Seccomp"] == "unconfined", (row["profile"], ranby["Seccomp"])
	CHECK
}

@test "inspect and top agree with /proc: capabilities, user, filters, no_new_privs, label, profile and its hash" {
	need_program python3
	need_ranges
	local filters options
	while read -r filters options; do
		# shellcheck disable=SC2086 # several options
		ranby run -d --name c --network=none ${options//@/$BATS_FILE_TMPDIR/own.json} busybox sleep 1000 >/dev/null || fail "does not run: $options"
		in_force "${options:-nothing asked for}" "$filters"
		ranby rm -f -t 0 c >/dev/null
	done <<-'OPTIONS'
		1
		1 --user=nobody
		1 --user=1000:1001 --group-add=1002
		1 --security-opt=no-new-privileges
		1 --security-opt=no-new-privileges --user=nobody
		0 --security-opt=seccomp=unconfined
		0 --security-opt=seccomp=unconfined --security-opt=no-new-privileges
		1 --security-opt=seccomp=@
		1 --security-opt=seccomp=@ --security-opt=seccomp-log --user=nobody
		1 --cap-drop=ALL
		1 --cap-drop=ALL --cap-add=NET_BIND_SERVICE,CHOWN
		1 --cap-add=ALL
		0 --privileged
		0 --privileged --user=nobody --cap-drop=SYS_ADMIN
		1 --userns=keep-id
		1 --pid=host --ipc=host --uts=host
		1 --security-opt=landlock=ro-rootfs
		1 --security-opt=profile=recorded
		2 --trail=notify
		1 --read-only
	OPTIONS
}

@test "after a restart, and for exec sessions with other options than the container's" {
	need_program python3
	ranby run -d --name c --network=none --cap-drop=ALL busybox sleep 1000 >/dev/null
	ranby restart -t 0 c >/dev/null
	in_force restarted 1
	ranby exec -d --privileged c sleep 1001
	ranby exec -d -u nobody c sleep 1002
	wait_for 30 bash -c "[ \$('$RANBY' --root '$RANBY_ROOT' --runroot '$RANBY_RUN' top --noheading c pid | wc -l) = 3 ]"
	run -0 ranby top --noheading c hpid,seccomp,filters,nnp,huid
	local hpid seccomp filters nnp huid
	while read -r hpid seccomp filters nnp huid; do
		[ "$filters" = "$(status_field "$hpid" Seccomp_filters)" ] || fail "$output"
		[ "$seccomp" = "$(sed 's/0/disabled/; s/2/filter/' <<<"$(status_field "$hpid" Seccomp)")" ] || fail "$output"
		[ "$nnp" = "$(sed 's/0/no/; s/1/yes/' <<<"$(status_field "$hpid" NoNewPrivs)")" ] || fail "$output"
		[ "${huid%%(*}" = "$(status_field "$hpid" Uid)" ] || fail "$output"
	done <<<"$output"
}

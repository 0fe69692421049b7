# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What is done with a build: check, lint, fuzz, bench, demo, install.
# `make help` lists them.
.SECONDARY:
.PHONY: help check mutants check-vm lint lint-fast fuzz fuzz-bins bench compat demo kill-sweep error-sweep images install uninstall completions

help:
	@echo 'make                 the programs, in $(BUILD)/bin and $(BUILD)/libexec/ranby'
	@echo 'make check           all tests; UNIT=0 leaves the unit tests out, BATS="lab options" runs two files'
	@echo 'make unit            the unit tests alone'
	@echo 'make SAN=address,undefined check   the same, in a build with sanitizers, which must have nothing to report'
	@echo 'make check-vm        behaviour tests in guests with AppArmor and SELinux (root; VM="trixie:selinux tests/vm/walk.bats", VM=--help)'
	@echo 'make lint            layers, sizes, complexity, banned calls, clang, clang-tidy, cppcheck, shellcheck'
	@echo 'make fuzz            each fuzzer for FUZZ_SECONDS (20)'
	@echo 'make kill-sweep      a SIGKILL at every system call of the verbs that change something'
	@echo 'make error-sweep     each of eight errors at every one of them (hours; RANBY_SWEEP_ERRORS="EPERM ENOSYS" for fewer)'
	@echo 'make mutants         faults that are put into the runtime, one at a time: each is seen by its test, or it fails (half an hour; MUTANTS=A03)'
	@echo 'make coverage        branches of ranby-witness that its tests take; all of them, or it fails'
	@echo 'make compat          command lines against podman, answers compared field by field'
	@echo 'make bench           ratios against podman, crun, runc, bwrap and the limit'
	@echo 'make demo            a small image, a container, and who started it'
	@echo 'make install         DESTDIR, PREFIX ($(PREFIX)); AUDIT=1: and ranby audit setup --apply; make uninstall (AUDIT=1)'
	@echo 'make install-session a login session for each container (--ident=session), with cap_audit_control'

# ---- check ----
TOOLS := $(patsubst tests/tools/%.c,$(O)/tools/%,$(wildcard tests/tools/*.c))
ifneq ($(SAN),)
TOOLS += $(O)/tools/san-fault
$(O)/tools/san-fault: $(O)/obj/tests/san/fault.o $(SAN_REPORT)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^
endif
$(O)/tools/%: tests/tools/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=gnu17 -O2 -g $(WARN) -Isrc -o $@ $< $(TOOL_FLAGS)
$(O)/tools/execs: TOOL_FLAGS := -static -pthread
$(O)/tools/verdicts $(O)/tools/peak: TOOL_FLAGS := -static

TOOLS += $(O)/tools/monitor-drive
$(O)/tools/monitor-drive: tests/monitor/drive.c $(foreach r,monitor audit sys base,$(call archive,$(r)))
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^

TOOLS += $(O)/tools/leave-one-out
$(O)/tools/leave-one-out: tests/audit-logs/leave-one-out.c $(foreach r,audit sys base,$(call archive,$(r)))
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^

check: all $(TEST_BINS) $(TOOLS)
	@RANBY_BUILD=$(O) RANBY_SAN=$(SAN) RANBY_SAN_LOG=$(SAN_LOG) tests/check $(if $(filter 0,$(UNIT)),,$(TEST_BINS)) $(addprefix --bats ,$(BATS))

check-vm: all
	@tests/vm/check $(VM)

compat: all
	@RANBY_BUILD=$(O) tests/as-user --cgroup2 --reap tests/compat/run

kill-sweep: all $(TOOLS)
	@RANBY_BUILD=$(O) tests/as-user --reap tests/kill-sweep --all $(SWEEP)
	@RANBY_BUILD=$(O) tests/as-user --reap tests/kill-sweep --times 58

error-sweep: all $(TOOLS)
	@RANBY_BUILD=$(O) tests/as-user --reap tests/kill-sweep --errors --all $(SWEEP)

# each fault of tests/mutations in a copy of the tree
mutants: all $(TOOLS)
	@tests/mutants $(MUTANTS)

# ---- lint ----
LINT_C := $(wildcard src/*/*.c)
LINT_SCRIPTS := bootstrap .ci/run $(wildcard tests/as-user tests/audit-session tests/check tests/demo tests/registry tests/run-suite tests/run-unit \
                tests/*.bash tests/*.bats tests/root/*.bats tests/images/build tests/bench/run tests/bench/images tests/bench/build tests/vm/image tests/vm/boot tests/vm/check tests/vm/main tests/vm/session tests/vm/policy tests/vm/lib.bash tests/vm/*.bats tests/vm/guest/usr/local/*bin/*)
CLANG ?= $(shell command -v clang-14 || command -v clang)
CLANG_TIDY ?= $(shell command -v clang-tidy-14 || command -v clang-tidy)
LINT_JOBS ?= $(shell nproc)

lint-fast:
	@bad=0; for check in layers sizes complexity banned witness verbs; do tests/lint/$$check || bad=1; done; \
	shellcheck -x $(wildcard $(LINT_SCRIPTS)) || bad=1; \
	echo 'shellcheck: $(words $(wildcard $(LINT_SCRIPTS))) scripts'; exit $$bad

# A file is looked at again only when it or a header it includes has changed.
TIDY_STAMPS := $(patsubst src/%.c,$(BUILD)/lint/%.tidy,$(LINT_C))
$(BUILD)/lint/%.tidy: src/%.c .clang-tidy
	@mkdir -p $(@D)
	@$(CLANG) $(CPPFLAGS) -std=gnu17 -O2 $(WARN) -fsyntax-only -MMD -MP -MT $@ -MF $(@:.tidy=.d) $<
	@$(CLANG_TIDY) --quiet $< -- $(CPPFLAGS) -std=gnu17 2>$(@:.tidy=.log) || { cat $(@:.tidy=.log); exit 1; }
	@touch $@
-include $(wildcard $(BUILD)/lint/*/*.d)

tidy: $(TIDY_STAMPS)
	@echo 'clang, clang-tidy: $(words $(TIDY_STAMPS)) files'
.PHONY: tidy cppcheck

cppcheck:
	@mkdir -p $(BUILD)/lint/cppcheck
	@cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
		--suppressions-list=tests/lint/cppcheck.suppressions --error-exitcode=1 -j $(LINT_JOBS) \
		--cppcheck-build-dir=$(BUILD)/lint/cppcheck -Isrc -D_GNU_SOURCE '-DRANBY_VERSION=""' \
		'-DRANBY_LIBEXECDIR=""' '-DRANBY_DATADIR=""' -D__x86_64__ $(LINT_C)
	@echo 'cppcheck: $(words $(LINT_C)) files'

lint:
	@$(MAKE) --no-print-directory -k -j $(LINT_JOBS) lint-fast tidy cppcheck

# ---- fuzz ----
FUZZ_SECONDS ?= 20
FUZZ_CC ?= $(shell for c in clang-19 clang-18 clang-17 clang-16 clang-15 clang-14 clang; do command -v $$c && break; done)
FUZZ_BINS := $(patsubst src/%.c,$(O)/fuzz/%,$(FUZZ))
$(O)/fuzz/%: $(O)/obj/src/%.o $(foreach r,$(ROOMS),$(call archive,$(r)))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_RUNTIME) $(LIBS_UNPACK) $(LIBS_FETCH) $(call pkg,yaml-0.1)
fuzz-bins: $(FUZZ_BINS)

fuzz:
	@test -n '$(FUZZ_CC)' || { echo 'fuzz: no clang found' >&2; exit 1; }
	@$(MAKE) --no-print-directory O=$(BUILD)/fuzzing CC=$(FUZZ_CC) HARDEN=-fPIE LINK_HARDEN= \
		OPT='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all' fuzz-bins
	@tests/fuzz $(FUZZ_SECONDS) $(patsubst src/%.c,$(BUILD)/fuzzing/fuzz/%,$(FUZZ))

# ---- bench, demo ----
images:
	@tests/images/build

$(BUILD)/bench/%: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=gnu17 -O2 -g $(WARN) -Isrc -o $@ $<

bench: all $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c)) $(TOOLS)
	@RANBY_BUILD=$(O) tests/as-user --cgroup2 tests/bench/run
	@RANBY_BUILD=$(O) tests/as-user --reap tests/bench/images
	@RANBY_BUILD=$(O) tests/as-user --reap tests/bench/build
	@RANBY_BUILD=$(O) tests/as-user --cgroup2 tests/bench/runtime

demo: all
	@tests/demo

# ---- install ----
INSTALL ?= install
BASH_COMPLETIONS := $(DATADIR)/bash-completion/completions
ZSH_COMPLETIONS := $(DATADIR)/zsh/site-functions
FISH_COMPLETIONS := $(DATADIR)/fish/vendor_completions.d
MAN_PAGES = $(wildcard man/*.[1-8] $(O)/man/*.[1-8])

# Has a capability that can switch audit off, so it comes only where it is asked for: `make install-session`.
ON_DEMAND := ranby-session

# Files and what they become: `make install` makes them, `make uninstall` removes the same.
define installed
$(foreach p,$(filter $(BIN_PROGRAMS),$(BUILT)),755:$(call path_of,$(p)):$(BINDIR)/$(p)) \
$(foreach p,$(filter-out $(BIN_PROGRAMS) $(SBIN_PROGRAMS) $(ON_DEMAND),$(BUILT)),755:$(call path_of,$(p)):$(LIBEXECDIR)/$(p)) \
$(foreach p,$(filter $(SBIN_PROGRAMS),$(BUILT)),755:$(call path_of,$(p)):$(SBINDIR)/$(p)) \
$(foreach m,$(MAN_PAGES),644:$(m):$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
$(foreach f,$(shell find profiles policies -type f | sort),644:$(f):$(DATADIR)/ranby/$(f)) \
$(foreach f,$(wildcard $(O)/completions/ranby.bash),644:$(f):$(BASH_COMPLETIONS)/ranby) \
$(foreach f,$(wildcard $(O)/completions/_ranby),644:$(f):$(ZSH_COMPLETIONS)/_ranby) \
$(foreach f,$(wildcard $(O)/completions/ranby.fish),644:$(f):$(FISH_COMPLETIONS)/ranby.fish)
endef

# The programs write their own: from the same rows that parse the options.
completions: all
	@mkdir -p $(O)/completions
	@if $(call path_of,ranby) completion bash >/dev/null 2>&1; then \
		$(call path_of,ranby) completion bash >$(O)/completions/ranby.bash && \
		$(call path_of,ranby) completion zsh >$(O)/completions/_ranby && \
		$(call path_of,ranby) completion fish >$(O)/completions/ranby.fish; fi

install: all completions
	@$(MAKE) --no-print-directory install-files
install-files:
	@set -e; for f in $(installed); do \
		mode=$${f%%:*}; rest=$${f#*:}; from=$${rest%%:*}; to=$(DESTDIR)$${rest#*:}; \
		$(INSTALL) -D -m "$$mode" "$$from" "$$to"; done
	@echo 'installed $(words $(installed)) files under $(DESTDIR)$(PREFIX)'
	@$(MAKE) --no-print-directory install-privileges

# Root without DESTDIR: what the witness needs, or with AUDIT=1 all that `ranby audit setup` does. A package does it when it is installed.
install-privileges:
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then \
		"$(BINDIR)/ranby" audit setup --apply $(if $(filter 1 yes,$(AUDIT)),,--witness); \
	else \
		echo 'to be done by root: ranby audit setup --apply (accounts, capabilities of ranby-witness, rules, plugin)'; \
	fi
.PHONY: install-privileges
uninstall: completions
	@$(MAKE) --no-print-directory uninstall-files
uninstall-files:
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ] && [ -x "$(BINDIR)/ranby" ]; then \
		"$(BINDIR)/ranby" audit setup --undo $(if $(filter 1 yes,$(AUDIT)),,--witness); fi
	@set -e; for f in $(installed); do rest=$${f#*:}; rm -f "$(DESTDIR)$${rest#*:}"; done
	@rm -f $(addprefix "$(DESTDIR)$(LIBEXECDIR)"/,$(ON_DEMAND))
	@for d in $(LIBEXECDIR) $(DATADIR)/ranby; do \
		[ ! -d "$(DESTDIR)$$d" ] || find "$(DESTDIR)$$d" -depth -type d -empty -delete; done
install-session: $(call path_of,ranby-session)
	$(INSTALL) -D -m 755 $< "$(DESTDIR)$(LIBEXECDIR)/ranby-session"
	setcap cap_audit_control=ep "$(DESTDIR)$(LIBEXECDIR)/ranby-session"
.PHONY: install-files uninstall-files install-session

# ---- coverage of the witness: every branch of what runs with its privileges ----
# Without optimization, fortification and stack protector, so that a branch is one of the source. main() is called as
# witness_program(); what Landlock's, the uuid's and the verbs' files have for others is tested by their tests, in the same build.
COVERED := $(filter-out src/witness/test_% src/witness/fuzz_%,$(wildcard src/witness/*.c)) src/sys/kaudit.c src/sys/landlock.c src/audit/readback.c src/audit/record_words.c src/audit/uuid.c src/audit/verb.c
WRAPPED := open openat read readlinkat fstatfs ioctl poll recvmsg sendmsg send socket bind flock pread pwrite getrandom \
           chdir clearenv close_range sigprocmask signal prctl syscall setresgid fcntl clock_gettime alarm
COVERAGE_CC := $(CC) -D_GNU_SOURCE -I$(CURDIR)/src -std=gnu17 -O0 -g -c
COVERAGE_LIBS := -Wl,--start-group $(foreach r,audit sys base,$(call archive,$(r))) -Wl,--end-group $(LIBS_TEST)
coverage: $(foreach r,audit sys base,$(call archive,$(r)))
	@rm -rf $(BUILD)/coverage && mkdir -p $(BUILD)/coverage
	@cd $(BUILD)/coverage && for f in $(COVERED); do \
		$(COVERAGE_CC) --coverage -Dmain=witness_program -o "$$(basename $$f .c).o" "$(CURDIR)/$$f" || exit 1; done
	@cd $(BUILD)/coverage && $(COVERAGE_CC) -DWITNESS_FAULTS -o test.obj $(CURDIR)/src/witness/test_witness.c && \
		$(COVERAGE_CC) -o receipt.obj $(CURDIR)/src/audit/test_receipt.c && \
		$(COVERAGE_CC) -o landlock.obj $(CURDIR)/src/sys/test_landlock.c
	@$(CC) --coverage -o $(BUILD)/coverage/test -x none $(BUILD)/coverage/test.obj $(BUILD)/coverage/*.o $(foreach w,$(WRAPPED),-Wl,--wrap=$(w)) $(COVERAGE_LIBS)
	@$(CC) --coverage -o $(BUILD)/coverage/receipt -x none $(BUILD)/coverage/receipt.obj $(BUILD)/coverage/uuid.o $(BUILD)/coverage/verb.o $(COVERAGE_LIBS)
	@$(CC) --coverage -o $(BUILD)/coverage/landlock -x none $(BUILD)/coverage/landlock.obj $(BUILD)/coverage/landlock.o $(COVERAGE_LIBS)
	@cd $(BUILD)/coverage && for t in test receipt landlock; do ./$$t >$$t.out 2>&1 || { tail -n 20 $$t.out; exit 1; }; done
	@tests/lint/branches $(BUILD)/coverage $(notdir $(COVERED))
.PHONY: coverage

# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# One static library per room (src/<room>/*.c), one program per
# src/<room>/main_<program>.c. A test is src/<room>/test_<noun>.c, a fuzzer
# src/<room>/fuzz_<noun>.c. Nothing else has to be said here to add a file.

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
PKG_CONFIG ?= pkg-config
SAN     ?=

BINDIR      := $(PREFIX)/bin
SBINDIR     := $(PREFIX)/sbin
LIBEXECDIR  := $(PREFIX)/libexec/ranby
DATADIR     := $(PREFIX)/share
MANDIR      := $(DATADIR)/man

ROOMS := base sys oci runtime audit monitor witness trail tar registry trust image engine build view cmd query
O     := $(BUILD)$(if $(SAN),/san$(if $(findstring thread,$(SAN)),-thread))

WARN := -Wall -Wextra -Wconversion -Wshadow -Werror -Wformat=2 -Wvla -Wundef -Wcast-qual \
        -Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough -Wpointer-arith
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero \
          -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
ifeq ($(shell uname -m),x86_64)
HARDEN += -fcf-protection=full
endif
ifeq ($(SAN),)
OPT := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINK_HARDEN := -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
else
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all
endif

CPPFLAGS += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Isrc -I$(O)/gen -DRANBY_VERSION='"$(VERSION)"' \
            -DRANBY_LIBEXECDIR='"$(LIBEXECDIR)"' -DRANBY_DATADIR='"$(DATADIR)/ranby"'
CFLAGS   += -std=gnu17 $(OPT) $(WARN) $(HARDEN) -ffunction-sections -fdata-sections
LDFLAGS  += -Wl,--gc-sections,--as-needed $(LINK_HARDEN) $(if $(SAN),-fsanitize=$(SAN))

# make V=1 shows the commands
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@echo '  $(1) $(2)')

comma := ,
pkg = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null)

# sha256 alone comes from the static libcrypto: the shared one costs each start a millisecond of relocations
LIBS_BASE    := $(call pkg,json-c smartcols) -l:libcrypto.a
LIBS_RUNTIME := $(LIBS_BASE) $(call pkg,libseccomp libcap-ng)
# bzip2 has no .pc file
LIBS_UNPACK  := $(LIBS_BASE) $(call pkg,libarchive zlib libzstd liblzma libseccomp) -lbz2
LIBS_FETCH   := $(LIBS_BASE) $(call pkg,libcurl libseccomp)
LIBS_TRUST   := -l:libjson-c.a $(call pkg,libcrypto yaml-0.1 libseccomp)

# program: rooms it links (later ones may use earlier ones), libraries, link mode
PROGRAMS := ranby ranby-runtime ranby-init ranby-scope ranby-monitor ranby-session ranby-witness ranby-trail ranby-audit ranby-fetch ranby-unpack ranby-trust
BIN_PROGRAMS := ranby ranby-runtime
SBIN_PROGRAMS := ranby-trail
rooms_ranby          := cmd view build engine image trust registry tar audit monitor runtime oci sys base
rooms_ranby-runtime  := runtime audit oci sys base
rooms_ranby-init     := runtime oci sys base
rooms_ranby-scope    := sys base
rooms_ranby-monitor  := monitor audit sys base
rooms_ranby-session  :=
rooms_ranby-witness  := witness audit sys base
rooms_ranby-trail    := trail audit sys base
rooms_ranby-audit    := query cmd view build engine image trust registry tar audit monitor runtime oci sys base
rooms_ranby-fetch    := registry oci sys base
rooms_ranby-unpack   := tar oci sys base
rooms_ranby-trust    := trust oci sys base
libs_ranby           := -l:libjson-c.a -l:libcap-ng.a $(LIBS_BASE) $(call pkg,libcap-ng libseccomp)
libs_ranby-runtime   := $(call pkg,json-c libseccomp libcap-ng) -l:libcrypto.a
libs_ranby-init      :=
libs_ranby-scope     :=
libs_ranby-monitor   := -l:libcrypto.a
libs_ranby-session   :=
libs_ranby-witness   :=
libs_ranby-trail     := $(call pkg,json-c smartcols sqlite3 libcrypto libseccomp)
libs_ranby-audit     := $(call pkg,json-c smartcols sqlite3 libcrypto libcap-ng libseccomp)
libs_ranby-fetch     := $(LIBS_FETCH)
libs_ranby-unpack    := $(LIBS_UNPACK)
libs_ranby-trust     := $(LIBS_TRUST)
link_ranby           := -pie
link_ranby-scope     := -pie
link_ranby-trail     := -pie
link_ranby-audit     := -pie
link_ranby-fetch     := -pie
link_ranby-unpack    := -pie
link_ranby-trust     := -pie
# static: an idle monitor must stay below 1 MiB, and init must need no file of the container; init is
# copied at each start, so without symbols. The runtime starts in two thirds of the time; the linker's
# word on getpwuid is about a function of libcap-ng that is not called.
link_ranby-init      := $(if $(SAN),-static-pie,-static-pie -s)
link_ranby-runtime   := $(if $(SAN),-pie,-static-pie $(if $(findstring no-warnings,$(shell ld --help)),-Wl$(comma)--no-warnings))
link_ranby-monitor   := $(if $(SAN),-pie,-static-pie)
link_ranby-session   := $(if $(SAN),-pie,-static-pie)
link_ranby-witness   := $(if $(SAN),-pie,-static-pie)
ifneq ($(SAN),)
NO_LEAK_CHECK := $(O)/obj/tests/san/no_leak_check.o
SAN_REPORT := $(O)/obj/tests/san/report.o
SAN_LOG ?= /var/tmp/ranby-sanitizers-$(shell id -u)
$(SAN_REPORT): CPPFLAGS += -DSAN_LOG='"$(SAN_LOG)"'
$(foreach p,$(PROGRAMS),$(eval san_$(p) := $(SAN_REPORT) $(filter-out $(if $(filter ranby,$(p)),$(NO_LEAK_CHECK)),$(NO_LEAK_CHECK))))
endif

# Where musl is, the two programs that there are most of are linked with it: why is in sys/musl.h.
# They are few files: these, compiled for it beside the others. A file that is missing here does not link.
MUSL_CC ?= $(shell command -v musl-gcc)
musl_ranby-init := $(addprefix runtime/,main_ranby-init init init_confine init_dev init_exec init_hooks init_rootfs message plan reap) \
	$(addprefix base/,buf clock err parse) \
	$(addprefix sys/,canary caps copytree fd ids keyring landlock lsm lsm_selinux memfd mountns netns path pidfd pty seccomp signals status_mask)
musl_ranby-monitor := \
	$(addprefix monitor/,main_ranby-monitor backoff cast_writer checks children clients create exit exit_file helper log_format log_json log_writer) \
	$(addprefix monitor/,oom options orders session stdio trail trail_event trail_file trail_serve) \
	$(addprefix monitor/,exec_head record record_args record_caps record_files tally) $(addprefix sys/,callname memory seccomp) \
	$(addprefix audit/,receipt witness) $(addprefix base/,buf err escape json_text parse sha256 strv) \
	$(addprefix sys/,cgroup exec_call fd idmap journal lsm_selinux memfd notify path pidfd procfs procfs_parse root_end self signals spawn status_mask userns)
# Sanitizers' libraries are shared, and no container has them: there init is linked so too, and dies by a trap.
ifneq ($(SAN),)
$(if $(MUSL_CC),,$(error SAN=$(SAN) wants musl-gcc))
musl_ranby-monitor :=
endif

MAINS := $(wildcard src/*/main_*.c)
TESTS := $(wildcard src/*/test_*.c)
FUZZ  := $(wildcard src/*/fuzz_*.c)
LIBSRC := $(filter-out $(MAINS) $(TESTS) $(FUZZ),$(wildcard $(addprefix src/,$(addsuffix /*.c,$(ROOMS)))))
HAVE  := $(patsubst main_%.c,%,$(notdir $(MAINS)))
BUILT := $(filter $(HAVE),$(PROGRAMS))

path_of = $(O)/$(if $(filter $(1),$(BIN_PROGRAMS)),bin,libexec/ranby)/$(1)
archive = $(O)/lib/$(1).a

.PHONY: all clean install uninstall check unit lint fuzz bench demo completions
all: $(foreach p,$(BUILT),$(call path_of,$(p))) $(O)/share/ranby/profiles $(O)/share/ranby/policies

# found from bin/ as in an installed tree
$(O)/share/ranby/profiles $(O)/share/ranby/policies:
	@mkdir -p $(@D)
	@ln -srfn $(@F) $@

$(O)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# names and numbers of the architecture's system calls
$(O)/gen/callname_table.h: Makefile
	@mkdir -p $(@D)
	@echo '#include <asm/unistd.h>' | $(CC) -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/{"\1", __NR_\1},/p' | sort >$@.tmp && mv $@.tmp $@
$(O)/obj/src/sys/callname.o $(O)/musl/sys/callname.o $(BUILD)/lint/sys/callname.tidy: $(O)/gen/callname_table.h

define room_rule
$(call archive,$(1)): $(patsubst %.c,$(O)/obj/%.o,$(filter src/$(1)/%,$(LIBSRC)))
	@mkdir -p $$(@D)
	@rm -f $$@
	@$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

# the kernel's headers and OpenSSL's, without those of glibc
MULTIARCH := $(shell $(CC) -print-multiarch)
MUSL_INCLUDE := $(O)/musl/include
MUSL_FLAGS = -isystem $(MUSL_INCLUDE) -include src/sys/musl.h \
	$(filter-out -Wconversion -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fsanitize=%,$(CFLAGS)) $(if $(SAN),-fsanitize=undefined -fsanitize-undefined-trap-on-error)
$(MUSL_INCLUDE): Makefile
	@rm -rf $@ && mkdir -p $@/openssl
	@ln -s /usr/include/linux /usr/include/asm-generic /usr/include/$(MULTIARCH)/asm $@/
	@ln -s /usr/include/openssl/* /usr/include/$(MULTIARCH)/openssl/* $@/openssl/
$(O)/musl/%.o: src/%.c Makefile | $(MUSL_INCLUDE)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(MUSL_CC) $(CPPFLAGS) $(MUSL_FLAGS) -MMD -MP -c -o $@ $<

# musl-gcc can link dynamically only, or without position independence: so the files are named
MUSL_LIB := /usr/lib/$(patsubst %-gnu,%-musl,$(MULTIARCH))
crt = $(shell $(CC) -print-file-name=$(1))
define musl_rule
$(call path_of,$(1)): $(patsubst %,$(O)/musl/%.o,$(musl_$(1)))
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(link_$(1)) -nostdlib -o $$@ $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $(call crt,crtbeginS.o) \
		$$^ $(libs_$(1)) $(MUSL_LIB)/libc.a -lgcc $(call crt,crtendS.o) $(MUSL_LIB)/crtn.o
endef

define program_rule
$(call path_of,$(1)): $(patsubst %.c,$(O)/obj/%.o,$(filter %/main_$(1).c,$(MAINS))) $(san_$(1)) $(foreach r,$(rooms_$(1)),$(call archive,$(r)))
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(link_$(1)) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(libs_$(1))
endef
$(foreach p,$(BUILT),$(eval $(call $(if $(and $(MUSL_CC),$(musl_$(p))),musl_rule,program_rule),$(p))))

# ---- unit tests, beside their subject ----
TEST_BINS := $(patsubst src/%.c,$(O)/test/%,$(TESTS))
LIBS_TEST := $(call pkg,cmocka audit sqlite3) $(LIBS_RUNTIME) $(LIBS_UNPACK) $(LIBS_FETCH) $(call pkg,yaml-0.1)
$(O)/test/%: $(O)/obj/src/%.o $(foreach r,$(ROOMS),$(call archive,$(r)))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_TEST)
# its children may not read /proc
$(O)/test/sys/test_landlock: $(NO_LEAK_CHECK)
unit: $(TEST_BINS)
	@tests/run-unit $(TEST_BINS)

-include $(shell find $(O)/obj $(O)/musl -name '*.d' 2>/dev/null)

clean:
	rm -rf $(BUILD)

include tests/targets.mk

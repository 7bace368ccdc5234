# The checking targets. tests/run collects every suite's counts and ends with
# "N passed, N failed".

# SUITES: programs that print "N passed, N failed" as their last line and
# exit non-zero when something failed. A room adds its own below with
#	SUITES += $(B)/fault/x
# and a rule for it.
SUITES :=

# Sub-makes use every processor unless this one was told otherwise.
JOBS = $(if $(findstring j,$(MAKEFLAGS)),,-j$(shell nproc))

check: deps
	$(Q)$(MAKE) $(JOBS) --no-print-directory all unit suites
	$(Q)$(MAKE) $(JOBS) --no-print-directory SAN=address,undefined \
	    all unit suites
	$(Q)tests/run

# The same without what needs long or a second build; for while you work.
check-quick: all unit suites
	$(Q)tests/run --quick

suites: $$(SUITES)

deps:
	$(Q)tests/deps

.PHONY: check-quick deps suites

list-suites:
	@echo $(SUITES)

.PHONY: list-suites

# Figures: printed, never judged.
BENCH_TOOLS := $(patsubst tests/bench/%.c,build/bench-tools/%,$(wildcard tests/bench/*.c))
$(BENCH_TOOLS): build/bench-tools/%: tests/bench/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -D_GNU_SOURCE -Wall -Wextra -o $@ $<

bench: deps all $(BENCH_TOOLS)
	$(Q)tests/bench/run $(BENCH)

# The main job, shown.
demo:
	$(Q)tests/deps build
	$(Q)$(MAKE) $(JOBS) --no-print-directory all
	$(Q)/usr/bin/python3 tests/demo/run

# Fuzzing: tests/fuzz/X_fuzz.c has LLVMFuzzerTestOneInput and a corpus in
# tests/fuzz/corpus/X. The corpora are replayed in make check; make fuzz
# (clang) runs each target for FUZZ seconds, and leaves what it finds in
# build/corpus/X and build/crash-*: what matters of it goes to tests/fuzz.
FUZZ       ?= 60
FUZZ_NAMES := $(patsubst tests/fuzz/%_fuzz.c,%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
TEST_LIBS  := -linih -lidn2 -lgsasl -lssl -lcrypto -lresolv
SUITES     += $(FUZZ_NAMES:%=$(B)/fuzz/%_replay)

$(B)/fuzz/%_replay: $(O)/tests/fuzz/%_fuzz.o $(O)/tests/fuzz/replay.o $(ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)echo '  LD $@'; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	$(B)/libqueue.a $(B)/libsmtp.a $(B)/libmail.a $(B)/libbase.a $(TEST_LIBS)

build/fuzz/%: $(O)/tests/fuzz/%_fuzz.o $(ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libqueue.a $(B)/libsmtp.a \
	$(B)/libmail.a $(B)/libbase.a $(TEST_LIBS)

fuzz:
	$(Q)for n in $(FUZZ_NAMES); do \
	    mkdir -p build/corpus/$$n && \
	    $(MAKE) $(JOBS) --no-print-directory CC=clang \
	        SAN=fuzzer,address,undefined build/fuzz/$$n && \
	    build/fuzz/$$n -max_total_time=$(FUZZ) -print_final_stats=0 \
	        -timeout=10 -artifact_prefix=build/ \
	        build/corpus/$$n tests/fuzz/corpus/$$n || exit 1; \
	done

# Longer proofs, up to half an hour.
check-long: deps all
	$(Q)tests/deps long
	$(Q)tests/run --long

# Scripted dialogues of the client: core/smtp against tests/dialog/*.smtp,
# with TLS as the scripts have it.
SUITES += $(B)/dialog/dialog
DIALOG := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/dialog/*.c)))
DIALOG_SMTP := $(filter-out core/smtp/tls% core/smtp/resolve%,$(SMTP))
$(B)/dialog/dialog: $(B)/dialog/player $(wildcard tests/dialog/*.smtp)
	$(Q)printf '#!/bin/sh\nexec %s %s\n' $(B)/dialog/player \
	'tests/dialog/*.smtp' > $@; chmod 755 $@
$(B)/dialog/player: $(DIALOG) $(DIALOG_SMTP:%=$(O)/%.o) $(ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)echo '  LD $@'; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	$(B)/libmail.a $(B)/libbase.a $(TEST_LIBS)

# Small programs that a Python test runs.
$(B)/lib/%: $(O)/tests/lib/%.o $(ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libqueue.a \
	$(B)/libmail.a $(B)/libbase.a -linih

# The queue with a disk that fails, and one that loses power: the stand-in
# comes first, so that the archive's fs.o is never pulled in.
FAULT  := $(B)/fault/queue_fault $(B)/fault/aside_fault
SUITES += $(FAULT) $(B)/fault/queue_power $(B)/fault/queue_race

FAULT_PARTS := $(O)/tests/fault/house.o $(ARCHIVES)
$(FAULT): $(B)/fault/%: $(O)/tests/fault/%.o $(O)/tests/fault/fs_fault.o \
	$(O)/tests/fault/harness.o $(FAULT_PARTS)
$(B)/fault/queue_power: $(O)/tests/fault/queue_power.o \
	$(O)/tests/fault/fs_power.o $(O)/tests/fault/power.o \
	$(FAULT_PARTS)
$(B)/fault/queue_race: $(O)/tests/fault/queue_race.o $(FAULT_PARTS)
$(FAULT) $(B)/fault/queue_power $(B)/fault/queue_race:
	$(Q)mkdir -p $(@D)
	$(Q)echo '  LD $@'; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	$(B)/libqueue.a $(B)/libmail.a $(B)/libbase.a $(TEST_LIBS)

# The checking targets. tests/run collects every suite's counts and ends with
# "N passed, N failed".

# SUITES: programs that print "N passed, N failed" as their last line and
# exit non-zero when something failed. A room adds its own below with
#	SUITES += $(B)/fault/x
# and a rule for it.
SUITES :=

check: deps
	$(Q)$(MAKE) --no-print-directory all unit suites
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined all unit suites
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
	$(Q)$(MAKE) --no-print-directory all
	$(Q)/usr/bin/python3 tests/demo/run

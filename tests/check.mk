# The checking targets. tests/run collects every suite's counts and ends with
# "N passed, N failed".

check: deps
	$(Q)$(MAKE) --no-print-directory all unit
	$(Q)tests/run

deps:
	$(Q)tests/deps

.PHONY: deps

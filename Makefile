# sendoff - GNU make. Targets: all check check-san check-long demo bench fuzz
# install uninstall clean. Knobs: CC CFLAGS LDFLAGS PREFIX DESTDIR SYSCONFDIR
# SPOOLDIR RUNDIR SAN (e.g. SAN=address,undefined) V (show the commands).

PREFIX     ?= /usr
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec/sendoff
MANDIR     ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
SPOOLDIR   ?= /var/spool/sendoff
RUNDIR     ?= /run

comma := ,
B     := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))
O     := $(B)/obj
Q     := $(if $(V),,@)

CFLAGS ?= -O2 -g
override CPPFLAGS += -I. -D_GNU_SOURCE
override CFLAGS += -std=c11 -fPIE -Wall -Wextra -Wshadow -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual \
	-Wformat=2 -Wconversion -Wno-sign-conversion $(if $(CI),-Werror)
override LDFLAGS += -pie -Wl,--as-needed -Wl,-z,relro -Wl,-z,now
ifdef SAN
override CFLAGS += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=$(SAN)
else
override CFLAGS += -fstack-protector-strong
override CPPFLAGS += $(if $(findstring -O,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif

# A room is a folder; a program links the rooms that it names and no other.
BASE  := $(patsubst %.c,%,$(sort $(wildcard core/base/*.c)))
MAIL  := $(patsubst %.c,%,$(sort $(wildcard core/mail/*.c)))
SMTP  := $(patsubst %.c,%,$(sort $(wildcard core/smtp/*.c)))
QUEUE := $(patsubst %.c,%,$(sort $(wildcard queue/*.c)))

ARCHIVES := $(B)/libbase.a $(B)/libmail.a $(B)/libsmtp.a $(B)/libqueue.a
PROGRAMS := sendmail sendoffd sendoff sendoff-deliver sendoff-token
LINKS    := mailq newaliases

sendmail_ROOMS        := queue smtp mail base
sendoffd_ROOMS        := queue mail base
sendoff_ROOMS         := queue mail base
sendoff-deliver_ROOMS := smtp mail base
sendoff-token_ROOMS   := smtp mail base
sendmail_LIBS         := -linih
sendoffd_LIBS         := -linih
sendoff_LIBS          := -linih
sendoff-deliver_LIBS  := -linih -lidn2 -lgsasl -lssl -lcrypto -lresolv
sendoff-token_LIBS    := -linih -lcurl

rooms = $(foreach r,$(1),$(B)/lib$(r).a)
src   = $(patsubst %.c,$(O)/%.o,$(sort $(wildcard cmd/$(1)/*.c)))

all: $(PROGRAMS:%=$(B)/%) $(LINKS:%=$(B)/%)

$(B)/libbase.a: $(BASE:%=$(O)/%.o)
$(B)/libmail.a: $(MAIL:%=$(O)/%.o)
$(B)/libsmtp.a: $(SMTP:%=$(O)/%.o)
$(B)/libqueue.a: $(QUEUE:%=$(O)/%.o)
$(ARCHIVES):
	$(Q)rm -f $@; ar rcs $@ $^

# Where things were installed is compiled into the one file that says it.
$(O)/core/base/paths.o: override CPPFLAGS += -DSYSCONFDIR='"$(SYSCONFDIR)"' \
	-DSPOOLDIR='"$(SPOOLDIR)"' -DRUNDIR='"$(RUNDIR)"' \
	-DSBINDIR='"$(SBINDIR)"' -DLIBEXECDIR='"$(LIBEXECDIR)"'
$(O)/core/base/paths.o: $(B)/.paths
$(B)/.paths: FORCE
	$(Q)mkdir -p $(@D); echo '$(SYSCONFDIR) $(SPOOLDIR) $(RUNDIR) $(SBINDIR) $(LIBEXECDIR)' | \
	cmp -s - $@ || echo '$(SYSCONFDIR) $(SPOOLDIR) $(RUNDIR) $(SBINDIR) $(LIBEXECDIR)' > $@

$(O)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)echo '  CC $<'; $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

.SECONDEXPANSION:
$(PROGRAMS:%=$(B)/%): $(B)/%: $$(call src,$$*) $$(call rooms,$$($$*_ROOMS))
	$(Q)echo '  LD $@'; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $($*_LIBS)
$(LINKS:%=$(B)/%): $(B)/sendmail
	$(Q)ln -sf sendmail $@

# Unit tests: x_test.c with every room, so that a test can stand in for one
# object (its own definition comes first and the archive's is not pulled in).
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(sort $(wildcard tests/unit/*_test.c)))
# PROGRAM_x_test is linked with that program's objects too, but for its main.
under = $(filter-out %/main.o,$(foreach p,$(PROGRAMS),$(if \
	$(filter $(p)_%,$(1)),$(call src,$(p)))))
needs = $(foreach p,$(PROGRAMS),$(if $(filter $(p)_%,$(1)),$($(p)_LIBS)))
unit: $(UNIT)
$(UNIT): $(B)/unit/%: $(O)/tests/unit/%.o $$(call under,$$*) $(ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)echo '  LD $@'; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/libqueue.a \
	$(B)/libsmtp.a $(B)/libmail.a $(B)/libbase.a -lcmocka -linih -lidn2 -lgsasl -lssl -lcrypto -lresolv \
	$(call needs,$*)

# One test while you work: make run-unit T=buf
run-unit: $(B)/unit/$(T)_test
	$<

include tests/check.mk
include etc/install.mk

clean:
	rm -rf build

FORCE:
.PHONY: all unit run-unit check check-san check-long demo bench fuzz install \
	uninstall clean FORCE
.DELETE_ON_ERROR:
-include $(shell find $(O) -name '*.d' 2>/dev/null)

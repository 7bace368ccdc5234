# Installing: etc/setup does it, and says what it could not do.

SETUP = B='$(B)' DESTDIR='$(DESTDIR)' SBINDIR='$(SBINDIR)' BINDIR='$(BINDIR)' \
	LIBDIR='$(LIBDIR)' LIBEXECDIR='$(LIBEXECDIR)' MANDIR='$(MANDIR)' \
	SYSCONFDIR='$(SYSCONFDIR)' SPOOLDIR='$(SPOOLDIR)' RUNDIR='$(RUNDIR)' etc/setup

install: all
	$(Q)$(SETUP) install

uninstall:
	$(Q)$(SETUP) uninstall

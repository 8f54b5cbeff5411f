# Unit tests are C programs that print TAP; black-box tests are Perl.  prove
# runs both.  A unit test links every object of the programs but their mains.

UNIT_SRC :=	$(wildcard regress/unit/*.c)
UNIT =		$(patsubst %.c,$(B)/%,$(UNIT_SRC))
UNIT_OBJ =	$(call objs,$(filter-out jwtd/jwtd.c,$(JWTD_SRC)) $(CTL_LIB) \
		$(SIGNER_LIB)) $(COMMON_OBJ) $(O)/common/paths.o

$(B)/unit.a: $(UNIT_OBJ)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^
$(UNIT): $(B)/%: $(O)/%.o $(B)/unit.a
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(B)/unit.a $(JWTD_LIBS) -lpq \
	    $(CRYPT_LIBS)
$(O)/regress/unit/%.o: ALL_CFLAGS += -Ijwtd -Ijwtd-signer -Iregress/unit

# programs that take the place of one of ours, for regress/daemon/hostile_*.t
HOSTILE =	$(B)/regress/hostile/worker $(B)/regress/hostile/worker_load \
		$(B)/regress/hostile/signer
HOSTILE_OBJ =	$(O)/regress/hostile/signers.o $(O)/regress/hostile/request.o
$(HOSTILE): $(B)/%: $(O)/%.o $(HOSTILE_OBJ) $(B)/unit.a
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(HOSTILE_OBJ) $(B)/unit.a \
	    $(JWTD_LIBS) -lpq $(CRYPT_LIBS)
$(O)/regress/hostile/%.o: ALL_CFLAGS += -Ijwtd -Ijwtd-signer -Iregress/unit

# the client of regress/fault
FAULT_OBJ =	$(call objs,$(wildcard regress/fault/load*.c))
FAULT =		$(B)/regress/fault/load
$(B)/regress/fault/load: $(FAULT_OBJ) $(B)/unit.a
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(FAULT_OBJ) $(B)/unit.a -ltls \
	    $(BSD_LIBS) -lsodium -lcrypto
# the same objects as ours, with a clock that a test sets
ifeq ($(SYSTEM),linux)
CLOCK =		$(O)/regress/fault/clock.o $(O)/common/paths.o $(SAN_OBJ)
FAULT +=	$(B)/regress/fault/clock/jwtd $(B)/regress/fault/clock/jwtd-signer
endif
$(B)/regress/fault/clock/jwtd: $(JWTD_OBJ) $(CLOCK)
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(JWTD_LIBS)
$(B)/regress/fault/clock/jwtd-signer: $(SIGNER_OBJ) $(CLOCK)
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(SIGNER_LIBS)

# What a role's sandbox keeps in; it needs the names of the system's calls.
ifeq ($(SYSTEM),linux)
ESCAPE_SRC :=	$(wildcard regress/escape/*.c)
ESCAPE =	$(B)/regress/escape/escape
endif
$(B)/regress/escape/escape: $(call objs,$(ESCAPE_SRC)) $(B)/unit.a
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(call objs,$(ESCAPE_SRC)) $(B)/unit.a \
	    $(JWTD_LIBS) -lpq $(CRYPT_LIBS)
$(O)/regress/escape/%.o: ALL_CFLAGS += -Ijwtd -Ijwtd-signer -Iregress/escape

unit: $(UNIT)
	$(PROVE) -e '' $(UNIT)

# what is tested in JavaScript, at the versions of the lock file and no others
NPM_FILES =	$(addprefix regress/npm/,package.json package-lock.json .npmrc)
$(B)/npm/installed: $(NPM_FILES)
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)cp $(NPM_FILES) $(@D)
	$(Q)cd $(@D) && npm ci --loglevel=error >/dev/null
	$(Q)touch $@

# Two at a time, but for those that measure: they have the machine for themselves.
JOBS ?=		2
SERIAL =	$(addprefix regress/daemon/,timing.t hashing.t limits.t \
		hostile_worker.t reload_load.t remember.t throttle.t) \
		$(addprefix regress/fault/,overload.t slow.t)
# those that wait for long come first, so that others run beside them
LONG =		$(addprefix regress/daemon/,testssl.t trust_fetch.t \
		postgres_pool.t jwtctl_postgres.t reload.t hosts.t)
PARALLEL =	$(LONG) $(UNIT) $(ESCAPE) $(filter-out $(SERIAL) $(LONG), \
		$(wildcard regress/fault/*.t regress/daemon/*.t))
RUN_TESTS =	BUILD=$(abspath $(B)) SAN=$(SAN) $(PROVE) -I regress/lib \
		$(PROVEFLAGS) --exec 'sh regress/run-one'

check: deps
	@$(MAKE) --no-print-directory all $(UNIT) $(HOSTILE) $(FAULT) $(ESCAPE) \
	    $(B)/npm/installed
	@rc=0; $(RUN_TESTS) -j $(JOBS) $(PARALLEL) || rc=1; \
	    $(RUN_TESTS) $(SERIAL) || rc=1; exit $$rc

# what is installed as its users install it, from the package on; with a Debian
# in $(B)/packaging that is made once
check-packaging: deps deb
	@$(MAKE) --no-print-directory all
	BUILD=$(abspath $(B)) $(PROVE) -I regress/lib $(PROVEFLAGS) \
	    $(wildcard regress/packaging/*.t)

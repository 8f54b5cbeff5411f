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

check: deps
	@$(MAKE) --no-print-directory all $(UNIT) $(ESCAPE)
	BUILD=$(abspath $(B)) SAN=$(SAN) $(PROVE) -I regress/lib $(PROVEFLAGS) \
	    --exec 'sh regress/run-one' $(UNIT) $(ESCAPE) $(wildcard regress/daemon/*.t)

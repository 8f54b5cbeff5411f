# "make fuzz" runs every target of this directory for FUZZ_SECONDS, from a copy
# of its corpus and with its dictionary if it has one, and stops at a finding.
# FUZZ_ONLY="csv json" runs those alone.  As unit tests, targets have every
# object of the programs but their mains.

FUZZ_SECONDS ?=	20
FUZZ_CC ?=	clang
FUZZ_SRC :=	$(wildcard regress/fuzz/*.c)
FUZZ_ONLY ?=	$(patsubst regress/fuzz/%.c,%,$(FUZZ_SRC))
FUZZ =		$(patsubst regress/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
FUZZ_LIB_SRC =	$(COMMON_SRC) common/paths.c \
		$(filter-out jwtd/jwtd.c,$(JWTD_SRC)) $(CTL_LIB) $(SIGNER_LIB)
FUZZ_LIB_OBJ =	$(patsubst %.c,$(B)/fuzz/obj/%.o,$(FUZZ_LIB_SRC)) \
		$(B)/fuzz/obj/common/parse.o
FUZZ_SAN =	address,undefined
FUZZ_CFLAGS =	-std=c17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer \
		-fno-sanitize-recover=all $(WARN) -Icommon -Ijwtd \
		-Ijwtd-signer -Iregress/fuzz $(BSD_CFLAGS) $(PG_CFLAGS)
FUZZ_COMPILE =	$(FUZZ_CC) $(FUZZ_CFLAGS) \
		-fsanitize=fuzzer-no-link,$(FUZZ_SAN) $(DEPFLAGS)
FUZZ_LIBS =	-Wl,--as-needed $(JWTD_LIBS) -lpq $(CRYPT_LIBS)

$(B)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(FUZZ_COMPILE) -c -o $@ $<
$(B)/fuzz/obj/common/parse.o: $(O)/common/parse.c
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(FUZZ_COMPILE) -Wno-conversion -c -o $@ $<
$(B)/fuzz/lib.a: $(FUZZ_LIB_OBJ)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^
$(FUZZ): $(B)/fuzz/%: $(B)/fuzz/obj/regress/fuzz/%.o $(B)/fuzz/lib.a
	$(SAY) $@
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $^ $(FUZZ_LIBS)

fuzz: $(FUZZ_ONLY:%=$(B)/fuzz/%)
	@for f in $(FUZZ_ONLY); do \
		dir=$(B)/fuzz/corpus/$$f; log=$(B)/fuzz/$$f.log; \
		dict=regress/fuzz/dict/$$f.dict; \
		mkdir -p $$dir; \
		if [ -d regress/fuzz/corpus/$$f ]; then \
			cp regress/fuzz/corpus/$$f/* $$dir; \
		fi; \
		if ! $(B)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) \
		    -max_len=20000 -timeout=10 -print_final_stats=1 \
		    $$([ ! -f $$dict ] || echo "-dict=$$dict") \
		    -artifact_prefix=$(B)/fuzz/$$f- $$dir >$$log 2>&1; then \
			tail -n 40 $$log; \
			echo "$$f: a finding, see $$log"; \
			exit 1; \
		fi; \
		echo "$$f: $$(sed -n \
		    's/^stat::number_of_executed_units: *//p' $$log) execs"; \
	done

.PHONY: fuzz

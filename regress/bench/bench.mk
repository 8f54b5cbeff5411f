# "make bench" measures what answers cost next to what they cannot cost less
# than, in one run, and decides nothing.  See regress/README.md.

BENCH =		$(addprefix $(B)/bench/,limits load lookup tokens)
BENCH_TIME ?=	1

$(BENCH): $(B)/bench/%: $(O)/regress/bench/%.o $(B)/unit.a
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(JWTD_LIBS) -lpq $(CRYPT_LIBS)
$(B)/bench/load: $(O)/regress/bench/load_conn.o
$(O)/regress/bench/%.o: ALL_CFLAGS += -Ijwtd -Ijwtd-signer

bench: deps
	@$(MAKE) --no-print-directory all $(BENCH)
	@BUILD=$(abspath $(B)) BENCH_TIME=$(BENCH_TIME) perl -I regress/lib \
	    -I regress/bench regress/bench/bench.pl $(if $(SAVE),-s) $(ROW)

.PHONY: bench

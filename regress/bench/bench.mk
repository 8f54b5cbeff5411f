# "make bench" prints ratios that are measured in one run; they decide nothing.

BENCH_SRC :=	$(wildcard regress/bench/*.c)
BENCH =		$(patsubst regress/bench/%.c,$(B)/bench/%,$(BENCH_SRC))

$(BENCH): $(B)/bench/%: $(O)/regress/bench/%.o $(B)/unit.a
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< $(B)/unit.a $(SIGNER_LIBS)
$(O)/regress/bench/%.o: ALL_CFLAGS += -Ijwtd-signer

bench: deps
	@$(MAKE) --no-print-directory all $(BENCH)
	@for b in regress/bench/*.pl; do \
		BUILD=$(abspath $(B)) perl -I regress/lib $$b || exit 1; \
	done

.PHONY: bench

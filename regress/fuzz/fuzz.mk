# "make fuzz" runs every target of this directory for FUZZ_SECONDS, from a copy
# of its corpus, and stops at a finding.  What a target calls is listed here.

FUZZ_SECONDS ?=	20
FUZZ_CC ?=	clang
FUZZ_SRC :=	$(wildcard regress/fuzz/*.c)
FUZZ =		$(patsubst regress/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
FUZZ_LIB_SRC =	common/base64url.c common/json.c common/percent.c \
		common/packet.c common/scope.c common/tlskey_message.c \
		common/utf8.c \
		jwtd/address.c jwtd/authorization.c jwtd/form.c \
		jwtd/forwarded.c jwtd/http.c jwtd/http_chunked.c \
		jwtd/http_target.c jwtd/padding.c jwtd/proxy.c \
		jwtd-signer/csv.c jwtd-signer/pgpass.c
FUZZ_LIB_OBJ =	$(patsubst %.c,$(B)/fuzz/obj/%.o,$(FUZZ_LIB_SRC))
FUZZ_SAN =	address,undefined
FUZZ_CFLAGS =	-std=c17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer \
		-fno-sanitize-recover=all $(WARN) -Icommon -Ijwtd \
		-Ijwtd-signer -Iregress/fuzz $(BSD_CFLAGS)
FUZZ_LIBS =	-lcrypto -lsodium -ljansson $(BSD_LIBS)

$(B)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) $@
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,$(FUZZ_SAN) \
	    $(DEPFLAGS) -c -o $@ $<
$(B)/fuzz/lib.a: $(FUZZ_LIB_OBJ)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^
$(FUZZ): $(B)/fuzz/%: $(B)/fuzz/obj/regress/fuzz/%.o $(B)/fuzz/lib.a
	$(SAY) $@
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $^ $(FUZZ_LIBS)

fuzz: $(FUZZ)
	@for f in $(notdir $(FUZZ)); do \
		dir=$(B)/fuzz/corpus/$$f; log=$(B)/fuzz/$$f.log; \
		mkdir -p $$dir; \
		if [ -d regress/fuzz/corpus/$$f ]; then \
			cp regress/fuzz/corpus/$$f/* $$dir; \
		fi; \
		if ! $(B)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) \
		    -max_len=20000 -timeout=10 -print_final_stats=1 \
		    -artifact_prefix=$(B)/fuzz/$$f- $$dir >$$log 2>&1; then \
			tail -n 40 $$log; \
			echo "$$f: a finding, see $$log"; \
			exit 1; \
		fi; \
		echo "$$f: $$(sed -n \
		    's/^stat::number_of_executed_units: *//p' $$log) execs"; \
	done

.PHONY: fuzz

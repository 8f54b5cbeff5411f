# "make analyze" looks at every source with more eyes than the compiler of the
# build: clang, gcc's and clang's analysers, the headers of another C library
# and of other systems.  Nothing is built or run but the unit tests, those under
# valgrind.  A finding is an error; what is switched off says why.  Whatever
# was seen to be good is not looked at again until a source of it changes.

ANALYZE_CC ?=	clang
CLANG_TIDY ?=	clang-tidy
MUSL_GCC ?=	musl-gcc
VALGRIND ?=	valgrind
A =		$(B)/analyze

ANALYZE_SRC :=	$(COMMON_SRC) common/paths.c $(JWTD_SRC) $(CTL_SRC) \
		$(CTL_LIB) $(SIGNER_ONLY) $(SIGNER_LIB)
ANALYZE_TESTS := $(wildcard regress/*.c) $(UNIT_SRC) $(FUZZ_SRC) $(BENCH_SRC) \
		$(wildcard regress/hostile/*.c regress/fault/*.c) $(ESCAPE_SRC)
ANALYZE_H :=	$(wildcard common/*.h jwtd/*.h jwtd-signer/*.h regress/*/*.h)
ANALYZE_LANG =	-std=c17 -D_GNU_SOURCE
ANALYZE_OWN =	-Icommon -Ijwtd -Ijwtd-signer -Iregress/unit -Iregress/escape \
		-Iregress/fuzz
ANALYZE_FLAGS =	$(ANALYZE_LANG) $(ANALYZE_OWN) $(BSD_CFLAGS) $(PG_CFLAGS)
AWARN =		$(filter-out -Werror,$(WARN)) -Werror

# $(call analyze,NAME,SOURCES,COMMAND): NAME for each of the sources
define analyze
$(2:%.c=$(A)/%.$(1)): $(A)/%.$(1): %.c $(ANALYZE_H) regress/analyze.mk
	@mkdir -p $$(@D)
	$$(SAY) $(1) $$<
	$$(Q)$(3)
	$$(Q)touch $$@
analyze: $(2:%.c=$(A)/%.$(1))
endef

# The compiler that the build does not use.
$(eval $(call analyze,clang,$(ANALYZE_SRC) $(ANALYZE_TESTS),\
	$$(ANALYZE_CC) $$(ANALYZE_FLAGS) $$(AWARN) -fsyntax-only $$<))

# gcc's analyser.  Leaks are LeakSanitizer's and valgrind's: a pointer to the
# first member of a struct is taken for the loss of the whole.
$(eval $(call analyze,gcc,$(ANALYZE_SRC),\
	$$(CC) $$(ANALYZE_FLAGS) -O2 -Wall -Wextra -Werror -fanalyzer \
	    -Wno-analyzer-malloc-leak -c -o /dev/null $$<))

# clang-tidy, but for:
#  bugprone-easily-swappable-parameters: two of one type side by side
#  bugprone-sizeof-expression: calloc(n, sizeof(*p)) of an array of pointers is
#	taken for a mistake; the compilers warn of real ones
#  ...DeprecatedOrUnsafeBufferHandling: wants memcpy_s, which nobody has
#  ...valist.Uninitialized: version 14 is known to report good uses of va_start
#  optin.performance.Padding: order is for readers
# and what prints is not asked for its result, as cert-err33-c would want: it
# goes to a person on stderr, or to a file whose fclose(3) is looked at.
TIDY_CHECKS =	-*,bugprone-*,cert-*,clang-analyzer-*
TIDY_CHECKS :=	$(TIDY_CHECKS),-bugprone-easily-swappable-parameters
TIDY_CHECKS :=	$(TIDY_CHECKS),-bugprone-sizeof-expression
TIDY_CHECKS :=	$(TIDY_CHECKS),-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling
TIDY_CHECKS :=	$(TIDY_CHECKS),-clang-analyzer-valist.Uninitialized
TIDY_CHECKS :=	$(TIDY_CHECKS),-clang-analyzer-optin.performance.Padding
TIDY_RESULTS :=	snprintf vsnprintf fopen fdopen fclose fflush fread fwrite \
		fseek fgets ferror malloc calloc realloc strtol strtoul time \
		gmtime localtime mktime strftime signal remove rename setlocale
empty :=
TIDY_CONFIG :=	{CheckOptions: [{key: cert-err33-c.CheckedFunctions, value: \
		"$(subst $(empty) $(empty),;,$(TIDY_RESULTS:%=::%))"}]}
$(eval $(call analyze,tidy,$(ANALYZE_SRC),\
	$$(CLANG_TIDY) --quiet --warnings-as-errors='*' \
	    --checks='$$(TIDY_CHECKS)$$(TIDY_OFF)' --config='$$(TIDY_CONFIG)' \
	    $$< -- $$(ANALYZE_FLAGS) 2>$$@.log || { cat $$@.log; exit 1; }))
# it does not see that TAILQ_REMOVE changes what TAILQ_FIRST gives
$(A)/jwtd/link.tidy: TIDY_OFF = ,-clang-analyzer-unix.Malloc
# it takes names of a table that is constant, and the elements below a count that
# says how many were filled, for what may be null
$(A)/jwtd-signer/jwtctl.tidy $(A)/jwtd/trustd.tidy: \
	TIDY_OFF = ,-clang-analyzer-core.NullDereference

# musl.  Its compiler has no other headers, so those of the libraries and of the
# kernel are linked into a directory.  Its crypt(3) is libxcrypt, as here, whose
# header is one for glibc, with __THROW.
HEADERS =	$(A)/include
LIBRARY_H =	openssl sodium sodium.h jansson.h jansson_config.h event.h event2 \
		evutil.h evdns.h evhttp.h evrpc.h tls.h bsd postgresql crypt.h \
		linux asm-generic
ARCH_H =	/usr/include/$(shell $(CC) -print-multiarch)
$(HEADERS)/made: regress/analyze.mk
	@mkdir -p $(@D)/arch
	$(SAY) $@
	$(Q)for h in $(LIBRARY_H); do ln -sfn /usr/include/$$h $(@D)/$$h; done
	$(Q)ln -sfn $(ARCH_H)/asm $(@D)/asm
	$(Q)ln -sfn $(ARCH_H)/openssl $(@D)/arch/openssl
	$(Q)touch $@
HEADERS_FLAGS =	-isystem $(HEADERS)/bsd -DLIBBSD_OVERLAY -isystem $(HEADERS) \
		-isystem $(HEADERS)/arch -isystem $(HEADERS)/postgresql
MUSL_SRC =	$(ANALYZE_SRC)
ifeq ($(SYSTEM),linux)
$(eval $(call analyze,musl,$(MUSL_SRC),\
	$$(MUSL_GCC) $$(ANALYZE_LANG) $$(ANALYZE_OWN) $$(HEADERS_FLAGS) \
	    '-D__THROW=' $$(AWARN) -fsyntax-only $$<))
$(MUSL_SRC:%.c=$(A)/%.musl): $(HEADERS)/made

# Linux on another processor: no system calls of old, and char is unsigned.
ARM64_H ?=	/usr/aarch64-linux-gnu/include
$(eval $(call analyze,arm64,$(ANALYZE_SRC),\
	clang -target aarch64-linux-gnu $$(ANALYZE_FLAGS) \
	    -isystem $$(ARM64_H) -isystem $$(HEADERS)/arch $$(AWARN) \
	    -fsyntax-only $$<))
$(ANALYZE_SRC:%.c=$(A)/%.arm64): $(HEADERS)/made
endif

# What only OpenBSD compiles, with declarations of what only OpenBSD has.
ifneq ($(SYSTEM),openbsd)
OPENBSD_SRC =	$(wildcard common/*_openbsd.c)
$(eval $(call analyze,openbsd,$(OPENBSD_SRC),\
	$$(CC) $$(ANALYZE_FLAGS) -include regress/openbsd/missing.h \
	    $$(AWARN) -fsyntax-only $$<))
$(OPENBSD_SRC:%.c=$(A)/%.openbsd): regress/openbsd/missing.h
endif

# "make memcheck": the unit tests under valgrind, which sees the use of what was
# never written; that the sanitizers do not.  Each takes 30 times as long as
# alone, so it is for a night and not for every change; those that make keys or
# memory-hard hashes all the time, or go by the clock, are left to the sanitizers.
MEMCHECK_SKIP ?= password jwk jwk_pem jwk_types jwt_keys sign x5c hashing
MEMCHECK =	$(filter-out $(MEMCHECK_SKIP:%=$(A)/%.memcheck), \
		$(UNIT_SRC:regress/unit/%.c=$(A)/%.memcheck))
$(A)/%.memcheck: $(B)/regress/unit/% regress/analyze.mk
	@mkdir -p $(@D)
	$(SAY) memcheck $*
	$(Q)$(VALGRIND) -q --error-exitcode=99 --leak-check=full \
	    --errors-for-leak-kinds=definite --show-leak-kinds=definite \
	    $< >$@.log 2>&1 || { grep -a -e '^==' -e '^not ok' $@.log; exit 1; }
	$(Q)touch $@
memcheck: $(MEMCHECK)

.PHONY: analyze memcheck

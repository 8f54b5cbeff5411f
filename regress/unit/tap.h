/*
 * The few lines of TAP that a unit test needs: ok(), is_str(), is_int(),
 * done().  For one program per file; never included twice in one.
 */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>
#include <stdarg.h>
#include <string.h>

static int tap_count, tap_failed;

static inline int __attribute__((format(printf, 2, 3)))
ok(int pass, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", pass ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!pass)
		tap_failed++;
	return (pass);
}

static inline int
is_str(const char *got, const char *want, const char *what)
{
	int same;

	same = got != NULL && want != NULL ? strcmp(got, want) == 0 :
	    got == want;
	if (!ok(same, "%s", what))
		printf("#      got: %s\n# expected: %s\n",
		    got != NULL ? got : "(null)",
		    want != NULL ? want : "(null)");
	return (same);
}

static inline int
is_int(long long got, long long want, const char *what)
{
	if (!ok(got == want, "%s", what)) {
		printf("#      got: %lld\n# expected: %lld\n", got, want);
		return (0);
	}
	return (1);
}

static inline int
done(void)
{
	printf("1..%d\n", tap_count);
	return (tap_failed != 0);
}

#endif

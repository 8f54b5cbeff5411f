/* jwtd/form.c: application/x-www-form-urlencoded. */
#include "form.h"

#include <stdlib.h>

#include "tap.h"

static const struct {
	const char	*in;
	const char	*want;		/* "[name|value]...", or BAD */
} forms[] = {
	{ "", "" },
	{ "&", "" },
	{ "&&&", "" },
	{ "a=b", "[a|b]" },
	{ "a", "[a|]" },
	{ "a=", "[a|]" },
	{ "=b", "[|b]" },
	{ "=", "[|]" },
	{ "a=b=c", "[a|b=c]" },
	{ "a==", "[a|=]" },
	{ "a=b&c=d", "[a|b][c|d]" },
	{ "&a=b&&c&", "[a|b][c|]" },
	{ "a=b&a=b", "[a|b][a|b]" },
	{ "a=b;c=d", "[a|b;c=d]" },
	{ "a+b=c+d", "[a b|c d]" },
	{ "a=%2B+%2b", "[a|+ +]" },
	{ "%61=%62%26%3D", "[a|b&=]" },
	{ "a%3Db=c", "[a=b|c]" },
	{ "a%26b=c", "[a&b|c]" },
	{ "a=%C3%A9%ff", "[a|\xc3\xa9\xff]" },
	{ "a=%2541", "[a|%41]" },
	{ "a=b c", "[a|b c]" },
	{ "grant_type=client_credentials&scope=read+write",
	    "[grant_type|client_credentials][scope|read write]" },
	{ "service=r.example&scope=repository:team/app:pull,push",
	    "[service|r.example][scope|repository:team/app:pull,push]" },
	{ "%", "BAD" },
	{ "a=%", "BAD" },
	{ "a=%4", "BAD" },
	{ "a=%4&b=c", "BAD" },
	{ "a%4=1", "BAD" },
	{ "a%=41", "BAD" },
	{ "a=%zz", "BAD" },
	{ "a=%4z", "BAD" },
	{ "a=%z4", "BAD" },
	{ "a=%%41", "BAD" },
	{ "a=%-1", "BAD" },
	{ "a=%0x", "BAD" },
	{ "a=% 1", "BAD" },
	{ "a=%00", "BAD" },
	{ "%00=a", "BAD" },
	{ "a=%0a", "BAD" },
	{ "a=%0D%0A", "BAD" },
	{ "a=%09", "BAD" },
	{ "a=%1f", "BAD" },
	{ "a=%7f", "BAD" },
	{ "a=\x01", "BAD" },
	{ "a=b\r\n", "BAD" },
	{ "a=b\n&c=d", "BAD" },
	{ "a=\x7f", "BAD" },
	{ "a=\x80", "BAD" },
	{ "a=\xc3\xa9", "BAD" },
	{ "\xff=a", "BAD" },
	{ "a=b&c=%&d=e", "[a|b]BAD" },
	{ "a=b&c=d&%00", "[a|b][c|d]BAD" },
};

static void
test_forms(void)
{
	struct form form;
	struct span name, value;
	enum form_result r;
	char out[256], *buf;
	size_t i, n, len;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		len = strlen(forms[i].in);
		if ((buf = malloc(len + (len == 0))) == NULL)
			abort();
		memcpy(buf, forms[i].in, len);
		form_init(&form, buf, len);
		out[n = 0] = '\0';
		while ((r = form_next(&form, &name, &value)) == FORM_PAIR)
			n += (size_t)snprintf(out + n, sizeof(out) - n,
			    "[%.*s|%.*s]", (int)name.len, name.p,
			    (int)value.len, value.p);
		if (r == FORM_BAD)
			snprintf(out + n, sizeof(out) - n, "BAD");
		ok(strcmp(out, forms[i].want) == 0, "%.40s", out);
		ok(form_next(&form, &name, &value) == r, "... and it stays so");
		free(buf);
	}
}

int
main(void)
{
	struct form form;
	struct span name, value;
	char nul[] = "a=b\0c";

	test_forms();
	form_init(&form, NULL, 0);
	is_int(form_next(&form, &name, &value), FORM_END, "no form at all");
	form_init(&form, nul, sizeof(nul) - 1);
	is_int(form_next(&form, &name, &value), FORM_BAD, "a NUL");
	return (done());
}

/* common/scope.c: RFC 6749 section 3.3. */
#include "scope.h"

#include "tap.h"

static const struct {
	const char	*scope;
	bool		 valid;
} scopes[] = {
	{ "", true },
	{ "read", true },
	{ "read write", true },
	{ "a b c d", true },
	{ "!#[]~", true },
	{ "https://api.example.com/read:all", true },
	{ " ", false },
	{ " read", false },
	{ "read ", false },
	{ "read  write", false },
	{ "read\twrite", false },
	{ "read\n", false },
	{ "re\"ad", false },
	{ "re\\ad", false },
	{ "re\x7f", false },
	{ "re\x01", false },
	{ "r\xc3\xa9", false },
	{ "\xff", false },
	{ "\x80", false },
};

static const struct {
	const char	*held;
	const char	*wanted;
	bool		 covers;
} pairs[] = {
	{ "", "", true },
	{ "read", "", true },
	{ "", "read", false },
	{ "read", "read", true },
	{ "read write", "read", true },
	{ "read write", "write", true },
	{ "read write", "write read", true },
	{ "read write", "read read", true },
	{ "read write admin", "write admin", true },
	{ "read", "read write", false },
	{ "read write", "read admin", false },
	{ "read write", "admin read", false },
	{ "reader", "read", false },
	{ "read", "reader", false },
	{ "xread", "read", false },
	{ "read:all", "read", false },
	{ "a read:x", "read", false },
	{ "Read", "read", false },
	{ "read write", "read writ", false },
	{ "read writ", "read write", false },
};

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
		ok(scope_valid(scopes[i].scope) == scopes[i].valid,
		    "\"%s\" is %svalid", scopes[i].valid ? scopes[i].scope :
		    "...", scopes[i].valid ? "" : "in");
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		ok(scope_covers(pairs[i].held, pairs[i].wanted) ==
		    pairs[i].covers, "\"%s\" and \"%s\"", pairs[i].held,
		    pairs[i].wanted);
	return (done());
}

/* Users in CSV: columns, headers, and what is wrong with a record. */
#include "users_csv.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define BCRYPT	"$2b$05$abcdefghijklmnopqrstuuCMcjv9ygSqX2W2ODncSpkZMLU5eqfre"

/* Users are LINE name sign grants; what is wrong is !LINE why. */
static const struct {
	const char	*text;
	const char	*want;
} files[] = {
	{ "", "" },
	{ "a," BCRYPT "\n", "1 a + {};" },
	{ "a," BCRYPT ",\"{\"\"x\"\": 1}\",true\r\nb," BCRYPT ",,0\r\n",
	    "1 a - {\"x\": 1};2 b + {};" },
	{ "name,hash\na," BCRYPT "\n", "2 a + {};" },
	{ "\"Name\",HASH\na," BCRYPT "\n", "2 a + {};" },
	{ "disabled,grants,hash,name\nt,{}," BCRYPT ",a\n", "2 a - {};" },
	{ "hash,name\n" BCRYPT ",a\n\n" BCRYPT ",b\n", "2 a + {};4 b + {};" },
	{ "name,hash\n", "" },
	/* grants in one line */
	{ "a," BCRYPT ",\"{\n  \"\"x\"\": \"\"y z\"\"\r\n}\"\nb," BCRYPT,
	    "1 a + {\"x\":\"y z\"};4 b + {};" },
	/* what is wrong with one keeps no other away */
	{ "a,x\nb," BCRYPT "\n", "!1 unknown kind of password hash;2 b + {};" },
	{ "a\nb," BCRYPT "\n", "!1 too few fields;2 b + {};" },
	{ "a," BCRYPT ",{},no,x\n", "!1 too many fields;" },
	{ "name,hash\na," BCRYPT ",{}\n", "!2 too many fields;" },
	{ "a," BCRYPT ",{},maybe\n",
	    "!1 \"disabled\" is neither true nor false;" },
	{ "," BCRYPT "\n", "!1 the name is empty;" },
	{ "a:b," BCRYPT "\n", "!1 the name has a ':';" },
	{ "\"a\nb\"," BCRYPT "\n", "!1 the name has a control character;" },
	{ "a," BCRYPT ",[]\n", "!1 not a JSON object;" },
	{ "a,!" BCRYPT "\n", "!1 unknown kind of password hash;" },
	{ "a," BCRYPT "\na," BCRYPT "\n",
	    "1 a + {};!2 an earlier line has the same name;" },
	{ "username,password_hash\na," BCRYPT "\n",
	    "!1 unknown kind of password hash;2 a + {};" },
	/* what is wrong with all */
	{ "name,hash,email\na," BCRYPT ",x\n",
	    "!1 unknown column \"email\";NULL" },
	{ "name,hash,name\n", "!1 duplicate column \"name\";NULL" },
	{ "name,hash,password\n",
	    "!1 columns \"hash\" and \"password\";NULL" },
	{ "name,hash,grants,disabled,grants,x,y\n",
	    "!1 duplicate column \"grants\";NULL" },
	{ "a," BCRYPT "\nb,\"" BCRYPT "\n", "!2 a quote is not closed;NULL" },
};

static const struct {
	const char	*text;
	const char	*want;
} plain[] = {
	{ "name,password\na,secret\n", "2 a + secret;" },
	{ "password,name\n\"a\"\"b, c\",a\n", "2 a + a\"b, c;" },
	{ "name,password\na,\xc3\xa4\nb,\xff\n",
	    "2 a + \xc3\xa4;!3 the password is not UTF-8;" },
	{ "name,password\na,\n", "!2 the password is empty;" },
	{ "name,password\na,\"b\nc\"\n",
	    "!2 the password has a control character;" },
	{ "name,password\n:,b\n", "!2 the name has a ':';" },
	{ "grants,password,name\n{},b,a\n[],b,c\n",
	    "2 a + b;!3 not a JSON object;" },
	/* the shortest that there are */
	{ "name,password\na,b\nc,d\ne,f\ng,h",
	    "2 a + b;3 c + d;4 e + f;5 g + h;" },
	{ "grants,name,password\n\"{\n}\",a,b\n\"\n{\n}\n\",c,d\n",
	    "2 a + b;4 c + d;" },
	{ "name,grants,password\na,\"\n{\n}\n\",b\nc,\"{\n}\",d\n",
	    "2 a + b;6 c + d;" },
};

struct shown {
	char	text[512];
	size_t	used;
};

static void
note_bad(void *arg, unsigned int line, const char *why)
{
	struct shown *s;

	s = arg;
	s->used += (size_t)snprintf(s->text + s->used,
	    sizeof(s->text) - s->used, "!%u %s;", line, why);
}

static void
note_user(struct shown *s, const struct users_entry *entry, bool passwords)
{
	const struct users_line *user;
	struct span last;

	user = &entry->user;
	last = passwords ? user->hash : user->grants;
	s->used += (size_t)snprintf(s->text + s->used,
	    sizeof(s->text) - s->used, "%u %.*s %c %.*s;", entry->line,
	    (int)user->name.len, user->name.p, user->disabled ? '-' : '+',
	    (int)last.len, last.p);
	if (!passwords)
		ok(span_is(user->hash, BCRYPT), "hash");
}

/* What the file has: first what is wrong, then the users, by their lines. */
static void
check(const char *text, const char *want, bool want_passwords)
{
	struct shown bad = { "", 0 }, users = { "", 0 };
	struct users_table *table;
	const char *part;
	bool passwords;
	size_t i, len, n;
	char *buf;

	len = strlen(text);
	if ((buf = malloc(len + (len == 0))) == NULL)
		abort();
	memcpy(buf, text, len);
	table = users_csv_table(buf, len, &passwords, note_bad, &bad);
	for (i = 0; table != NULL && i < table->nentries; i++)
		if (!table->entries[i].duplicate)
			note_user(&users, &table->entries[i], passwords);
	for (part = want; *part != '\0'; part += n) {
		n = strcspn(part, ";") + 1;
		if (strcmp(part, "NULL") == 0) {
			ok(table == NULL, "nothing of it is taken");
			n = strlen(part);
		} else
			ok(memmem(*part == '!' ? bad.text : users.text,
			    *part == '!' ? bad.used : users.used, part, n) !=
			    NULL, "%.*s", (int)strcspn(part, "\n;"), part);
	}
	is_int((long long)(bad.used + users.used + (table == NULL ? 4 : 0)),
	    (long long)strlen(want), "nothing else");
	if (table != NULL)
		is_int(passwords, want_passwords, "passwords or hashes");
	users_table_free(table);
}

int
main(void)
{
	size_t i;

	if (sodium_init() == -1)
		return (1);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		check(files[i].text, files[i].want, false);
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		check(plain[i].text, plain[i].want, true);
	return (done());
}

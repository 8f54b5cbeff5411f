/*
 * jwtd.conf(5): what parses, what does not and what is said about it, the way
 * back to text, and the look-ups.
 */
#include <sys/stat.h>
#include <sys/un.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "tap.h"

#define SIGNER		"signer {\n\tissuer \"https://a\"\n\tkey \"/k\"\n" \
			"\tstore file \"/u\"\n}\n"
#define IN_SIGNER(x)	"signer {\n\tissuer \"https://a\"\n\tkey \"/k\"\n" \
			"\tstore file \"/u\"\n" x "}\n" HEALTH
#define BARE_SIGNER(x)	"signer {\n" x "}\n" HEALTH
#define HEALTH		"server \"h\" {\n\tlisten on 127.0.0.1 port 80\n" \
			"\tlocation \"/h\" { health }\n}\n"
#define IN_SERVER(x)	"server \"s\" {\n\tlisten on ::1 port 81\n" x \
			"\tlocation \"/h\" { health }\n}\n"
#define NO_LISTEN(x)	"server \"s\" {\n" x "\tlocation \"/h\" { health }\n}\n"
#define IN_LOCATION(x)	"server \"s\" {\n\tlisten on ::1 port 81\n" \
			"\tlocation \"/l\" {\n" x "\t}\n}\n" SIGNER
/* line 4 is the first location's, line 8 that of the metadata */
#define METADATA(i, p)	"server \"s\" {\n\tlisten on ::1 port 81\n\n" \
			"\tlocation \"" p "\" {\n\t\tgrant\n" \
			"\t\taudience \"a\"\n\t}\n" \
			"\tlocation \"/m\" { metadata }\n}\n" \
			"signer {\n\tissuer \"" i "\"\n\tkey \"/k\"\n" \
			"\tstore file \"/u\"\n}\n"
#define PATH(x)		IN_SERVER("\tlocation \"" x "\" { health }\n")
#define TRUST		"trust \"https://b\" { jwks \"/b.json\" }\n"
#define X16		"xxxxxxxxxxxxxxxx"
#define X256		X16 X16 X16 X16 X16 X16 X16 X16 \
			X16 X16 X16 X16 X16 X16 X16 X16
#define X1024		X256 X256 X256 X256
#define X4096		X1024 X1024 X1024 X1024

static const struct {
	const char	*what;
	const char	*text;
} good[] = {
	{ "health alone", HEALTH },
	{ "no newline at the end", "prefork 3\n" HEALTH "# the end" },
	{ "global statements", "prefork 64\ntimeout request 1h\n"
	    "timeout idle 1\nlimit connections 1000000\n"
	    "limit requests 4096\n" HEALTH },
	{ "a status file", "status \"/var/run/a \\\"b\"\n" HEALTH },
	{ "blank lines and comments", "\n\n# x { \"\n \t\n" IN_SERVER("\n#\n") },
	{ "a continued line", "prefork \\\n\t3\n" HEALTH },
	{ "a comment in a continued statement", "prefork \\\n3 # x\n" HEALTH },
	{ "macros", "p = 80\na=\"::1\"\nb = $a\nn = \"a b\"\n"
	    "server \"x\" {\n\tlisten on $b port $p\n"
	    "\tlocation \"/h\" { health }\n}\n" },
	{ "a macro again", "p = 0\np = 3\nprefork $p\n" HEALTH },
	{ "strings with escapes", "trust \"a\\\"b\\\\c\" { key \"/k\" }\n"
	    HEALTH },
	{ "unquoted words", "trust https://b { jwks /b.json }\n" HEALTH },
	{ "bytes above ASCII", "trust \"h\xc3\xa9\" { key \"/\xff\" }\n"
	    HEALTH },
	{ "the smallest signer", SIGNER HEALTH },
	{ "all of a signer", IN_SIGNER("\tlifetime 30d\n\tprefork 64\n") },
	{ "key options", IN_SIGNER("\tkey \"/b\" rs256 retired\n"
	    "\tkey \"/c\" retired rs256\n") },
	{ "more key options", IN_SIGNER("\tkey \"/b\" certificate \"/c\" "
	    "retired ps256\n") },
	{ "a directory of keys", BARE_SIGNER("\tissuer \"a\"\n\tkeys \"/k\"\n"
	    "\tstore file \"/u\"\n") },
	{ "a directory of keys, rs256", BARE_SIGNER("\tkeys \"/k\" rs256\n"
	    "\tissuer \"a\"\n\tstore file \"/u\"\n") },
	{ "a directory of keys, ps256", BARE_SIGNER("\tissuer \"a\"\n"
	    "\tkeys \"/\\\\k \\\"\" ps256\n\tstore file \"/u\"\n") },
	{ "a stated default", IN_SIGNER("\tremember 5m\n") },
	{ "no memory", IN_SIGNER("\tremember 0\n") },
	{ "tokens once more", IN_SIGNER("\treuse 5m\n") },
	{ "... for half of their life", IN_SIGNER("\treuse 12h\n"
	    "\tlifetime 1d\n") },
	{ "... and never", IN_SIGNER("\treuse 0\n\tlifetime 1s\n") },
	{ "a throttle", IN_SIGNER("\tthrottle 10 per 1m\n") },
	{ "revocations", IN_SIGNER("\trevocations file \"/r\"\n") },
	{ "revocations with all", IN_SIGNER("\trevocations file \"/r\" "
	    "limit 16 stale 2s refuse\n") },
	{ "postgres", BARE_SIGNER("\tissuer \"a\"\n\tkey \"/k\"\n"
	    "\tstore postgres \"service=jwtd passfile=/p\"\n") },
	{ "postgres by URI", BARE_SIGNER("\tissuer \"a\"\n\tkey \"/k\"\n"
	    "\tstore postgres \"postgresql://u@[::1]:5432/d?a=b:c@d\"\n") },
	{ "trust", TRUST "trust \"c\" {\n\n\tkey \"/c.pem\"\n}\n" HEALTH },
	{ "trust by URL", "trust \"b\" { jwks \"https://b/jwks\" }\n" HEALTH },
	{ "trust by URL, with a ca", "trust \"b\" {\n\tca \"/ca.pem\"\n"
	    "\tjwks \"https://[::1]:8443/jwks?a=b\"\n}\n" HEALTH },
	{ "every kind of listen", IN_SERVER("\tlisten on 127.0.0.2 port 0\n"
	    "\tlisten on * insecure port 65535\n\tlisten on \"/s\"\n"
	    "\tlisten on :: insecure port 1\n"
	    "\tlisten on 127.0.0.3 insecure port 1\n") },
	{ "proxy", IN_SERVER("\tlisten on \"/s\" proxy\n"
	    "\tlisten on ::1 port 2 proxy\n") },
	{ "tls", IN_SERVER("\tlisten on 192.0.2.1 tls port 443\n"
	    "\ttls {\n\t\tcertificate \"/c\"\n\t\tkey \"/k\"\n\t}\n") },
	{ "trusted proxies", IN_SERVER("\ttrusted proxy { ::/0, 10.0.0.0/8 "
	    "192.0.2.1\n\t2001:db8::/32\n}\n\ttrusted proxy {\n::1 }\n") },
	{ "two servers on one listener", IN_SERVER("")
	    "server \"t\" {\n\tlisten on 0:0::1 port 81\n"
	    "\tlocation \"/*\" { health }\n}\n" },
	{ "one name on two listeners", IN_SERVER("")
	    "server \"s\" {\n\tlisten on ::1 port 82\n"
	    "\tlocation \"/*\" { health }\n}\n" },
	{ "one path with and without a star", PATH("/h*") },
	{ "paths", PATH("/.well-known/...\" { health }\nlocation \"//") },
	{ "grant", IN_LOCATION("grant\naudience \"a\"\nrealm \"r\"\n") },
	{ "a location's lifetime", IN_LOCATION("grant\naudience \"a\"\n"
	    "lifetime 15m\n") },
	{ "several audiences", IN_LOCATION("grant\naudience { \"a\" \"b\",\n"
	    "\"c\" }\naudience \"d\"\n") },
	{ "resource", IN_LOCATION("resource\naudience \"a\"\nscope \"r w\"\n"
	    "forward claim \"email\" as \"X-Auth-Email\"\n"
	    "forward claim \"email\" as \"X-Other\"\n") },
	{ "resource by trust alone", TRUST "server \"s\" {\n"
	    "\tlisten on ::1 port 81\n"
	    "\tlocation \"/l\" {\n\tresource\n\taudience \"a\"\n\t}\n}\n" },
	{ "jwks", IN_LOCATION("jwks\n") },
	{ "metadata", METADATA("https://a", "/g") },
	{ "metadata of an issuer with a port and a path",
	    METADATA("https://[2001:db8::1]:8443/a%20b;c=d@e/", "/g") },
	{ "metadata at any path, and a grant location that is not the first",
	    METADATA("https://a.example", "/g*\" { jwks }\n"
	    "\tlocation \"/m/*\" { metadata }\n\tlocation \"/g") },
	{ "metrics", IN_LOCATION("metrics\n") },
	{ "braces on statements' lines", IN_LOCATION("jwks }\n"
	    "location \"/z\" {\n\tjwks\n") },
};

/* errors without their first "t:", each of which has its own line */
static const struct {
	const char	*text;
	const char	*errors;
} bad[] = {
	{ "", "1: no server\n" },
	{ SIGNER, "1: no server\n" },
	/* words */
	{ "prefork", "1: syntax error at end of line\n" },
	{ "foo\n" HEALTH, "1: syntax error at \"foo\"\n" },
	{ "foo 1 2 {\n\tbar {\n\t}\n\tx\n} y\n" HEALTH,
	    "1: syntax error at \"foo\"\n" },
	{ "prefork 2 3\n" HEALTH, "1: syntax error at \"3\"\n" },
	{ "prefork = 2\n" HEALTH,
	    "1: macro name \"prefork\" is a reserved word\n" },
	{ "a.b = 2\n" HEALTH, "1: invalid macro name \"a.b\"\n" },
	{ "\nprefork $n\n" HEALTH, "2: macro \"n\" is not defined\n" },
	{ "prefork $\n" HEALTH, "1: syntax error at \"$\"\n" },
	{ "prefork \"2\n" HEALTH, "1: string has no end\n" },
	{ "prefork \\2\n" HEALTH, "1: syntax error at \"\\\"\n" },
	{ "prefork \"\\2\"\n" HEALTH,
	    "1: backslash before other than \" and \\\n" },
	{ "server \"x {\n\tlisten on\n\tfoo\n}\nfoo\n" HEALTH,
	    "1: string has no end\n5: syntax error at \"foo\"\n" },
	{ "trust \"" X4096 "x\" { key \"/k\" }\n" HEALTH,
	    "1: string is too long\n" },
	{ "trust " X4096 "x { key \"/k\" }\n" HEALTH,
	    "1: string is too long\n" },
	{ HEALTH "#" X4096 X4096, "5: line is too long\n" },
	{ "prefork 2\n# \001\n" HEALTH, "2: control character 0x01\n" },
	{ "prefork 2\r\nfoo\n" HEALTH, "1: control character 0x0d\n" },
	{ "include \"x\"\n" HEALTH,
	    "1: include \"x\": only a file can include another\n" },
	{ "}\n" HEALTH, "1: syntax error at \"}\"\n" },
	{ "prefork 0\nfoo\ntimeout idle 2h\nbar\n" HEALTH,
	    "1: invalid prefork \"0\": too small\n"
	    "2: syntax error at \"foo\"\n"
	    "3: invalid timeout idle \"2h\": too large\n"
	    "4: syntax error at \"bar\"\n" },
	/* numbers and times */
	{ "prefork 65\n" HEALTH, "1: invalid prefork \"65\": too large\n" },
	{ "prefork x\n" HEALTH, "1: invalid prefork \"x\"\n" },
	{ "prefork -1\n" HEALTH, "1: invalid prefork \"-1\"\n" },
	{ "prefork \"\"\n" HEALTH, "1: invalid prefork \"\"\n" },
	{ "prefork \" 2\"\n" HEALTH, "1: invalid prefork \" 2\"\n" },
	{ "prefork 2\nprefork 2\n" HEALTH, "2: duplicate \"prefork\"\n" },
	{ "timeout request 0\n" HEALTH,
	    "1: invalid timeout request \"0\": too small\n" },
	{ "timeout request 3601\n" HEALTH,
	    "1: invalid timeout request \"3601\": too large\n" },
	{ "timeout foo 3601\n" HEALTH, "1: syntax error at \"foo\"\n" },
	{ "limit connections 1000001\n" HEALTH,
	    "1: invalid limit connections \"1000001\": too large\n" },
	{ "status \"run/jwtd\"\n" HEALTH,
	    "1: invalid status \"run/jwtd\": not an absolute path\n" },
	{ "status \"/a\"\nstatus \"/a\"\n" HEALTH,
	    "2: duplicate \"status\"\n" },
	{ "limit requests 4097\n" HEALTH,
	    "1: invalid limit requests \"4097\": too large\n" },
	{ IN_SIGNER("lifetime x\n"), "5: invalid lifetime \"x\"\n" },
	{ IN_SIGNER("lifetime 5x\n"), "5: invalid lifetime \"5x\"\n" },
	{ IN_SIGNER("lifetime 5mm\n"), "5: invalid lifetime \"5mm\"\n" },
	{ IN_SIGNER("lifetime m\n"), "5: invalid lifetime \"m\"\n" },
	{ IN_SIGNER("lifetime 0\n"), "5: invalid lifetime \"0\": too small\n" },
	{ IN_SIGNER("lifetime 31d\n"),
	    "5: invalid lifetime \"31d\": too large\n" },
	{ IN_SIGNER("lifetime 4294967297\n"),
	    "5: invalid lifetime \"4294967297\": too large\n" },
	{ IN_SIGNER("lifetime 213503982334601d\n"),
	    "5: invalid lifetime \"213503982334601d\": too large\n" },
	{ IN_SIGNER("lifetime 99999999999999999999999999999999999d\n"),
	    "5: invalid lifetime \"99999999999999999999999999999999999d\": "
	    "too large\n" },
	{ IN_SIGNER("remember 25h\n"),
	    "5: invalid remember \"25h\": too large\n" },
	{ IN_SIGNER("reuse 25h\n"),
	    "5: invalid reuse \"25h\": too large\n" },
	{ IN_SIGNER("reuse off\n"), "5: invalid reuse \"off\"\n" },
	{ IN_SIGNER("reuse 1m\nreuse 1m\n"), "6: duplicate \"reuse\"\n" },
	{ IN_SIGNER("reuse 451s\n"), "1: reuse of 451s is more than half of "
	    "the lifetime of 900s\n" },
	{ IN_SIGNER("reuse 1s\nlifetime 1s\n"), "1: reuse of 1s is more than "
	    "half of the lifetime of 1s\n" },
	{ IN_SIGNER("prefork 65\n"),
	    "5: invalid prefork \"65\": too large\n" },
	{ IN_SIGNER("revocations\n"), "1: revocations need a file, as the "
	    "users are in one\n" },
	{ IN_SIGNER("revocations file \"/v/r\"\n"), "1: revocations must be "
	    "in the directory of the users file\n" },
	{ IN_SIGNER("revocations file \"/\"\n"),
	    "1: revocations need a file's path\n" },
	{ IN_SIGNER("revocations file \"/u\"\n"),
	    "1: revocations must not be in the users file itself\n" },
	{ IN_SIGNER("revocations file \"/r\"\nrevocations\n"),
	    "6: duplicate \"revocations\"\n" },
	{ IN_SIGNER("revocations limit 15 file \"/r\"\n"),
	    "5: invalid limit \"15\": too small\n" },
	{ IN_SIGNER("revocations limit 1048577 file \"/r\"\n"),
	    "5: invalid limit \"1048577\": too large\n" },
	{ IN_SIGNER("revocations stale 1s accept file \"/r\"\n"),
	    "5: invalid stale \"1s\": too small\n" },
	{ IN_SIGNER("revocations stale 2s file \"/r\"\n"),
	    "5: syntax error at \"file\"\n" },
	{ IN_SIGNER("revocations limit 16 limit 16 file \"/r\"\n"),
	    "5: duplicate \"limit\"\n" },
	{ IN_SIGNER("throttle 0 per 1m\n"),
	    "5: invalid throttle \"0\": too small\n" },
	{ IN_SIGNER("throttle 1 per 0\n"),
	    "5: invalid throttle \"0\": too small\n" },
	{ IN_SIGNER("throttle 1\n"), "5: syntax error at end of line\n" },
	/* signer */
	{ BARE_SIGNER(""), "1: signer has no issuer\n"
	    "1: signer has no key\n1: signer has no store\n" },
	{ BARE_SIGNER("issuer \"a\"\nstore file \"/u\"\nkey \"/k\" retired\n"),
	    "1: signer has no key that is not retired\n" },
	{ BARE_SIGNER("issuer \"\"\n"), "2: invalid issuer \"\": empty\n" },
	{ BARE_SIGNER("issuer \"" X256 "\"\n"), "2: invalid issuer \"" X256
	    "\": too long\n" },
	{ BARE_SIGNER("issuer \"a\tb\"\n"),
	    "2: invalid issuer \"a\tb\": control character\n" },
	{ BARE_SIGNER("issuer \"\xe9\"\n"),
	    "2: invalid issuer \"\xe9\": not UTF-8\n" },
	{ SIGNER IN_SIGNER(""), "6: duplicate \"signer\"\n" },
	{ IN_SIGNER("issuer \"b\"\n"), "5: duplicate \"issuer\"\n" },
	{ IN_SIGNER("store file \"b\"\n"), "5: duplicate \"store\"\n" },
	{ IN_SIGNER("key \"/b\"\n"), "5: second key that signs \"/b\": one of "
	    "them must be \"retired\"\n" },
	{ IN_SIGNER("keys \"/d\"\n"),
	    "3: key \"/k\" beside keys \"/d\": a signer has either\n" },
	{ BARE_SIGNER("issuer \"a\"\nkeys \"/d\"\nstore file \"/u\"\n"
	    "key \"/o\" retired\n"),
	    "5: key \"/o\" beside keys \"/d\": a signer has either\n" },
	{ BARE_SIGNER("issuer \"a\"\nkeys \"/d\"\nkeys \"/d\"\n"
	    "store file \"/u\"\n"), "4: duplicate \"keys\"\n" },
	{ BARE_SIGNER("issuer \"a\"\nkeys \"\"\nstore file \"/u\"\n"),
	    "3: invalid keys \"\": empty\n" },
	{ BARE_SIGNER("issuer \"a\"\nkeys \"/d\" retired\n"
	    "store file \"/u\"\n"), "3: syntax error at \"retired\"\n" },
	{ BARE_SIGNER("issuer \"a\"\nkeys \"/d\" es256\n"
	    "store file \"/u\"\n"), "3: syntax error at \"es256\"\n" },
	{ BARE_SIGNER("issuer \"a\"\nkeys\nstore file \"/u\"\n"),
	    "3: syntax error at end of line\n" },
	{ IN_SIGNER("key \"/k\" retired\n"), "5: duplicate key \"/k\"\n" },
	{ IN_SIGNER("key \"\" retired\n"), "5: invalid key \"\": empty\n" },
	{ IN_SIGNER("key \"/b\" retired retired\n"),
	    "5: duplicate \"retired\"\n" },
	{ IN_SIGNER("key \"/b\" retired rs256 rs256\n"),
	    "5: duplicate \"rs256\"\n" },
	{ IN_SIGNER("key \"/b\" rs256 retired ps256\n"),
	    "5: a key is either \"rs256\" or \"ps256\"\n" },
	{ IN_SIGNER("key \"/b\" retired certificate \"/c\" certificate "
	    "\"/c\"\n"), "5: duplicate \"certificate\"\n" },
	{ IN_SIGNER("key \"/b\" retired es256\n"),
	    "5: syntax error at \"es256\"\n" },
	{ BARE_SIGNER("store mysql \"x\"\n"), "2: unknown store \"mysql\"\n" },
	{ BARE_SIGNER("store mysql\n"), "2: unknown store \"mysql\"\n" },
	{ BARE_SIGNER("store postgres \"\"\n"),
	    "2: invalid store \"\": empty\n" },
	{ BARE_SIGNER("store postgres \"user=a password = b\"\n"),
	    "2: \"store postgres\" with a password: use a service or "
	    "password file\n" },
	{ BARE_SIGNER("store postgres \"postgres://a:b@c/d\"\n"),
	    "2: \"store postgres\" with a password: use a service or "
	    "password file\n" },
	{ BARE_SIGNER("store postgres \"postgresql://c/d?password=x\"\n"),
	    "2: \"store postgres\" with a password: use a service or "
	    "password file\n" },
	{ BARE_SIGNER("foo\n"), "2: syntax error at \"foo\"\n" },
	{ "signer \"x\" {\n\tissuer \"a\"\n}\n"
	    "server \"s\" {\n\tlisten on ::1 port 81\n"
	    "\tlocation \"/j\" { jwks }\n}\n", "1: syntax error at \"x\"\n" },
	/* trust */
	{ "trust \"b\" {\n}\n" HEALTH,
	    "1: trust \"b\" has no jwks and no key\n" },
	{ "trust \"\" { key \"/k\" }\n" HEALTH,
	    "1: invalid issuer \"\": empty\n" },
	{ "trust \"b\" {\n\tkey \"/k\"\n\tjwks \"/k\"\n}\n" HEALTH,
	    "3: trust \"b\" has more than one source\n" },
	{ "trust \"b\" { jwks \"http://b/\" }\n" HEALTH,
	    "1: invalid jwks \"http://b/\": not \"https://\"\n" },
	{ "trust \"b\" { jwks \"ftp://b/\" }\n" HEALTH,
	    "1: invalid jwks \"ftp://b/\": not \"https://\"\n" },
	{ "trust \"b\" { jwks \"https://u@b/\" }\n" HEALTH,
	    "1: invalid jwks \"https://u@b/\": a user name\n" },
	{ "trust \"b\" {\n\tjwks \"https://b:x/\"\n}\n" HEALTH,
	    "2: invalid jwks \"https://b:x/\": no port\n" },
	{ "trust \"b\" {\n\tjwks \"/b\"\n\tca \"/c\"\n}\n" HEALTH,
	    "1: trust \"b\" has a ca, but is read from a file\n" },
	{ "trust \"b\" {\nkey \"/b\"\nca \"/c\"\n}\n" HEALTH,
	    "1: trust \"b\" has a ca, but is read from a file\n" },
	{ "trust \"b\" {\njwks \"https://b\"\nca \"/c\"\nca \"/d\"\n}\n"
	    HEALTH, "4: duplicate \"ca\"\n" },
	{ "trust \"b\" {\njwks \"https://b\"\nca \"\"\n}\n" HEALTH,
	    "3: invalid ca \"\": empty\n" },
	{ "trust \"b\" {\nca \"/c\"\n}\n" HEALTH,
	    "1: trust \"b\" has no jwks and no key\n" },
	{ TRUST TRUST HEALTH, "2: duplicate trust \"https://b\"\n" },
	{ "trust \"https://a\" { key \"/k\" }\n" SIGNER HEALTH,
	    "1: trust \"https://a\" is the signer's own issuer\n" },
	{ "trust { key \"/k\" }\n" HEALTH, "1: syntax error at \"{\"\n" },
	/* server and listen */
	{ "server \"s\" {\n}\n", "1: server \"s\" has no listen\n"
	    "1: server \"s\" has no location\n" },
	{ "server {\n\tfoo\n}\n", "1: syntax error at \"{\"\n" },
	{ "server \"\" {\n}\n", "1: invalid server \"\": empty\n" },
	{ "server \"a b\" {\n}\n", "1: invalid server \"a b\"\n" },
	{ "server \"s\" {\n\tlisten on ::1 port 81\n",
	    "2: syntax error at end of file\n" },
	{ NO_LISTEN("\tlisten on 192.0.2.1 port 80\n"),
	    "2: listen on 192.0.2.1 port 80 is without \"tls\": write "
	    "\"insecure\" if that is meant\n" },
	{ NO_LISTEN("\tlisten on * port 80\n"),
	    "2: listen on 0.0.0.0 port 80 is without \"tls\": write "
	    "\"insecure\" if that is meant\n" },
	{ NO_LISTEN("\tlisten on :: port 80\n"),
	    "2: listen on [::] port 80 is without \"tls\": write "
	    "\"insecure\" if that is meant\n" },
	{ NO_LISTEN("\tlisten on ::1\n"), "2: listen on ::1 has no port\n" },
	{ NO_LISTEN("\tlisten on localhost port 80\n"),
	    "2: invalid address \"localhost\"\n" },
	{ NO_LISTEN("\tlisten on 127.1 port 80\n"),
	    "2: invalid address \"127.1\"\n" },
	{ NO_LISTEN("\tlisten on run/s\n"),
	    "2: invalid address \"run/s\": not absolute\n" },
	{ NO_LISTEN("\tlisten on ::1 port 65536\n"),
	    "2: invalid port \"65536\": too large\n" },
	{ NO_LISTEN("\tlisten on ::1 port http\n"),
	    "2: invalid port \"http\"\n" },
	{ NO_LISTEN("\tlisten on \"/s\" tls\n"),
	    "2: \"tls\" is not for a Unix socket\n" },
	{ NO_LISTEN("\tlisten on \"/s\" insecure\n"),
	    "2: \"insecure\" is not for a Unix socket\n" },
	{ NO_LISTEN("\tlisten on \"/s\" port 80\n"),
	    "2: \"port\" is not for a Unix socket\n" },
	{ NO_LISTEN("\tlisten on \"/" X256 "\"\n"),
	    "2: invalid socket \"/" X256 "\": too long\n" },
	{ NO_LISTEN("\tlisten 127.0.0.1 port 80\n"),
	    "2: syntax error at \"127.0.0.1\"\n" },
	{ IN_SERVER("\tlisten on ::1 port 81\n"),
	    "3: duplicate listen on [::1] port 81\n" },
	{ IN_SERVER("") "server \"S\" {\n\tlisten on ::1 port 81\n"
	    "\tlocation \"/h\" { health }\n}\n",
	    "6: duplicate server \"S\" on [::1] port 81\n" },
	{ IN_SERVER("") "server \"t\" {\n\tlisten on ::1 insecure port 81\n"
	    "\tlocation \"/h\" { health }\n}\n",
	    "6: listen on [::1] port 81 differs from t:2\n" },
	{ NO_LISTEN("\tlisten on ::1 tls port 443\n"),
	    "1: server \"s\" has no tls block for [::1] port 443\n" },
	{ NO_LISTEN("\tlisten on ::1 tls port 443\n\ttls { key \"/k\" }\n"),
	    "3: tls has no certificate\n" },
	{ NO_LISTEN("\tlisten on ::1 tls port 443\n"
	    "\ttls { certificate \"/k\" }\n"), "3: tls has no key\n" },
	{ IN_SERVER("\ttls {\n\tcertificate \"/k\"\n\tkey \"/k\"\n\t}\n"),
	    "3: server \"s\" has a tls block and does not listen with "
	    "\"tls\"\n" },
	{ NO_LISTEN("\tlisten on ::1 tls port 443\n\ttls {\n"
	    "\tcertificate \"/k\"\n\tcertificate \"/k\"\n\t}\n"),
	    "5: duplicate \"certificate\"\n" },
	{ NO_LISTEN("\tlisten on ::1 tls port 443\n"
	    "\ttls {\n\tcertificate \"/k\"\n\tkey \"/k\"\n\t}\n"
	    "\ttls {\n\tcertificate \"/k\"\n\tkey \"/k\"\n\t}\n"),
	    "7: duplicate \"tls\"\n" },
	{ IN_SERVER("\ttrusted proxy { }\n"), "3: empty \"trusted proxy\"\n" },
	{ IN_SERVER("\ttrusted proxy {\n1.2.3.4/33\nx\n::/129\n}\n"),
	    "4: invalid network \"1.2.3.4/33\"\n5: invalid network \"x\"\n"
	    "6: invalid network \"::/129\"\n" },
	{ IN_SERVER("\ttrusted proxy { 10.0.0.1/8 }\n"),
	    "3: invalid network \"10.0.0.1/8\": bits after the prefix\n" },
	{ IN_SERVER("\ttrusted proxy { 10.0.0.0/8 = }\n\tfoo\n"),
	    "3: syntax error at \"10.0.0.0/8\"\n4: syntax error at \"foo\"\n" },
	/* location */
	{ PATH(""), "3: invalid location \"\": empty\n" },
	{ PATH("h"), "3: invalid location \"h\": not absolute\n" },
	{ PATH("*"), "3: invalid location \"*\": not absolute\n" },
	{ PATH("/a*b"),
	    "3: invalid location \"/a*b\": \"*\" before its end\n" },
	{ PATH("/**"), "3: invalid location \"/**\": \"*\" before its end\n" },
	{ PATH("/a?b"), "3: invalid location \"/a?b\": contains \"?\", \"#\" "
	    "or \"%\"\n" },
	{ PATH("/%41"), "3: invalid location \"/%41\": contains \"?\", \"#\" "
	    "or \"%\"\n" },
	{ PATH("/a/../b"), "3: invalid location \"/a/../b\": dot segment\n" },
	{ PATH("/."), "3: invalid location \"/.\": dot segment\n" },
	{ PATH("/\t"), "3: invalid location \"/\t\": control character\n" },
	{ PATH("/" X1024), "3: invalid location \"/" X1024 "\": too long\n" },
	{ PATH("/h"), "4: duplicate location \"/h\"\n" },
	{ IN_LOCATION(""), "3: location \"/l\" has no service\n" },
	{ IN_LOCATION("health\njwks\n"),
	    "5: \"jwks\" after \"health\": a location is for one service\n" },
	{ IN_LOCATION("grant\n"), "3: location \"/l\" has no audience\n" },
	{ IN_LOCATION("resource\n"), "3: location \"/l\" has no audience\n" },
	{ IN_LOCATION("audience \"a\"\njwks\n"),
	    "4: \"audience\" is not for \"jwks\"\n" },
	{ IN_LOCATION("scope \"a\"\ngrant\naudience \"b\"\n"),
	    "4: \"scope\" is not for \"grant\"\n" },
	{ IN_LOCATION("lifetime 1m\nresource\naudience \"b\"\n"),
	    "4: \"lifetime\" is not for \"resource\"\n" },
	{ IN_LOCATION("grant\naudience \"b\"\nlifetime 1m\nlifetime 1m\n"),
	    "7: duplicate \"lifetime\"\n" },
	{ IN_LOCATION("grant\naudience \"b\"\nlifetime 0\n"),
	    "6: invalid lifetime \"0\": too small\n" },
	{ IN_LOCATION("grant\naudience \"b\"\nlifetime 901\n"),
	    "3: the lifetime of location \"/l\" is longer than the "
	    "signer's\n" },
	{ IN_LOCATION("realm \"a\"\nhealth\n"),
	    "4: \"realm\" is not for \"health\"\n" },
	{ IN_LOCATION("grant\naudience \"b\"\nforward claim \"c\" as H\n"),
	    "6: \"forward\" is not for \"grant\"\n" },
	{ IN_LOCATION("grant\naudience { \"a\"\n\"b\" \"a\" }\n"),
	    "6: duplicate audience \"a\"\n" },
	{ IN_LOCATION("grant\naudience { }\n"), "5: empty \"audience\"\n" },
	{ IN_LOCATION("grant\naudience \"\"\n"),
	    "5: invalid audience \"\": empty\n" },
	{ IN_LOCATION("grant\naudience \"" X256 "\"\n"),
	    "5: invalid audience \"" X256 "\": too long\n" },
	{ IN_LOCATION("resource\naudience \"a\"\nscope \"\"\n"),
	    "6: invalid scope \"\": empty\n" },
	{ IN_LOCATION("resource\naudience \"a\"\nscope \"a  b\"\n"),
	    "6: invalid scope \"a  b\"\n" },
	{ IN_LOCATION("resource\naudience \"a\"\nrealm \"a\\\"b\"\n"),
	    "6: invalid realm \"a\"b\": quote or backslash\n" },
	{ IN_LOCATION("resource\naudience \"a\"\nrealm \"a\"\nrealm \"a\"\n"),
	    "7: duplicate \"realm\"\n" },
	{ IN_LOCATION("resource\naudience \"a\"\n"
	    "forward claim \"c\" as \"A\"\nforward claim \"d\" as \"a\"\n"),
	    "7: duplicate header \"a\"\n" },
	{ IN_LOCATION("resource\naudience \"a\"\n"
	    "forward claim \"\" as \"A\"\nforward claim \"c\" as \"\"\n"
	    "forward claim \"c\" as \"a b\"\n"
	    "forward claim \"c\" as \"content-length\"\n"
	    "forward claim \"c\" as \"X-Auth-Subject\"\n"
	    "forward claim \"c\" as \"x-auth-scope\"\n"),
	    "6: invalid claim \"\": empty\n7: invalid header \"\": empty\n"
	    "8: invalid header \"a b\"\n"
	    "9: invalid header \"content-length\": reserved\n"
	    "10: invalid header \"X-Auth-Subject\": reserved\n"
	    "11: invalid header \"x-auth-scope\": reserved\n" },
	{ IN_LOCATION("foo { bar }\njwks\n"), "4: syntax error at \"foo\"\n" },
	{ IN_SERVER("\tlocation \"/x\" { foo }\n\tlocation \"/y\" { bar }\n"),
	    "3: syntax error at \"foo\"\n4: syntax error at \"bar\"\n" },
	/* what belongs elsewhere */
	{ "server \"s\" {\n\tlisten on ::1 port 81\n"
	    "\tlocation \"/g\" {\n\t\tgrant\n\t\taudience \"a\"\n\t}\n"
	    "\tlocation \"/r\" {\n\t\tresource\n\t\taudience \"a\"\n\t}\n"
	    "\tlocation \"/j\" { jwks }\n\tlocation \"/m\" { metadata }\n}\n",
	    "3: location \"/g\" needs a signer\n"
	    "7: location \"/r\" needs a signer or a trust\n"
	    "11: location \"/j\" needs a signer\n"
	    "12: location \"/m\" needs a signer\n" },
	/* metadata */
	{ METADATA("http://a", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"http://a\": not \"https://\"\n" },
	{ METADATA("a", "/g"), "8: location \"/m\" needs another issuer "
	    "than \"a\": not \"https://\"\n" },
	{ METADATA("HTTPS://a", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"HTTPS://a\": not \"https://\"\n" },
	{ METADATA("https://a?", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"https://a?\": query or fragment\n" },
	{ METADATA("https://a/b#c", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"https://a/b#c\": query or fragment\n" },
	{ METADATA("https://", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"https://\": no host\n" },
	{ METADATA("https:///b", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"https:///b\": no host\n" },
	{ METADATA("https://:1/b", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"https://:1/b\": no host\n" },
	{ METADATA("https://a b", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"https://a b\": not a URL\n" },
	{ METADATA("https://h\xc3\xa9", "/g"), "8: location \"/m\" needs "
	    "another issuer than \"https://h\xc3\xa9\": not a URL\n" },
	{ METADATA("https://a/<b", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"https://a/<b\": not a URL\n" },
	{ METADATA("https://u@a/", "/g"), "8: location \"/m\" needs another "
	    "issuer than \"https://u@a/\": not a URL\n" },
	{ METADATA("https://a", "/g*"), "8: location \"/m\" needs a grant "
	    "location without \"*\" in its server\n" },
	{ METADATA("http://a", "/g*"), "8: location \"/m\" needs another "
	    "issuer than \"http://a\": not \"https://\"\n"
	    "8: location \"/m\" needs a grant location without \"*\" in its "
	    "server\n" },
	{ METADATA("https://a", "/g") "server \"t\" {\n"
	    "\tlisten on ::1 port 82\n"
	    "\tlocation \"/n*\" { metadata }\n}\n",
	    "17: location \"/n*\" needs a grant location without \"*\" in "
	    "its server\n" },
	/* the same error is not said again */
	{ METADATA("https://a", "/g\" { foo }\n\tlocation \"/g*"),
	    "4: syntax error at \"foo\"\n" },
	{ METADATA("", "/g"), "11: invalid issuer \"\": empty\n" },
	{ TRUST "server \"s\" {\n\tlisten on ::1 port 81\n"
	    "\tlocation \"/g*\" {\n\t\tgrant\n\t\taudience \"a\"\n\t}\n}\n",
	    "4: location \"/g*\" needs a signer\n" },
};

static struct conf *
parse(const char *name, const char *text, size_t len, char **errors)
{
	struct conf *conf;
	FILE *f;
	size_t n;

	f = open_memstream(errors, &n);
	if (f == NULL)
		return (NULL);
	conf = conf_load_buffer(name, text, len, f);
	fclose(f);
	return (conf);
}

static struct conf *
parse_file(const char *path, char **errors)
{
	struct conf *conf;
	FILE *f;
	size_t n;

	f = open_memstream(errors, &n);
	if (f == NULL)
		return (NULL);
	conf = conf_load(path, f);
	fclose(f);
	return (conf);
}

static char *
print(const struct conf *conf)
{
	char *text;
	FILE *f;
	size_t n;

	text = NULL;
	f = open_memstream(&text, &n);
	if (f == NULL)
		return (NULL);
	conf_print(conf, f);
	fclose(f);
	return (text);
}

static void
test_good(void)
{
	struct conf *conf;
	char *again, *errors, *text;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		conf = parse("t", good[i].text, strlen(good[i].text), &errors);
		is_str(errors, "", good[i].what);
		free(errors);
		if (conf == NULL)
			continue;
		text = print(conf);
		conf_free(conf);
		conf = parse("again", text, strlen(text), &errors);
		if (is_str(errors, "", "printed and read") && conf != NULL) {
			again = print(conf);
			is_str(again, text, "and printed the same");
			free(again);
		}
		free(errors);
		free(text);
		conf_free(conf);
	}
}

/* put the name before each of the lines */
static char *
named(const char *errors)
{
	char *text;
	const char *end;
	FILE *f;
	size_t n;

	f = open_memstream(&text, &n);
	for (; *errors != '\0'; errors = end + 1) {
		end = strchr(errors, '\n');
		fprintf(f, "t:%.*s\n", (int)(end - errors), errors);
	}
	fclose(f);
	return (text);
}

static void
test_bad(void)
{
	struct conf *conf;
	char *errors, *want, what[64];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		conf = parse("t", bad[i].text, strlen(bad[i].text), &errors);
		want = named(bad[i].errors);
		snprintf(what, sizeof(what), "bad %zu: %.40s", i,
		    bad[i].errors);
		what[strcspn(what, "\n")] = '\0';
		is_str(errors, want, what);
		ok(conf == NULL, "and there is no configuration");
		conf_free(conf);
		free(want);
		free(errors);
	}
}

static void
test_bytes(void)
{
	static const char nul[] = "prefork 2\npre\0fork 3\n";
	struct conf *conf;
	char *errors;
	size_t i;
	char text[2048];

	conf = parse("t", nul, sizeof(nul) - 1, &errors);
	is_str(errors, "t:2: NUL byte\n", "a NUL byte");
	free(errors);
	conf_free(conf);

	for (i = 0; i < 1000; i++)
		memcpy(text + 2 * i, "x\n", 2);
	conf = parse("t", text, 2000, &errors);
	ok(conf == NULL && strstr(errors, "t:100: syntax error") != NULL &&
	    strstr(errors, "t:101: too many errors\n") != NULL &&
	    strstr(errors, "t:102:") == NULL, "it stops at the 100th error");
	free(errors);
	conf_free(conf);

}

/* every beginning of a good one, for what the sanitizers see */
static void
test_beginnings(void)
{
	struct conf *conf;
	char *copy, *errors;
	size_t i, n, wrong;

	wrong = 0;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (n = 1; n < strlen(good[i].text); n++) {
			copy = malloc(n);
			if (copy == NULL)
				continue;
			memcpy(copy, good[i].text, n);
			conf = parse("t", copy, n, &errors);
			if ((conf == NULL) != (*errors != '\0'))
				wrong++;
			free(errors);
			free(copy);
			conf_free(conf);
		}
	is_int((long long)wrong, 0, "every beginning of a file");
}

static void
test_many_listeners(void)
{
	struct conf *conf;
	char *errors, *text;
	size_t n;
	FILE *f;
	int i, last;

	for (last = 64; last <= 65; last++) {
		f = open_memstream(&text, &n);
		fputs("server \"s\" {\n", f);
		for (i = 1; i <= last; i++)
			fprintf(f, "listen on ::1 port %d\n", i);
		fputs("location \"/h\" { health }\n}\n", f);
		fclose(f);
		conf = parse("t", text, n, &errors);
		is_str(errors, last == 64 ? "" : "t:66: more than 64 "
		    "listeners\n", "the number of listeners");
		conf_free(conf);
		free(errors);
		free(text);
	}
}

static void
test_values(void)
{
	static const char text[] = "signer {\n\tissuer \"i\"\n"
	    "\tkey \"/old\" retired\n\tkey \"/k\" rs256\n"
	    "\tstore file \"/u\"\n\tlifetime 2h\n}\n"
	    "trust \"b\" { key \"/b\" }\n"
	    "server \"s\" {\n\tlisten on * insecure port 8080\n"
	    "\tlisten on \"/run/s\"\n\ttrusted proxy { 10.0.0.0/8 }\n"
	    "\tlocation \"/g\" {\n\t\tgrant\n\t\taudience { a b }\n"
	    "\t\tlifetime 90m\n\t}\n}\n";
	const struct conf_listener *l;
	const struct conf_location *g;
	const struct sockaddr_in *sin;
	const struct sockaddr_un *sun;
	const struct conf_server *s;
	const struct conf_key *key;
	struct conf *conf;
	char *errors;

	conf = parse("t", text, sizeof(text) - 1, &errors);
	is_str(errors, "", "a configuration with a bit of everything");
	free(errors);
	is_int(conf->prefork, 2, "prefork");
	is_int(conf->timeout_request, 10, "timeout request");
	is_int(conf->timeout_idle, 60, "timeout idle");
	is_int(conf->limit_connections, 4096, "limit connections");
	is_int(conf->limit_requests, 128, "limit requests");
	is_int(conf->signer->lifetime, 7200, "lifetime");
	is_int(conf->signer->remember, 300, "remember");
	is_int(conf->signer->reuse, 0, "reuse");
	is_int(conf->signer->throttle_count, 0, "throttle");
	is_int(conf->signer->prefork, 4, "signer's prefork");
	key = TAILQ_FIRST(&conf->signer->keys);
	ok(key->retired && key->alg == CONF_ALG_DEFAULT, "the first key");
	key = TAILQ_NEXT(key, entry);
	ok(!key->retired && key->alg == CONF_ALG_RS256, "the second key");
	is_int(TAILQ_FIRST(&conf->trusts)->source, CONF_TRUST_PEM, "trust");
	is_int((long long)conf->nlisteners, 2, "listeners");
	s = TAILQ_FIRST(&conf->servers);
	l = s->listeners[0];
	sin = (const struct sockaddr_in *)&l->ss;
	is_str(l->address, "0.0.0.0", "address");
	ok(l->insecure && !l->tls && l->servers[0] == s, "listener");
	ok(sin->sin_family == AF_INET && ntohs(sin->sin_port) == 8080 &&
	    l->ss_len == sizeof(*sin), "sockaddr");
	l = s->listeners[1];
	sun = (const struct sockaddr_un *)&l->ss;
	ok(l->family == AF_UNIX && strcmp(sun->sun_path, "/run/s") == 0,
	    "Unix socket");
	is_int(TAILQ_FIRST(&s->trusted)->bits, 8, "network");
	g = TAILQ_FIRST(&s->locations);
	is_int((long long)g->audience.n, 2, "audiences");
	is_str(g->audience.v[0], "a", "the first audience");
	is_str(g->realm, "s", "realm");
	is_int(g->lifetime, 5400, "a location's lifetime");
	ok(g->server == s && g->scope == NULL, "location");
	conf_free(conf);
	conf_free(NULL);
}

static void
test_location_find(void)
{
	static const char text[] = "server \"s\" {\nlisten on ::1 port 1\n"
	    "location \"/*\" { health }\nlocation \"/a\" { health }\n"
	    "location \"/a/*\" { health }\nlocation \"/a/b*\" { health }\n"
	    "location \"/a/b\" { health }\n}\n"
	    "server \"t\" {\nlisten on ::1 port 1\n"
	    "location \"/t\" { health }\n}\n";
	static const struct {
		const char	*path;
		int		 line;
	} want[] = {
		{ "/", 3 }, { "/x", 3 }, { "/a", 4 }, { "/a/", 5 },
		{ "/a/x", 5 }, { "/a/b", 7 }, { "/a/bc", 6 }, { "/ab", 3 },
		{ "", 0 }, { "x", 0 }
	};
	const struct conf_location *found;
	const struct conf_server *s;
	struct conf *conf;
	char *errors;
	size_t i;

	conf = parse("t", text, sizeof(text) - 1, &errors);
	is_str(errors, "", "locations");
	free(errors);
	s = TAILQ_FIRST(&conf->servers);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		found = conf_location_find(s, want[i].path,
		    strlen(want[i].path));
		is_int(found != NULL ? found->line : 0, want[i].line,
		    want[i].path);
	}
	s = TAILQ_NEXT(s, entry);
	ok(conf_location_find(s, "/t/", 3) == NULL, "no location");
	ok(conf_location_find(s, "/tx", 2) != NULL, "the length counts");
	conf_free(conf);
}

static void
test_server_find(void)
{
	static const char text[] = "server \"a.example\" {\n"
	    "listen on ::1 port 1\nlisten on 127.0.0.1 port 2\n"
	    "listen on \"/s\"\nlocation \"/h\" { health }\n}\n"
	    "server \"B.example\" {\nlisten on ::1 port 1\n"
	    "location \"/h\" { health }\n}\n";
	const struct conf_listener *l;
	struct conf *conf;
	char *errors, name[64];

	conf = parse("t", text, sizeof(text) - 1, &errors);
	is_str(errors, "", "servers");
	free(errors);
	l = TAILQ_FIRST(&conf->listeners);
	is_int((long long)l->nservers, 2, "two on one listener");
	is_str(conf_server_find(l, "a.example", 9)->name, "a.example", "a");
	is_str(conf_server_find(l, "b.EXAMPLE", 9)->name, "B.example", "b");
	is_str(conf_server_find(l, "b.example.org", 9)->name, "B.example",
	    "the length counts");
	is_str(conf_server_find(l, "b.example.org", 13)->name, "a.example",
	    "an unknown one");
	is_str(conf_server_find(l, NULL, 0)->name, "a.example", "none");
	is_str(conf_listener_name(l, name, sizeof(name)), "[::1] port 1",
	    "name of an IPv6 listener");
	l = TAILQ_NEXT(l, entry);
	is_str(conf_server_find(l, "b.example", 9)->name, "a.example",
	    "not on this listener");
	is_str(conf_listener_name(l, name, sizeof(name)), "127.0.0.1 port 2",
	    "name of an IPv4 listener");
	l = TAILQ_NEXT(l, entry);
	is_str(conf_listener_name(l, name, sizeof(name)), "/s",
	    "name of a Unix socket");
	is_str(conf_listener_name(l, name, 2), "/", "cut to what fits");
	conf_free(conf);
}

/* what the parent starts anew without reading the file */
static void
test_copy(void)
{
	static const char text[] = "signer {\n\tissuer \"i\"\n"
	    "\tkeys \"/k\" ps256\n\tstore file \"/u\"\n}\n" HEALTH;
	struct conf *conf, *copy;
	char *errors;

	conf = parse("t", text, sizeof(text) - 1, &errors);
	is_str(errors, "", "a directory of keys");
	free(errors);
	copy = conf_copy(conf);
	conf_free(conf);
	is_str(copy->signer->directory, "/k", "is copied");
	is_int(copy->signer->directory_alg, CONF_ALG_PS256,
	    "... with its algorithm");
	ok(TAILQ_EMPTY(&copy->signer->keys), "... and has no keys yet");
	is_str(TAILQ_FIRST(&copy->servers)->name, "h", "as is the rest");
	conf_free(copy);
}

/* as many issuers as there may be, and one more */
static void
test_trusts(void)
{
	static char text[CONF_MAX_TRUSTS * 64];
	struct conf *conf;
	char *errors;
	size_t len;
	int i;

	len = 0;
	for (i = 0; i < CONF_MAX_TRUSTS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "trust \"%d\" { jwks \"/k\" }\n", i);
	snprintf(text + len, sizeof(text) - len, HEALTH);
	conf = parse("t", text, strlen(text), &errors);
	is_str(errors, "", "as many issuers as there may be");
	is_int((long long)conf->ntrusts, CONF_MAX_TRUSTS, "... are counted");
	conf_free(conf);
	free(errors);
	snprintf(text + len, sizeof(text) - len, TRUST HEALTH);
	(void)parse("t", text, strlen(text), &errors);
	is_str(errors, "t:64: more than 63 trust blocks\n", "one more");
	free(errors);
}

static void
put(const char *name, const char *text)
{
	FILE *f;

	f = fopen(name, "w");
	if (f == NULL) {
		ok(0, "cannot write %s", name);
		return;
	}
	fputs(text, f);
	fclose(f);
}

static void
is_file(const char *path, const char *errors, const char *what)
{
	struct conf *conf;
	char *got;

	conf = parse_file(path, &got);
	is_str(got, errors, what);
	ok((conf == NULL) == (*errors != '\0'), "and the result of it");
	free(got);
	conf_free(conf);
}

/* main, d0.conf, d1.conf ..., each includes the next */
static void
test_depth(void)
{
	char name[32], text[64];
	int i;

	for (i = 1; i <= 16; i++) {
		snprintf(name, sizeof(name), "d%d.conf", i);
		snprintf(text, sizeof(text), "include \"d%d.conf\"\n", i + 1);
		put(name, i < 16 ? text : HEALTH);
	}
	is_file("d1.conf", "", "15 levels");
	put("d0.conf", "include \"d1.conf\"\n");
	is_file("d0.conf", "", "16 levels");
	put("d.conf", "include \"d0.conf\"\n" HEALTH);
	is_file("d.conf", "d15.conf:1: include \"d16.conf\": nested too "
	    "deep\n", "17 levels");
	for (i = 0; i <= 16; i++) {
		snprintf(name, sizeof(name), "d%d.conf", i);
		unlink(name);
	}
	unlink("d.conf");
}

static void
test_include(void)
{
	char dir[] = "/tmp/jwtd-conf.XXXXXX";

	if (!ok(mkdtemp(dir) != NULL && chdir(dir) == 0 &&
	    mkdir("sub", 0700) == 0, "a directory"))
		return;
	is_file("none.conf", "none.conf: No such file or directory\n",
	    "no such file");
	is_file("sub", "sub: not a regular file\n", "a directory");
	put("a.conf", "p = 81\ninclude \"sub/b.conf\"\nprefork $n\n" HEALTH);
	put("sub/b.conf", "include \"c.conf\"");
	put("sub/c.conf", "n = 3\nserver \"c\" {\n\tlisten on ::1 port $p\n"
	    "\tlocation \"/h\" { health }\n}");
	is_file("a.conf", "", "includes are relative to their file");
	put("sub/c.conf", "n = 3\nserver \"c\" {\n\tfoo\n}\nfoo\n");
	is_file("a.conf", "sub/c.conf:3: syntax error at \"foo\"\n"
	    "sub/c.conf:5: syntax error at \"foo\"\n", "errors in there");
	put("sub/c.conf", "n = 3\nserver \"c\" {\n\tlisten on ::1 port 81\n");
	is_file("a.conf", "sub/c.conf:3: syntax error at end of file\n",
	    "a block does not go on in another file");
	put("sub/c.conf", "n = 3\nserver \"c\" {\n}\n");
	is_file("a.conf", "sub/c.conf:2: server \"c\" has no listen\n"
	    "sub/c.conf:2: server \"c\" has no location\n",
	    "what is missing in there");
	put("sub/c.conf", "include \"../a.conf\"\nn = 3\n");
	is_file("a.conf", "sub/c.conf:1: include \"../a.conf\": includes "
	    "itself\n", "a loop");
	put("sub/c.conf", "n = 3\n\ninclude \"none\"\ninclude \"\"\n");
	is_file("a.conf", "sub/c.conf:3: include \"none\": No such file or "
	    "directory\nsub/c.conf:4: include \"\": empty\n",
	    "no such file to include");
	put("sub/c.conf", "n = 3\n\001\n");
	is_file("a.conf", "sub/c.conf:2: control character 0x01\n"
	    "a.conf:3: macro \"n\" is not defined\n", "no text");
	test_depth();
	unlink("a.conf");
	unlink("sub/b.conf");
	unlink("sub/c.conf");
	rmdir("sub");
	ok(chdir("/") == 0 && rmdir(dir) == 0, "nothing is left");
}

int
main(void)
{
	test_good();
	test_bad();
	test_bytes();
	test_beginnings();
	test_many_listeners();
	test_values();
	test_location_find();
	test_server_find();
	test_copy();
	test_trusts();
	test_include();
	return (done());
}

/* jwtd/grant_request.c: what a client asks for. */
#include "grant_request.h"

#include <stdlib.h>

#include "tap.h"

#define CC	"grant_type=client_credentials&"
#define LONG	"a:" A_255 ":b"
#define A_239	A_64 A_64 A_64 A_32 A_8 "aaaaaaa"
#define A_255	A_64 A_64 A_64 A_32 A_16 A_8 "aaaaaaa"
#define A_64	A_32 A_32
#define A_32	A_16 A_16
#define A_16	A_8 A_8
#define A_8	"aaaaaaaa"

static const struct {
	const char	*name;
	const char	*in;		/* of a POST */
	const char	*want;	/* "audience*,audience scope", or "!code" */
} posts[] = {
	{ "nothing more", CC, "api " },
	{ "a scope", CC "scope=read+write", "api read write" },
	{ "an empty scope", CC "scope=", "api " },
	{ "an audience", CC "audience=web", "web " },
	{ "a foreign audience", CC "audience=x", "x* " },
	{ "a resource", CC "resource=https%3A%2F%2Fa.example%2F",
	    "https://a.example/* " },
	{ "two resources", CC "resource=web&resource=api", "web,api " },
	{ "a resource twice", CC "resource=web&resource=web", "web " },
	{ "resource and audience", CC "resource=web&audience=x", "web,x* " },
	{ "an empty audience", CC "audience=&resource=", "api " },
	{ "four audiences", CC "audience=a&audience=b&audience=c&audience=api",
	    "a*,b*,c*,api " },
	{ "longest audience", CC "audience=" A_255, A_255 "* " },
	{ "unknown parameters", CC "x=1&x=2&service=r", "api " },
	{ "in another order", "scope=a&" CC, "api a" },
	{ "part of an audience", CC "audience=ap", "ap* " },

	{ "no grant_type", "scope=read", "!invalid_request" },
	{ "nothing", "", "!invalid_request" },
	{ "an empty grant_type", "grant_type=", "!invalid_request" },
	{ "another grant_type", "grant_type=password&username=u&password=p",
	    "!unsupported_grant_type" },
	{ "grant_type in capitals", "grant_type=Client_Credentials",
	    "!unsupported_grant_type" },
	{ "grant_type twice", CC CC, "!invalid_request" },
	{ "a client_secret", CC "client_secret=x", "!invalid_request" },
	{ "an empty client_secret", CC "client_secret=", "api " },
	{ "a scope twice", CC "scope=a&scope=a", "!invalid_request" },
	{ "two spaces in a scope", CC "scope=a++b", "!invalid_scope" },
	{ "a quote in a scope", CC "scope=%22", "!invalid_scope" },
	{ "a scope too long", CC "scope=" A_255 A_255 "aa", "!invalid_scope" },
	{ "five audiences", CC "audience=a&audience=b&audience=c&audience=d&"
	    "resource=e", "!invalid_target" },
	{ "audience too long", CC "audience=" A_255 "a", "!invalid_target" },
	{ "audience that is no UTF-8", CC "audience=%ff", "!invalid_target" },
	{ "the second is no UTF-8", CC "audience=api&audience=%ff",
	    "!invalid_target" },
	{ "a bad escape", CC "scope=%4", "!invalid_request" },
	{ "NUL", CC "scope=a%00b", "!invalid_request" },
	{ "a control character", CC "audience=a%0ab", "!invalid_request" },
};

static const struct {
	const char	*name;
	const char	*in;		/* of a GET */
	const char	*want;		/* a '+' in front: for a registry */
} gets[] = {
	{ "nothing", "", "api " },
	{ "a scope", "scope=read", "api read" },
	{ "any grant_type", "grant_type=password&client_secret=x", "api " },
	{ "login", "account=u&service=api&client_id=docker&offline_token=true",
	    "+api " },
	{ "a scope of a registry",
	    "service=api&scope=repository%3Ateam%2Fapp%3Apull%2Cpush",
	    "+api repository:team/app:pull,push" },
	{ "as it is written", "service=api&scope=repository:team/app:pull",
	    "+api repository:team/app:pull" },
	{ "two of them", "scope=repository:a:pull&service=api&"
	    "scope=repository:b:push", "+api repository:a:pull "
	    "repository:b:push" },
	{ "two in one", "service=api&scope=repository:a:pull+repository:b:*",
	    "+api repository:a:pull repository:b:*" },
	{ "a foreign service", "service=r.example:5000", "+r.example:5000* " },
	{ "audience is not of the specification", "service=api&audience=web",
	    "+api " },
	{ "an empty service", "service=&scope=read", "api read" },
	{ "no registry, two scopes", "scope=a&scope=b", "!invalid_request" },
	{ "service twice", "service=a&service=b", "!invalid_request" },
	{ "no resource scope", "service=api&scope=read", "!invalid_scope" },
	{ "one is none", "service=api&scope=repository:a:pull&scope=x",
	    "!invalid_scope" },
	{ "a quote", "service=api&scope=repository:%22:pull",
	    "!invalid_scope" },
	{ "too long", "service=api&scope=repository:" A_255 A_255 A_255 A_255
	    "a:pull", "!invalid_scope" },
	{ "as long as can be", "service=api&scope=" LONG "&scope=" LONG "&scope="
	    LONG "&scope=a:" A_239 ":b", "+api " LONG " " LONG " " LONG " a:"
	    A_239 ":b" },
	{ "a byte longer", "service=api&scope=" LONG "&scope=" LONG "&scope="
	    LONG "&scope=a:a" A_239 ":b", "!invalid_scope" },
	{ "service that is no UTF-8", "service=%ff", "!invalid_target" },
	{ "too many scopes", "service=api&scope=a:b:c&scope=a:b:c&scope=a:b:c"
	    "&scope=a:b:c&scope=a:b:c&scope=a:b:c&scope=a:b:c&scope=a:b:c"
	    "&scope=a:b:c&scope=a:b:c&scope=a:b:c&scope=a:b:c&scope=a:b:c"
	    "&scope=a:b:c&scope=a:b:c&scope=a:b:c&scope=a:b:c",
	    "!invalid_scope" },
};

static char api[] = "api", web[] = "web";
static char *audiences[] = { api, web };

/* as the tables write it */
static void
show(const struct message_request *request, char *out, size_t size)
{
	size_t i;

	strlcpy(out, (request->flags & MESSAGE_REGISTRY) != 0 ? "+" : "",
	    size);
	for (i = 0; i < MESSAGE_AUDIENCES; i++) {
		if (request->audience[i][0] == '\0')
			break;
		strlcat(out, i > 0 ? "," : "", size);
		strlcat(out, request->audience[i], size);
		if ((request->flags & MESSAGE_FOREIGN(i)) != 0)
			strlcat(out, "*", size);
	}
	strlcat(out, " ", size);
	strlcat(out, request->scope, size);
}

static void
check(const char *name, bool post, const char *in, const char *want)
{
	struct conf_location location;
	struct message_request request;
	struct grant_error error;
	char got[4096], *buf;
	size_t len;

	memset(&location, 0, sizeof(location));
	location.audience.v = audiences;
	location.audience.n = 2;
	location.lifetime = 77;
	memset(&request, 0, sizeof(request));
	/* of exactly its length, for the sanitizers */
	len = strlen(in);
	if ((buf = malloc(len + (len == 0))) == NULL)
		abort();
	memcpy(buf, in, len);
	if (grant_request_read(&location, post, buf, len, &request, &error)) {
		show(&request, got, sizeof(got));
		is_int(request.lifetime, 77, "the location's lifetime");
		request.magic = MESSAGE_REQUEST;
		request.id = 1;
		request.user[0] = 'u';
		ok(message_request_valid(&request, sizeof(request)),
		    "... is a valid request");
	} else {
		snprintf(got, sizeof(got), "!%s", error.code);
		ok(error.description[0] != '\0', "... says why");
	}
	is_str(got, want, name);
	free(buf);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(posts) / sizeof(posts[0]); i++)
		check(posts[i].name, true, posts[i].in, posts[i].want);
	for (i = 0; i < sizeof(gets) / sizeof(gets[0]); i++)
		check(gets[i].name, false, gets[i].in, gets[i].want);
	return (done());
}

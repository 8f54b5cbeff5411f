/* common/jwt.c: exp, nbf and iat, RFC 7519 sections 4.1.4 to 4.1.6. */
#include "jwt.h"

#include "tap.h"
#include "token.h"

#define H	"{\"alg\":\"RS256\"}"
#define C	"{\"iss\":\"i\",\"sub\":\"s\",\"aud\":\"a\""

#define MAX	"9223372036854775807"
#define MIN	"-9223372036854775808"

/* the leeway is 60 s, so that exp = 1000 is over at 1060 */
static const struct {
	const char	*times;
	int64_t		 now;
	enum jwt_error	 want;
} cases[] = {
	{ ",\"exp\":1000", 0, JWT_OK },
	{ ",\"exp\":1000", 999, JWT_OK },
	{ ",\"exp\":1000", 1000, JWT_OK },
	{ ",\"exp\":1000", 1059, JWT_OK },
	{ ",\"exp\":1000", 1060, JWT_EXPIRED },
	{ ",\"exp\":1000", 1061, JWT_EXPIRED },
	{ ",\"exp\":1000", 4000000000, JWT_EXPIRED },
	{ ",\"exp\":0", 59, JWT_OK },
	{ ",\"exp\":0", 60, JWT_EXPIRED },
	{ ",\"exp\":-1", 58, JWT_OK },
	{ ",\"exp\":-1", 59, JWT_EXPIRED },
	{ ",\"exp\":" MIN, 0, JWT_EXPIRED },
	{ ",\"exp\":" MIN, INT64_MAX, JWT_EXPIRED },
	{ ",\"exp\":" MAX, 0, JWT_OK },
	{ ",\"exp\":" MAX, INT64_MAX - 60, JWT_OK },
	{ ",\"exp\":4294967296", 2000000000, JWT_OK },	/* past 32 bits */
	{ ",\"exp\":2147483648", 2000000000, JWT_OK },

	{ "", 0, JWT_TIME },
	{ ",\"exp\":null", 0, JWT_TIME },
	{ ",\"exp\":\"1000\"", 0, JWT_TIME },
	{ ",\"exp\":true", 0, JWT_TIME },
	{ ",\"exp\":[1000]", 0, JWT_TIME },
	{ ",\"exp\":1000.0", 0, JWT_TIME },
	{ ",\"exp\":1e3", 0, JWT_TIME },
	{ ",\"exp\":1e300", 0, JWT_TIME },
	{ ",\"exp\":9223372036854775808", 0, JWT_TIME },
	{ ",\"exp\":99999999999999999999999", 0, JWT_TIME },
	{ ",\"exp\":1e999", 0, JWT_TIME },

	{ ",\"exp\":9999,\"nbf\":1000", 939, JWT_NOT_YET },
	{ ",\"exp\":9999,\"nbf\":1000", 940, JWT_OK },
	{ ",\"exp\":9999,\"nbf\":1000", 1000, JWT_OK },
	{ ",\"exp\":9999,\"nbf\":" MAX, 1000, JWT_NOT_YET },
	{ ",\"exp\":9999,\"nbf\":" MIN, 1000, JWT_OK },
	{ ",\"exp\":9999,\"nbf\":\"1\"", 1000, JWT_TIME },
	{ ",\"exp\":9999,\"nbf\":1.0", 1000, JWT_TIME },
	{ ",\"exp\":9999,\"nbf\":null", 1000, JWT_TIME },
	{ ",\"exp\":9999,\"iat\":1000", 939, JWT_NOT_YET },
	{ ",\"exp\":9999,\"iat\":1000", 940, JWT_OK },
	{ ",\"exp\":9999,\"iat\":0", 1000, JWT_OK },
	{ ",\"exp\":9999,\"iat\":" MAX, 1000, JWT_NOT_YET },
	{ ",\"exp\":9999,\"iat\":" MIN, 1000, JWT_OK },
	{ ",\"exp\":9999,\"iat\":\"1\"", 1000, JWT_TIME },
	{ ",\"exp\":9999,\"iat\":1e0", 1000, JWT_TIME },
	{ ",\"exp\":9999,\"iat\":{}", 1000, JWT_TIME },
	{ ",\"exp\":9999,\"nbf\":1000,\"iat\":1061", 1000, JWT_NOT_YET },
	{ ",\"exp\":9999,\"nbf\":1061,\"iat\":1000", 1000, JWT_NOT_YET },
	{ ",\"exp\":9999,\"nbf\":1060,\"iat\":1060", 1000, JWT_OK },
	/* both over and not yet there */
	{ ",\"exp\":1000,\"nbf\":5000", 2000, JWT_EXPIRED },
};

int
main(void)
{
	struct jwk key = { "", JWK_RS256, NULL, NULL, NULL };
	struct jwt_issuer issuer = { "i", false, { &key, 1, false } };
	char name[] = "a";
	char *audience[] = { name };
	struct jwt_policy policy = { &issuer, 1, audience, 1, 0, NULL };
	enum jwt_error error;
	struct jwt jwt;
	char *claims, *token;
	size_t i;

	key.pkey = token_key(EVP_PKEY_RSA, 2048);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (asprintf(&claims, C "%s}", cases[i].times) == -1)
			abort();
		token = token_make(key.pkey, H, claims);
		policy.now = cases[i].now;
		error = jwt_verify(token, strlen(token), &policy, &jwt);
		if (!ok(error == cases[i].want, "now %lld%s",
		    (long long)cases[i].now, cases[i].times))
			printf("#      got: %s\n# expected: %s\n",
			    jwt_strerror(error), jwt_strerror(cases[i].want));
		if (error == JWT_OK)
			jwt_clear(&jwt);
		free(token);
		free(claims);
	}
	EVP_PKEY_free(key.pkey);
	return (done());
}

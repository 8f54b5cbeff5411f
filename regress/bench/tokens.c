/*
 * Many tokens that the daemon could have made, each another one, as the values
 * of Authorization fields.  Usage: tokens KEY ISSUER AUDIENCE NUMBER
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "log.h"
#include "message.h"
#include "sign.h"

static void
print_token(struct keyring *keys, const char *issuer, const char *audience,
    long long n)
{
	static char token[MESSAGE_TOKEN_MAX + 1];
	char claims[1024];
	long long now;
	int len;

	now = (long long)time(NULL);
	len = snprintf(claims, sizeof(claims), "{\"email\":"
	    "\"alice@example.com\",\"iss\":\"%s\",\"sub\":\"alice\","
	    "\"client_id\":\"alice\",\"aud\":\"%s\",\"iat\":%lld,"
	    "\"nbf\":%lld,\"exp\":%lld,\"jti\":\"%010ld%012lld\","
	    "\"scope\":\"read write\"}", issuer, audience, now, now,
	    now + 86400, (long)getpid(), n);
	if (len < 0 || (size_t)len >= sizeof(claims))
		fatalx("the claims are too long");
	if (keyring_sign(keys, claims, (size_t)len, token,
	    sizeof(token)) == 0)
		fatalx("cannot sign");
	printf("Bearer %s\n", token);
}

int
main(int argc, char *argv[])
{
	struct conf_signer signer;
	struct conf_key key;
	struct keyring *keys;
	long long i, n;

	if (argc != 5 || sodium_init() == -1)
		return (2);
	memset(&signer, 0, sizeof(signer));
	memset(&key, 0, sizeof(key));
	TAILQ_INIT(&signer.keys);
	key.path = argv[1];
	TAILQ_INSERT_TAIL(&signer.keys, &key, entry);
	if ((keys = keyring_load(&signer)) == NULL)
		return (1);
	n = strtonum(argv[4], 1, 10000000, NULL);
	for (i = 0; i < n; i++)
		print_token(keys, argv[2], argv[3], i);
	keyring_free(keys);
	return (0);
}

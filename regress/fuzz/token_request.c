/*
 * Forms that name a token: what is taken is inside of the form, and what is
 * refused says why.
 */
#include "token_request.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct grant_error error;
	struct span token;
	char *buf;

	buf = fuzz_copy(data, size);
	error.code = error.description = NULL;
	if (token_request_read(buf, size, &token, &error))
		must(token.p != NULL && token.len > 0 &&
		    fuzz_inside(token, buf, size));
	else
		must(error.code != NULL && error.description != NULL);
	free(buf);
	return (0);
}

/*
 * Parameters of token requests: what is taken is a request that a signer takes
 * too, and what is refused says why.
 */
#include "grant_request.h"

#include "fuzz.h"

static char api[] = "api", web[] = "web";
static char *audiences[] = { api, web };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_location location;
	struct message_request request;
	struct grant_error error;
	bool post;
	char *buf;

	if (size == 0)
		return (0);
	/* the first byte: by which method */
	post = data[0] == 'P';
	buf = fuzz_copy(data + 1, size - 1);
	memset(&location, 0, sizeof(location));
	location.audience.v = audiences;
	location.audience.n = 2;
	memset(&request, 0, sizeof(request));
	error.code = error.description = NULL;
	if (grant_request_read(&location, post, buf, size - 1, &request,
	    &error)) {
		must(!post || (request.flags & MESSAGE_REGISTRY) == 0);
		request.magic = MESSAGE_REQUEST;
		request.id = 1;
		request.user[0] = 'u';
		must(message_request_valid(&request, sizeof(request)));
	} else
		must(error.code != NULL && error.description != NULL);
	free(buf);
	return (0);
}

/* The statuses of answers, RFC 9110 section 15; see http_status.h. */
#include "http_status.h"

#include <assert.h>

#include "log.h"
#include "metrics.h"

static const struct {
	int		 status;
	const char	*reason;
	const char	*error;		/* the body's; NULL: there is none */
} statuses[] = {
	{ 200, "OK", NULL },
	{ 202, "Accepted", NULL },
	{ 304, "Not Modified", NULL },
	{ 400, "Bad Request", "bad_request" },
	{ 401, "Unauthorized", "unauthorized" },
	{ 403, "Forbidden", "forbidden" },
	{ 404, "Not Found", "not_found" },
	{ 405, "Method Not Allowed", "method_not_allowed" },
	{ 408, "Request Timeout", "request_timeout" },
	{ 413, "Content Too Large", "content_too_large" },
	{ 417, "Expectation Failed", "expectation_failed" },
	{ 429, "Too Many Requests", "slow_down" },
	{ 431, "Request Header Fields Too Large", "head_too_large" },
	{ 500, "Internal Server Error", "server_error" },
	{ 501, "Not Implemented", "not_implemented" },
	{ 503, "Service Unavailable", "temporarily_unavailable" },
	{ 505, "HTTP Version Not Supported", "http_version" }
};

#define NSTATUSES	(sizeof(statuses) / sizeof(statuses[0]))

static_assert(NSTATUSES <= METRICS_STATUSES,
    "metrics.h has no room for all statuses");

int
http_status(size_t i)
{
	return (i < NSTATUSES ? statuses[i].status : 0);
}

size_t
http_status_find(int status)
{
	size_t i;

	for (i = 0; i < NSTATUSES; i++)
		if (statuses[i].status == status)
			return (i);
	fatalx("no status %d", status);
}

const char *
http_status_reason(size_t i)
{
	return (statuses[i].reason);
}

const char *
http_status_error(size_t i)
{
	return (statuses[i].error);
}

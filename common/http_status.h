/* The statuses that answers can have, as the metrics number them. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include <stddef.h>

/* The number of a status, or 0 past the last. */
int		 http_status(size_t);

/* Its index; it must be one of them. */
size_t		 http_status_find(int status);

/* The words of the status line, and of the body of an error, or NULL. */
const char	*http_status_reason(size_t);
const char	*http_status_error(size_t);

#endif

/* jwtd/refresh.c: when a key set is fetched next. */
#include "refresh.h"

#include "fetch_response.h"
#include "tap.h"

int
main(void)
{
	unsigned int i;
	int wrong;

	is_int(refresh_after(FETCH_NO_AGE), 3600, "without an age: an hour");
	is_int(refresh_after(0), 300, "at once: five minutes");
	is_int(refresh_after(299), 300, "less than five minutes");
	is_int(refresh_after(301), 301, "more");
	is_int(refresh_after(86400), 86400, "a day");
	is_int(refresh_after(86401), 86400, "more than a day");
	is_int(refresh_after(999999999), 86400, "for ever");
	is_int(refresh_retry(1), 10, "after one failure");
	is_int(refresh_retry(2), 20, "after two");
	is_int(refresh_retry(3), 40, "after three");
	is_int(refresh_retry(5), 160, "after five");
	is_int(refresh_retry(6), 300, "after six: five minutes");
	wrong = 0;
	for (i = 6; i < 1000; i++)
		wrong += refresh_retry(i) != 300;
	is_int(wrong, 0, "and no longer than that");
	is_int(refresh_retry(UINT32_MAX), 300, "... ever");
	return (done());
}

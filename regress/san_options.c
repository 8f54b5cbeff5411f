/*
 * Linked into the programs, and only with SAN=1: their processes forbid
 * tracing, which the search for leaks needs.  The unit tests search for those.
 */
const char	*__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return ("detect_leaks=0");
}

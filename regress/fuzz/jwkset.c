/* RFC 7517 key sets: what is taken is fit, and is the same again. */
#include "keyset.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	keyset_check(data, size, false, jwkset_parse);
	return (0);
}

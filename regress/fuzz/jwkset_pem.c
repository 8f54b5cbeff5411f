/* Public keys and certificates in PEM: what is taken is fit. */
#include "keyset.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	keyset_check(data, size, true, jwkset_parse_pem);
	return (0);
}

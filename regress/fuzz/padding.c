/*
 * Blocks that a worker wants signed: whatever they are, a digest is inside of
 * what it came in, and EMSA-PSS has its trailer and the length of the modulus.
 */
#include "padding.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *digest, *em;
	unsigned int bits;
	size_t len;
	char *buf;

	buf = fuzz_copy(data, size);
	em = (const uint8_t *)buf;
	len = 0;
	digest = padding_digest(em, size, &len);
	must(digest == NULL || (digest + len == em + size &&
	    (len == 32 || len == 48 || len == 64)));
	/* every modulus that it could be for, and some that it could not */
	for (bits = size > 2 ? (unsigned int)size * 8 - 16 : 0;
	    bits < size * 8 + 32; bits++)
		must(!padding_is_pss(em, size, bits) ||
		    (em[size - 1] == 0xbc && (bits + 7) / 8 == size));
	free(buf);
	return (0);
}

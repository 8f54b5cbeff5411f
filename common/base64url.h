/* RFC 4648 section 5 base64url without padding, and section 4 base64. */
#ifndef BASE64URL_H
#define BASE64URL_H

#include <sys/types.h>

#include <stddef.h>

/* bytes of text for n bytes, without a NUL */
#define BASE64URL_LEN(n)	(((n) * 4 + 2) / 3)

/*
 * Encode into out, which holds BASE64URL_LEN(len) + 1 bytes.  Returns the
 * length of the text.
 */
size_t	base64url_encode(char *out, size_t size, const void *in, size_t len);

/*
 * Strict decoders: no padding (url) or exact padding (standard), no stray bits,
 * no other character.  Return the number of bytes, or -1.  Only
 * base64_decode() takes the same time whatever the text is: secrets of ours or
 * of users are for it alone.
 */
ssize_t	base64url_decode(void *out, size_t size, const char *in, size_t len);
ssize_t	base64_decode(void *out, size_t size, const char *in, size_t len);

#endif

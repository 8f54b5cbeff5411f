/*
 * Packets between workers and tlskey, in both directions: no length is
 * believed, and a valid one has nothing that its reader does not expect.
 */
#include "tlskey_message.h"

#include "fuzz.h"

static void
check_request(const struct tlskey_request *m)
{
	size_t i;

	must(m->id != 0 && m->kind < TLSKEY_KINDS);
	must(m->len > 0 && m->len <= sizeof(m->data));
	must(m->kind == TLSKEY_RSA_PSS || m->len <= 64);
	for (i = m->len; i < sizeof(m->data); i++)
		must(m->data[i] == 0);
}

static void
check_reply(const struct tlskey_reply *m)
{
	must(m->id != 0 && m->status < TLSKEY_STATUSES);
	must(m->len <= sizeof(m->data));
	must((m->len == 0) == (m->status != TLSKEY_OK));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tlskey_request *request;
	const struct tlskey_reply *reply;
	bool is_request, is_reply;
	char *buf;

	buf = fuzz_copy(data, size);
	request = (const void *)buf;
	reply = (const void *)buf;
	is_request = tlskey_request_valid(request, size);
	is_reply = tlskey_reply_valid(reply, size);
	must(!is_request || !is_reply);
	if (is_request)
		check_request(request);
	if (is_reply)
		check_reply(reply);
	free(buf);
	return (0);
}

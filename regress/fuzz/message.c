/*
 * Packets between workers and signers, both ways.  The first byte says which: a
 * 'q' before a request, else replies that follow each other, each after two
 * bytes that say how much of it comes.
 */
#include "message.h"

#include "credentials.h"
#include "fuzz.h"
#include "parts.h"
#include "scope.h"
#include "utf8.h"

static bool
text(const char *s, size_t size)
{
	return (memchr(s, '\0', size) != NULL &&
	    utf8_no_controls(s, strlen(s)));
}

static void
check_request(const struct message_request *m)
{
	struct credentials who[CREDENTIALS_MAX];
	size_t i;

	must(m->magic == MESSAGE_REQUEST && m->id != 0);
	must((m->flags & ~MESSAGE_FLAGS) == 0);
	must(text(m->user, sizeof(m->user)) && *m->user != '\0');
	must(text(m->password, sizeof(m->password)));
	must((m->audience[0][0] != '\0') ==
	    ((m->flags & MESSAGE_OTHERS) == 0));
	must(text(m->token_id, sizeof(m->token_id)));
	must(text(m->subject, sizeof(m->subject)));
	must((*m->token_id != '\0') == (*m->subject != '\0'));
	must((*m->token_id != '\0') == (m->expires > 0));
	must(*m->token_id == '\0' || (m->flags & MESSAGE_REVOKE) != 0);
	must(m->network_kind <= MESSAGE_IPV6);
	must(m->network_kind != MESSAGE_LOCAL || m->network[0] == 0);
	for (i = 0; i < MESSAGE_AUDIENCES; i++)
		must(text(m->audience[i], sizeof(m->audience[i])));
	must(text(m->scope, sizeof(m->scope)) && scope_valid(m->scope));
	must(credentials_read(m->user, m->password, who) <= CREDENTIALS_MAX);
}

/* Returns false when there is no more to come for that token. */
static bool
check_reply(const struct message_reply *m, struct parts *parts)
{
	size_t i, len;

	must(m->magic == MESSAGE_REPLY && m->id != 0);
	must(m->parts >= 1 && m->parts <= MESSAGE_PARTS);
	must(m->part < m->parts && m->len <= sizeof(m->data));
	must(memchr(m->scope, '\0', sizeof(m->scope)) != NULL);
	/* it goes into JSON as it is */
	must(strpbrk(m->scope, "\"\\") == NULL);
	must((m->flags & ~MESSAGE_REPLY_FLAGS) == 0);
	must(m->flags == 0 || m->status == MESSAGE_OK);
	if (m->status != MESSAGE_OK)
		return (false);
	len = parts->len;
	switch (parts_add(parts, m)) {
	case PARTS_MORE:
		must(parts->next < m->parts);
		break;
	case PARTS_DONE:
		must(parts->next == m->parts);
		break;
	case PARTS_BAD:
		must(parts->len == len);
		return (false);
	}
	must(parts->len == len + m->len && parts->len <= MESSAGE_TOKEN_MAX);
	for (i = 0; i < parts->len; i++)
		must(strchr("\"\\", parts->token[i]) == NULL);
	return (parts->next < parts->parts);
}

/* What of a packet the input has; the rest is zeros, or of a good one. */
static void
check_replies(const uint8_t *data, size_t size)
{
	struct message_reply *m;
	struct parts parts;
	size_t n, rest;

	memset(&parts, 0, sizeof(parts));
	if ((m = malloc(sizeof(*m))) == NULL)
		abort();
	while (size >= 2) {
		n = (size_t)(data[0] << 8 | data[1]);
		data += 2;
		size -= 2;
		rest = n > size ? size : n;
		if (rest > sizeof(*m))
			rest = sizeof(*m);
		memset(m, 0, sizeof(*m));
		memset(m->data, 'A', sizeof(m->data));
		memcpy(m, data, rest);
		data += rest;
		size -= rest;
		if (message_reply_valid(m, sizeof(*m)) &&
		    !check_reply(m, &parts))
			parts_clear(&parts);
		must(!message_reply_valid(m, sizeof(*m) - 1));
	}
	parts_clear(&parts);
	free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_request *m;
	char *packet;

	if (size == 0)
		return (0);
	if (data[0] != 'q') {
		check_replies(data + 1, size - 1);
		return (0);
	}
	data++;
	size--;
	/* as it came, no byte more, which is no packet at all */
	packet = fuzz_copy(data, size);
	if (size != sizeof(*m))
		must(!message_request_valid((void *)packet, size));
	free(packet);
	if ((m = calloc(1, sizeof(*m))) == NULL)
		abort();
	memcpy(m, data, size < sizeof(*m) ? size : sizeof(*m));
	if (message_request_valid(m, sizeof(*m)))
		check_request(m);
	free(m);
	return (0);
}

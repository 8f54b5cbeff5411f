/*
 * Requests and their answers, as a worker has them.  An answer that is not
 * exactly one to the request, of one token at the most, is none.
 */
#include "request.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "jwt.h"
#include "parts.h"

struct signers signers;

static uint64_t next_id = FIRST_ID;

struct message_request
make(const char *user, const char *password)
{
	struct message_request m;

	memset(&m, 0, sizeof(m));
	m.magic = MESSAGE_REQUEST;
	m.id = next_id++;
	m.deadline = clock_ms() + (uint64_t)patience() * 1000;
	(void)strlcpy(m.user, user, sizeof(m.user));
	(void)strlcpy(m.password, password, sizeof(m.password));
	(void)strlcpy(m.audience[0], "api", sizeof(m.audience[0]));
	return (m);
}

bool
ask(int fd, const struct message_request *m)
{
	return (send(fd, m, sizeof(*m), MSG_NOSIGNAL) == (ssize_t)sizeof(*m));
}

bool
next_reply(int fd, struct message_reply *reply, int ms)
{
	return (readable(fd, ms) &&
	    message_recv_reply(fd, reply) == PACKET_DONE);
}

int
answer(int fd, uint64_t id, char subject[256])
{
	struct message_reply reply;
	enum parts_result result;
	json_t *header, *claims;
	struct parts parts;

	*subject = '\0';
	memset(&parts, 0, sizeof(parts));
	do {
		if (!next_reply(fd, &reply, patience() * 1000) ||
		    reply.id != id)
			return (-1);
		if (reply.status != MESSAGE_OK)
			return (reply.len == 0 && *reply.scope == '\0' &&
			    reply.lifetime == 0 ? (int)reply.status : -1);
		result = parts_add(&parts, &reply);
	} while (result == PARTS_MORE);
	if (result != PARTS_DONE ||
	    jwt_peek(parts.token, parts.len, &header, &claims) == -1) {
		parts_clear(&parts);
		return (-1);
	}
	(void)strlcpy(subject, json_string_value(json_object_get(claims,
	    "sub")), 256);
	json_decref(header);
	json_decref(claims);
	parts_clear(&parts);
	return (reply.lifetime <= 900 ? MESSAGE_OK : -1);
}

bool
honest(int *ms)
{
	struct message_request m;
	char subject[256];
	uint64_t began;
	int status;

	m = make("alice", "secret");
	began = clock_ms();
	status = ask(signers.sockets[HONEST], &m) ?
	    answer(signers.sockets[HONEST], m.id, subject) : -1;
	*ms = (int)(clock_ms() - began);
	return (status == MESSAGE_OK && strcmp(subject, "alice") == 0);
}

bool
unharmed(void)
{
	int ms;

	return (honest(&ms) && ms < SERVED_MS && signers_same(&signers));
}

bool
is_closed(int fd)
{
	char byte;

	return (readable(fd, patience() * 1000) &&
	    recv(fd, &byte, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN);
}

void
start(int argc, char *argv[])
{
	const char *errstr;
	unsigned int seed;

	errstr = NULL;
	seed = argc == 4 ? (unsigned int)strtonum(argv[3], 0, UINT32_MAX,
	    &errstr) : 0;
	if (argc != 4 || errstr != NULL) {
		fprintf(stderr, "usage: %s jwtd-signer configuration seed\n",
		    argv[0]);
		exit(2);
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	printf("# seed %u\n", seed);
	srandom(seed);
	signers_start(&signers, argv[1], argv[2]);
}

/* What each role has to be able to do in its sandbox. */
#include "escape.h"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "password.h"
#include "shared_wait.h"
#include "store.h"

/* Made before the sandbox by prepare(), in the child. */
static struct {
	int		 pair[2];	/* a socketpair */
	int		 client;	/* connected to the first TCP socket */
	int		 epoll;
	struct shared_wait wait;	/* for the first of the pair */
	EVP_PKEY	*key;
	struct store	*store;
	struct store_shared shared;
} made;

static int
client_of(uint16_t port)
{
	struct sockaddr_in sin;
	int fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return (-1);
	return (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ? -1 :
	    fd);
}

static int
prepare(void)
{
	struct epoll_event event;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, made.pair) == -1 ||
	    (made.client = client_of(scene.port[0])) == -1 ||
	    (made.epoll = epoll_create1(0)) == -1 ||
	    (made.key = EVP_EC_gen("P-256")) == NULL ||
	    (made.store = store_file_open(scene.users, geteuid() == 0,
	    &made.shared)) == NULL)
		return (-1);
	shared_wait_open(&made.wait, made.pair, 1);
	event.events = EPOLLIN;
	event.data.fd = scene.tcp[0];
	return (epoll_ctl(made.epoll, EPOLL_CTL_ADD, scene.tcp[0], &event));
}

/*
 * A connection comes in by a listener that was there before, after those that
 * other tests have made.
 */
static int
serve(void)
{
	struct epoll_event event;
	const int on = 1;
	char buf[4];
	int fd;

	if (epoll_wait(made.epoll, &event, 1, 5000) != 1)
		return (errno);
	while ((fd = accept4(scene.tcp[0], NULL, NULL,
	    SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
		if (write(fd, "abc", 3) != 3 && errno != EPIPE &&
		    errno != ECONNRESET)
			return (errno);
		close(fd);
	}
	return (errno == EAGAIN && read(made.client, buf, 3) == 3 ? 0 : errno);
}

static int
exchange(void)
{
	struct pollfd pfd;
	char buf[4];

	pfd.fd = made.pair[1];
	pfd.events = POLLIN;
	if (send(made.pair[0], "abc", 3, MSG_NOSIGNAL) != 3 ||
	    poll(&pfd, 1, 5000) != 1 ||
	    recv(made.pair[1], buf, sizeof(buf), MSG_DONTWAIT) != 3)
		return (errno);
	return (0);
}

/* A signer, for what its workers ask. */
static int
wait_for_request(void)
{
	const bool wanted = true;
	sigset_t none;
	bool ready;
	char buf[4];

	(void)sigemptyset(&none);
	if (send(made.pair[1], "abc", 3, MSG_NOSIGNAL) != 3 ||
	    shared_wait(&made.wait, &wanted, &ready, 5000, &none) != 1 ||
	    recv(made.pair[0], buf, sizeof(buf), MSG_DONTWAIT) != 3)
		return (errno);
	return (0);
}

/* The master makes that for the signers that it forks. */
static int
open_wait(void)
{
	struct shared_wait wait;

	shared_wait_open(&wait, made.pair, 2);
	if (wait.one == -1)
		return (errno);
	shared_wait_close(&wait);
	return (0);
}

/* Big and small, grown and given back. */
static int
use_memory(void)
{
	unsigned char *p;
	size_t n;

	for (n = 64; n <= (size_t)64 << 20; n *= 4) {
		if ((p = malloc(n)) == NULL || (p = realloc(p, n * 2)) == NULL)
			return (ENOMEM);
		memset(p, 1, n * 2);
		free(p);
	}
	if ((p = sodium_malloc(100)) == NULL)
		return (errno);
	sodium_free(p);
	return (0);
}

static int
sign(void)
{
	unsigned char out[256];
	EVP_MD_CTX *ctx;
	size_t len;
	int rc;

	len = sizeof(out);
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return (ENOMEM);
	rc = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, made.key) == 1 &&
	    EVP_DigestSign(ctx, out, &len, (const unsigned char *)"abc", 3) ==
	    1;
	EVP_MD_CTX_free(ctx);
	return (rc ? 0 : EIO);
}

/* With nobody at the other end, as after a restart of its daemon. */
static int
use_syslog(void)
{
	syslog(LOG_DEBUG, "escape test");
	syslog(LOG_DEBUG, "escape test");
	return (0);
}

/* What children do before their own sandbox they do in the parent's. */
static int
open_log(void)
{
	return (socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) == -1 ? errno :
	    0);
}

static int
hash_password(void)
{
	char hash[PASSWORD_HASH_SIZE];

	return (password_hash("open sesame", hash) == 0 &&
	    password_verify(hash, "open sesame") ? 0 : ENOMEM);
}

static int
find_user(void)
{
	struct user user;

	if (store_lookup(made.store, "alice", &user) != STORE_FOUND)
		return (ENOENT);
	user_clear(&user);
	return (0);
}

static int
replace_user(void)
{
	char old[PASSWORD_HASH_SIZE];
	struct user user;

	if (store_lookup(made.store, "alice", &user) != STORE_FOUND)
		return (ENOENT);
	(void)strlcpy(old, user.hash, sizeof(old));
	user_clear(&user);
	/* a hash of the same length, and back */
	store_rehash(made.store, "alice", old, "$2b$05$abcdefghijklmnopqrstuu"
	    "5s5J2Lu3LPdvVwCWJZ3Ie1CPYBWBhqy");
	if (made.shared.rehash_failed ||
	    store_lookup(made.store, "alice", &user) != STORE_FOUND)
		return (EIO);
	return (strcmp(old, user.hash) == 0 ? EEXIST : 0);
}

static int
connect_tcp(void)
{
	int fd;

	if ((fd = client_of(scene.port[0])) == -1 || send(fd, "x", 1, 0) != 1)
		return (errno);
	return (0);
}

static int
connect_local(void)
{
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)strlcpy(sun.sun_path, access("/sock", F_OK) == 0 ? "/sock" :
	    scene.inside, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		return (errno);
	return (0);
}

static int
resolve_name(void)
{
	struct addrinfo hints, *list;

	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo("localhost", "443", &hints, &list) != 0)
		return (EIO);
	freeaddrinfo(list);
	return (0);
}

static int
keep_child(void)
{
	struct pollfd pfd;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		pfd.fd = -1;
		(void)poll(&pfd, 1, -1);
		_exit(1);
	}
	if (pid == -1 || kill(pid, SIGTERM) == -1 ||
	    waitpid(pid, &status, 0) != pid)
		return (errno);
	return (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? 0 : EIO);
}

static int
run_program(void)
{
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		(void)execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return (errno);
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EIO);
}

/* Listeners that a reload adds: at a port that only root has, and by a path. */
static int
open_listeners(void)
{
	struct sockaddr_in sin;
	struct sockaddr_un sun;
	const int on = 1;
	uint16_t port;
	int fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) == -1)
		return (errno);
	/* one that is free */
	for (port = geteuid() == 0 ? 1023 : 0; ; port--) {
		sin.sin_port = htons(port);
		if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0)
			break;
		if (errno != EADDRINUSE || port < 900)
			return (errno);
	}
	if (listen(fd, 1) == -1)
		return (errno);
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/added",
	    scene.users_dir);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(fd, 1) == -1 || unlink(sun.sun_path) == -1)
		return (errno);
	return (0);
}

/* The parent looks at the keys of others by their names. */
static int
look_into_directory(void)
{
	char path[sizeof(scene.users_dir) + NAME_MAX + 1];
	struct dirent *entry;
	struct stat st;
	DIR *dir;
	int n;

	if ((dir = opendir(scene.users_dir)) == NULL)
		return (errno);
	for (n = 0; (entry = readdir(dir)) != NULL; n++) {
		(void)snprintf(path, sizeof(path), "%s/%s", scene.users_dir,
		    entry->d_name);
		if (stat(path, &st) == -1)
			return (errno);
	}
	closedir(dir);
	return (n > 2 ? 0 : ENOENT);
}

/* A new call of some later kernel: no death. */
static int
ask_newer(void)
{
	return (syscall(100000) == -1 && errno == ENOSYS ? 0 : EIO);
}

static int
end_badly(void)
{
	abort();
}

#define CHILDREN	(ALL_KINDS & ~KIND(PARENT))

static const struct work {
	const char	*what;
	int		(*f)(void);
	unsigned int	 kinds;
} works[] = {
	{ "packets on a socket", exchange, ALL_KINDS },
	{ "waiting for requests", wait_for_request, SIGNERS },
	{ "what signers wait by", open_wait, KIND(MASTER) },
	{ "memory", use_memory, ALL_KINDS },
	{ "syslog", use_syslog, CHILDREN },
	{ "a socket for the log", open_log, KIND(PARENT) },
	{ "a call of a newer kernel", ask_newer, ALL_KINDS },
	{ "accepting", serve, KIND(WORKER) },
	{ "signing", sign, KIND(TLSKEY) | KIND(WORKER) | SIGNERS },
	{ "argon2id", hash_password, SIGNERS },
	{ "finding a user", find_user, KIND(MASTER) | KIND(SIGNER_FILE) },
	{ "replacing a hash", replace_user, KIND(SIGNER_FILE) },
	{ "the database's port", connect_tcp, KIND(SIGNER_TCP) | KIND(TRUST) },
	{ "the database's socket", connect_local, KIND(SIGNER_LOCAL) },
	{ "a name", resolve_name, KIND(RESOLVER) },
	{ "a child", keep_child, KIND(MASTER) | KIND(PARENT) },
	{ "a program", run_program, KIND(PARENT) },
	{ "a directory of keys", look_into_directory, KIND(PARENT) },
	{ "listeners of a reload", open_listeners, KIND(PARENT) }
};

static int (*working)(void);

static int
work_it(void)
{
	return (working());
}

/* confine() is here, because what is needed is made before it. */
static enum kind confined_as;

static int
prepared(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(60);
	if (prepare() == -1)
		return (99);
	openlog("escape", LOG_NDELAY, LOG_DAEMON);
	confine(confined_as);
	return (work_it());
}

void
work_tests(void)
{
	enum kind kind;
	size_t i;
	int status;

	for (i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		for (kind = 0; kind < KINDS; kind++) {
			if ((works[i].kinds & KIND(kind)) == 0)
				continue;
			working = works[i].f;
			confined_as = kind;
			status = in_child(KINDS, prepared);
			ok(status == 0, "%s: %s works: status %#x",
			    kind_names[kind], works[i].what,
			    (unsigned int)status);
		}
	/* what ends by itself is not said to be the sandbox's */
	working = end_badly;
	confined_as = WORKER;
	status = in_child(KINDS, prepared);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
	    "worker: abort is no offence: status %#x", (unsigned int)status);
}

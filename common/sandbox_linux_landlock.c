/*
 * Landlock: no file but what the role needs, no TCP but to its ports, no
 * abstract Unix socket and no signal to whoever is not confined with it.  As
 * far as the kernel has these; the constants are its own, newer than some
 * headers.
 */
#include "sandbox_linux.h"

#include <sys/syscall.h>

#include <errno.h>
#include <unistd.h>

#include "log.h"

#define FS_EXECUTE	(UINT64_C(1) << 0)
#define FS_WRITE_FILE	(UINT64_C(1) << 1)
#define FS_READ_FILE	(UINT64_C(1) << 2)
#define FS_READ_DIR	(UINT64_C(1) << 3)
#define FS_REMOVE_FILE	(UINT64_C(1) << 5)
#define FS_MAKE_REG	(UINT64_C(1) << 8)
#define FS_TRUNCATE	(UINT64_C(1) << 14)
#define FS_READ		(FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE	(FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | \
			FS_TRUNCATE)
#define NET_BIND_TCP	(UINT64_C(1) << 0)
#define NET_CONNECT_TCP	(UINT64_C(1) << 1)
#define SCOPE_ABSTRACT	(UINT64_C(1) << 0)
#define SCOPE_SIGNAL	(UINT64_C(1) << 1)

#define ABI_NET		4
#define ABI_SCOPE	6
#define RULE_PATH	1
#define RULE_PORT	2
#define GET_VERSION	1u

struct ruleset {
	uint64_t	 fs;
	uint64_t	 net;
	uint64_t	 scoped;
};

struct rule_path {
	uint64_t	 allowed;
	int32_t		 parent;
} __attribute__((packed));

struct rule_port {
	uint64_t	 allowed;
	uint64_t	 port;
};

#ifdef __NR_landlock_create_ruleset

int
sandbox_landlock_abi(void)
{
	long abi;

	abi = syscall(__NR_landlock_create_ruleset, NULL, 0, GET_VERSION);
	return (abi > 0 ? (int)abi : 0);
}

/* Every access to files that the kernel can handle. */
static uint64_t
all_fs(int abi)
{
	/* execute is 0, make symbolic link is 12; then one or none a version */
	static const unsigned int last[] = { 0, 12, 13, 14, 14, 15 };

	return ((UINT64_C(2) << last[abi > 5 ? 5 : abi]) - 1);
}

static void
allow_directory(int ruleset, int fd, uint64_t access)
{
	struct rule_path rule;

	rule.allowed = access;
	rule.parent = fd;
	if (syscall(__NR_landlock_add_rule, ruleset, RULE_PATH, &rule, 0) == -1)
		fatal("landlock_add_rule");
}

static void
allow_port(int ruleset, uint16_t port)
{
	struct rule_port rule;

	rule.allowed = NET_CONNECT_TCP;
	rule.port = port;
	if (syscall(__NR_landlock_add_rule, ruleset, RULE_PORT, &rule, 0) == -1)
		fatal("landlock_add_rule");
}

static void
choose(struct ruleset *set, enum sandbox_role role, int abi)
{
	set->fs = all_fs(abi);
	set->net = NET_BIND_TCP | NET_CONNECT_TCP;
	set->scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	/* the URLs of others name the ports, and resolvers may use TCP */
	if (role == SANDBOX_TRUST || role == SANDBOX_RESOLVER)
		set->net = NET_BIND_TCP;
	/* getaddrinfo(3) reads files and loads libraries */
	if (role == SANDBOX_RESOLVER)
		set->fs &= ~(FS_READ | FS_EXECUTE);
	/* has the master's; this parts it from the master and other signers */
	if (role == SANDBOX_SIGNER)
		set->fs = set->net = 0;
	if (abi < ABI_NET)
		set->net = 0;
	if (abi < ABI_SCOPE)
		set->scoped = 0;
}

void
sandbox_landlock(enum sandbox_role role, const struct sandbox_needs *needs,
    const int *directories, size_t n)
{
	struct ruleset set;
	uint64_t access;
	size_t i;
	int abi, fd;

	if ((abi = sandbox_landlock_abi()) == 0)
		return;
	choose(&set, role, abi);
	if (set.fs == 0 && set.net == 0 && set.scoped == 0)
		return;
	/* an older kernel takes the longer struct, if the rest of it is 0 */
	fd = (int)syscall(__NR_landlock_create_ruleset, &set, sizeof(set), 0);
	if (fd == -1)
		fatal("landlock_create_ruleset");
	access = set.fs & (FS_READ | (needs->write ? FS_WRITE : 0));
	for (i = 0; i < n; i++)
		allow_directory(fd, directories[i], access);
	for (i = 0; i < needs->nports && (set.net & NET_CONNECT_TCP) != 0; i++)
		allow_port(fd, needs->ports[i]);
	if (syscall(__NR_landlock_restrict_self, fd, 0) == -1)
		fatal("landlock_restrict_self");
	close(fd);
}

#else

int
sandbox_landlock_abi(void)
{
	return (0);
}

void
sandbox_landlock(enum sandbox_role role, const struct sandbox_needs *needs,
    const int *directories, size_t n)
{
	(void)role;
	(void)needs;
	(void)directories;
	(void)n;
}

#endif

/*
 * Capabilities.  A child has none after it became its user, and no way to any;
 * the parent keeps those that it and its children use until then.
 */
#include "sandbox_linux.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/securebits.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define BIT(cap)	(UINT64_C(1) << (cap))

/* root's exec means nothing any more, and nothing can be kept or raised */
#define SECUREBITS	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | \
			SECBIT_NO_SETUID_FIXUP_LOCKED | \
			SECBIT_KEEP_CAPS_LOCKED | \
			SECBIT_NO_CAP_AMBIENT_RAISE | \
			SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

/* What a child can have it has from the parent: so this is for both. */
#define PARENT_CAPS	(BIT(CAP_KILL) |	/* children of other users */ \
			BIT(CAP_DAC_OVERRIDE) |	/* sockets come and go */ \
			BIT(CAP_NET_BIND_SERVICE) | /* at a reload */ \
			BIT(CAP_DAC_READ_SEARCH) | /* keys, users */ \
			BIT(CAP_IPC_LOCK) |	/* keys at their load */ \
			BIT(CAP_SYS_RESOURCE) |	/* descriptors of a worker */ \
			BIT(CAP_SYS_ADMIN) |	/* namespaces of children */ \
			BIT(CAP_SETPCAP) |	/* their bounding sets */ \
			BIT(CAP_SYS_CHROOT) | BIT(CAP_SETUID) | \
			BIT(CAP_SETGID))

static uint64_t
get(void)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];

	memset(&header, 0, sizeof(header));
	memset(data, 0, sizeof(data));
	header.version = _LINUX_CAPABILITY_VERSION_3;
	if (syscall(__NR_capget, &header, data) == -1)
		fatal("capget");
	return (data[0].permitted | (uint64_t)data[1].permitted << 32);
}

/* Permitted and effective; nothing is inheritable, and so nothing ambient. */
static void
set(uint64_t caps)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];

	memset(&header, 0, sizeof(header));
	memset(data, 0, sizeof(data));
	header.version = _LINUX_CAPABILITY_VERSION_3;
	data[0].permitted = data[0].effective = (uint32_t)caps;
	data[1].permitted = data[1].effective = (uint32_t)(caps >> 32);
	if (syscall(__NR_capset, &header, data) == -1)
		fatal("capset");
}

/* All that the kernel knows, but those to keep. */
static void
drop_bounding(uint64_t keep)
{
	int cap;

	for (cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != -1;
	    cap++)
		if ((keep & BIT(cap)) == 0)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

bool
sandbox_caps_can_bound(void)
{
	return ((get() & BIT(CAP_SETPCAP)) != 0);
}

void
sandbox_caps_early(void)
{
	(void)prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0);
	drop_bounding(0);
}

void
sandbox_caps(enum sandbox_role role)
{
	uint64_t keep;

	keep = 0;
	if (role == SANDBOX_PARENT) {
		keep = get() & PARENT_CAPS;
		/* before the right to do so is gone, where it is */
		drop_bounding(PARENT_CAPS);
	}
	set(keep);
	if (get() != keep)
		fatalx("capabilities could not be given up");
}

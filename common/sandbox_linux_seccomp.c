/*
 * The filter of system calls: makes the kernel's program from the groups of
 * sandbox_linux_calls.c, and installs it.  It knows no call by itself.
 */
#include "sandbox_linux.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <endian.h>
#include <errno.h>
#include <unistd.h>

#include "log.h"

#if defined(__x86_64__)
#define ARCH		AUDIT_ARCH_X86_64
#define X32_BIT		0x40000000U	/* not in every C library */
#elif defined(__aarch64__) && __BYTE_ORDER == __LITTLE_ENDIAN
#define ARCH		AUDIT_ARCH_AARCH64
#else
#define ARCH		0	/* another order of arguments or bytes */
#endif

/*
 * Above this the C library may try what is newer than this file, and takes
 * ENOSYS for an answer.
 */
#ifdef __NR_futex_waitv
#define HIGHEST		__NR_futex_waitv
#else
#define HIGHEST		__NR_clone3
#endif

#define NR_OFFSET	offsetof(struct seccomp_data, nr)
#define ARCH_OFFSET	offsetof(struct seccomp_data, arch)
#define ARG_OFFSET(n)	(offsetof(struct seccomp_data, args) + \
			(n) * sizeof(uint64_t))
#define FAIL(error)	(SECCOMP_RET_ERRNO | ((error) & SECCOMP_RET_DATA))

struct program {
	struct sock_filter	*code;
	size_t			 n;
};

static void
emit(struct program *p, unsigned int code, size_t k, unsigned int yes,
    unsigned int no)
{
	struct sock_filter *f;

	if (p->n == SANDBOX_FILTER_MAX)
		fatalx("the filter of system calls is too long");
	f = &p->code[p->n++];
	f->code = (uint16_t)code;
	f->k = (uint32_t)k;
	f->jt = (uint8_t)yes;
	f->jf = (uint8_t)no;
}

static void
load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void
answer(struct program *p, size_t action)
{
	emit(p, BPF_RET | BPF_K, action, 0, 0);
}

static unsigned int
condition_length(const struct sandbox_condition *c)
{
	return (c->argument == 0 ? 0 : c->mask == UINT32_MAX ? 2 : 3);
}

/* With the number of the call loaded, before and after. */
static void
emit_call(struct program *p, const struct sandbox_call *call)
{
	const struct sandbox_condition *c;
	unsigned int left;
	size_t i;

	if (call->nr < 0)
		return;
	left = 1;
	for (i = 0; i < SANDBOX_CONDITIONS; i++)
		left += condition_length(&call->when[i]);
	/*
	 * over the conditions, the answer, and the number's being loaded again
	 */
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, (size_t)call->nr, 0,
	    left == 1 ? 1 : left + 1);
	for (i = 0; i < SANDBOX_CONDITIONS; i++) {
		c = &call->when[i];
		if (c->argument == 0)
			continue;
		left -= condition_length(c);
		load(p, ARG_OFFSET(c->argument - 1) +
		    (c->high ? sizeof(uint32_t) : 0));
		if (c->mask != UINT32_MAX)
			emit(p, BPF_ALU | BPF_AND | BPF_K, c->mask, 0, 0);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, c->value == SANDBOX_SELF ?
		    (uint32_t)getpid() : c->value, 0, left);
	}
	answer(p, call->error == 0 ? SECCOMP_RET_ALLOW :
	    (size_t)FAIL(call->error));
	if (call->when[0].argument != 0)
		load(p, NR_OFFSET);
}

size_t
sandbox_filter(enum sandbox_role role, const struct sandbox_needs *needs,
    struct sock_filter code[SANDBOX_FILTER_MAX])
{
	const struct sandbox_group *groups[SANDBOX_GROUPS];
	struct program p;
	size_t i, j, n;

	if (ARCH == 0)
		return (0);
	p.code = code;
	p.n = 0;
	load(&p, ARCH_OFFSET);
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	answer(&p, SECCOMP_RET_KILL_PROCESS);
	load(&p, NR_OFFSET);
#ifdef X32_BIT
	emit(&p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	answer(&p, SECCOMP_RET_KILL_PROCESS);
#endif
	n = sandbox_groups(role, needs, groups);
	for (i = 0; i < n; i++)
		for (j = 0; j < groups[i]->n; j++)
			emit_call(&p, &groups[i]->calls[j]);
	emit(&p, BPF_JMP | BPF_JGT | BPF_K, HIGHEST, 0, 1);
	answer(&p, (size_t)FAIL(ENOSYS));
	/*
	 * Under the parent's the children start, with loaders, name services
	 * and libraries that nobody here knows: those may go on without.
	 */
	answer(&p, role == SANDBOX_PARENT ? (size_t)FAIL(EPERM) :
	    SECCOMP_RET_KILL_PROCESS);
	return (p.n);
}

bool
sandbox_filter_available(void)
{
	/* EFAULT is what a kernel says that would take a filter */
	return (ARCH != 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0,
	    0) == -1 && errno == EFAULT);
}

void
sandbox_filter_install(enum sandbox_role role,
    const struct sandbox_needs *needs)
{
	struct sock_filter code[SANDBOX_FILTER_MAX];
	struct sock_fprog program;

	/* the parent has said so */
	if (!sandbox_filter_available())
		return;
	program.filter = code;
	program.len = (unsigned short)sandbox_filter(role, needs, code);
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == -1)
		fatal("seccomp");
}

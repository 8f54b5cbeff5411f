/* Attempts on files, and on the walls of chroot. */
#include "escape.h"

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int
try_open(const char *path, int flags)
{
	return (open(path, flags | O_CLOEXEC, 0600) == -1 ? errno : 0);
}

static int
try_passwd(void)
{
	return (try_open("/etc/passwd", O_RDONLY));
}

static int
try_outside_read(void)
{
	return (try_open(scene.outside, O_RDONLY));
}

static int
try_outside_write(void)
{
	return (try_open(scene.outside, O_WRONLY));
}

/* neither chroot nor Landlock keeps anybody from this, but the filter */
static int
try_stat(void)
{
	struct stat st;

	return (stat("/", &st) == -1 ? errno : 0);
}

static int
try_create(void)
{
	char path[128];
	int error;

	(void)snprintf(path, sizeof(path), "%s/new", scene.dir);
	error = try_open(path, O_WRONLY | O_CREAT);
	if (error == 0)
		(void)unlink(path);
	return (error);
}

static int
try_memory(void)
{
	return (try_open("/proc/self/mem", O_RDWR));
}

static int
try_victim_status(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status",
	    (int)scene.victim);
	return (try_open(path, O_RDONLY));
}

static int
try_mkdir(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/directory", scene.dir);
	if (mkdir(path, 0700) == -1)
		return (errno);
	(void)rmdir(path);
	return (0);
}

static int
try_link(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/link", scene.dir);
	if (symlink("/etc/shadow", path) == -1)
		return (errno);
	(void)unlink(path);
	return (0);
}

static int
try_chmod(void)
{
	return (chmod(scene.outside, 0644) == -1 ||
	    chmod(scene.outside, 0666) == -1 ? errno : 0);
}

static int
try_mknod(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/null", scene.dir);
	if (mknod(path, S_IFCHR | 0600, 0x103) == -1)
		return (errno);
	(void)unlink(path);
	return (0);
}

/* the classic way out: a root below the working directory */
static int
try_chroot(void)
{
	return (chroot(".") == -1 ? errno : 0);
}

static int
try_mount(void)
{
	/* root may mount, but this is no file system: ENODEV */
	return (mount("x", scene.dir, "no such kind", 0, NULL) == -1 &&
	    errno != ENODEV ? errno : 0);
}

static int
try_pivot(void)
{
	return (syscall(__NR_pivot_root, ".", ".") == -1 ? errno : 0);
}

static int
try_handle(void)
{
	return (syscall(__NR_open_by_handle_at, AT_FDCWD, NULL, O_RDONLY) ==
	    -1 ? errno : 0);
}

/* one that somebody left open */
static int
try_write_left(void)
{
	return (write(scene.file, "x", 1) != 1 ? errno : 0);
}

/* which no limit of sizes keeps anybody from */
static int
try_shorten_left(void)
{
	return (ftruncate(scene.file, 0) == -1 ? errno : 0);
}

/* nor this: who replaces the users file would wait for it */
static int
try_lock_left(void)
{
	return (flock(scene.file, LOCK_SH | LOCK_NB) == -1 ? errno : 0);
}

/* A name for the same name: nothing changes.  The other is behind chroot. */
static int
try_replace_users(void)
{
	return (rename(scene.users, scene.users) == -1 &&
	    rename("/users", "/users") == -1 ? errno : 0);
}

#define MAY_WRITE	(KIND(PARENT) | KIND(TRUST) | KIND(MASTER) | \
			KIND(SIGNER_FILE))

static const struct attempt list[] = {
	{ "/etc/passwd", try_passwd, KIND(PARENT) | KIND(RESOLVER), ANYBODY },
	{ "a file outside, to read", try_outside_read,
	    KIND(PARENT) | KIND(RESOLVER), ANYBODY },
	{ "a file outside, to write", try_outside_write, KIND(PARENT),
	    ANYBODY },
	{ "what a file is", try_stat, KIND(PARENT) | KIND(RESOLVER) | SIGNERS,
	    ANYBODY },
	{ "a new file", try_create, KIND(PARENT), ANYBODY },
	{ "/proc/self/mem", try_memory, KIND(PARENT), ANYBODY },
	{ "/proc of another process", try_victim_status,
	    KIND(PARENT) | KIND(RESOLVER), ANYBODY },
	{ "mkdir", try_mkdir, KIND(PARENT), ANYBODY },
	{ "symlink", try_link, 0, ANYBODY },
	{ "chmod", try_chmod, 0, ANYBODY },
	{ "mknod", try_mknod, 0, ROOT },
	{ "chroot", try_chroot, KIND(PARENT), ROOT },
	{ "mount", try_mount, 0, ROOT },
	{ "pivot_root", try_pivot, 0, NEVER },
	{ "open_by_handle_at", try_handle, 0, NEVER },
	{ "writing to a file that was left open", try_write_left, MAY_WRITE,
	    ANYBODY },
	{ "shortening a file that was left open", try_shorten_left,
	    KIND(PARENT) | KIND(TRUST), ANYBODY },
	{ "locking a file that was left open", try_lock_left,
	    KIND(PARENT) | KIND(MASTER) | KIND(SIGNER_FILE), ANYBODY },
	{ "replacing the users file", try_replace_users,
	    KIND(PARENT) | KIND(MASTER) | KIND(SIGNER_FILE), ANYBODY }
};

const struct attempts file_attempts = { list, sizeof(list) / sizeof(list[0]) };

/* Whole small files: read, written, refused. */
#include "file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static const struct {
	const char	*path;
	const char	*dir;
	const char	*base;
} paths[] = {
	{ "/a/b/c", "/a/b", "c" },
	{ "/a", "/", "a" },
	{ "a/b", "a", "b" },
	{ "a", ".", "a" },
	{ "a/", "a", "" },
	{ "", ".", "" },
};

static void
test_directory(void)
{
	const char *base;
	char *dir;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		dir = file_directory(paths[i].path, &base);
		is_str(dir, paths[i].dir, "directory of a path");
		is_str(base, paths[i].base, "base of a path");
		free(dir);
	}
}

static void
put(const char *path, const char *text)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		abort();
	close(fd);
}

static void
test_read(void)
{
	const char *why;
	char *buf;
	size_t len;

	put("f", "hello");
	buf = file_read("f", 5, &len, &why);
	is_str(buf, "hello", "a file as long as it may be");
	is_int((long long)len, 5, "its length");
	free(buf);
	ok(file_read("f", 4, &len, &why) == NULL, "one that is longer");
	is_str(why, "too large", "reason");
	put("empty", "");
	buf = file_read("empty", 0, &len, &why);
	is_str(buf, "", "an empty file");
	is_int((long long)len, 0, "its length");
	free(buf);
	ok(file_read("none", 9, &len, &why) == NULL, "one that is not there");
	is_str(why, strerror(ENOENT), "reason");
	ok(file_read(".", 9, &len, &why) == NULL, "a directory");
	is_str(why, "not a regular file", "reason");
	if (mkfifo("fifo", 0600) == -1)
		abort();
	ok(file_read("fifo", 9, &len, &why) == NULL, "a FIFO, without a wait");
	is_str(why, "not a regular file", "reason");
}

static void
test_read_again(void)
{
	const char *why;
	char *buf, c;
	size_t len;
	int fd;

	if ((fd = open("f", O_RDONLY)) == -1 || read(fd, &c, 1) != 1)
		abort();
	buf = file_read_fd(fd, 99, &len, &why);
	is_str(buf, "hello", "from the beginning");
	free(buf);
	close(fd);
}

static void
test_stream(void)
{
	static char big[200000];
	const char *why;
	char *buf;
	size_t len;
	int p[2];
	pid_t pid;

	memset(big, 'x', sizeof(big) - 1);
	if (pipe(p) == -1 || (pid = fork()) == -1)
		abort();
	if (pid == 0) {
		close(p[0]);
		_exit(write(p[1], big, sizeof(big) - 1) == -1);
	}
	close(p[1]);
	buf = file_read_stream(p[0], sizeof(big), &len, &why);
	is_int((long long)len, sizeof(big) - 1, "length of a stream");
	ok(buf != NULL && strcmp(buf, big) == 0, "its bytes");
	free(buf);
	close(p[0]);

	put("f", "hello");
	if ((p[0] = open("f", O_RDONLY)) == -1)
		abort();
	ok(file_read_stream(p[0], 4, &len, &why) == NULL, "too long a stream");
	is_str(why, "too large", "reason");
	close(p[0]);
}

static void
test_secret(void)
{
	static const struct {
		mode_t		 mode;
		const char	*why;
	} modes[] = {
		{ 0600, NULL },
		{ 0400, NULL },
		{ 0640, "readable by group or others" },
		{ 0604, "readable by group or others" },
		{ 0644, "readable by group or others" },
		{ 0620, "writable by group or others" },
	};
	size_t i;
	int fd;

	if ((fd = open("f", O_RDONLY)) == -1)
		abort();
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (fchmod(fd, modes[i].mode) == -1)
			abort();
		is_str(file_secret_check(fd), modes[i].why, "mode");
	}
	if (geteuid() == 0) {
		if (fchmod(fd, 0600) == -1 || fchown(fd, 12345, 0) == -1)
			abort();
		is_str(file_secret_check(fd), "owned by another user", "owner");
	}
	close(fd);
}

/* files in the directory but for "." and ".." */
static int
count(void)
{
	struct dirent *entry;
	DIR *dir;
	int n;

	if ((dir = opendir(".")) == NULL)
		abort();
	n = -2;
	while ((entry = readdir(dir)) != NULL)
		n++;
	closedir(dir);
	return (n);
}

static void
is_file(const char *path, const char *text, mode_t mode)
{
	struct stat st;
	const char *why;
	char *buf;
	size_t len;

	buf = file_read(path, 999, &len, &why);
	is_str(buf, text, "what is in the file");
	free(buf);
	is_int(stat(path, &st) == 0 ? st.st_mode & 07777 : 0, mode, "its mode");
}

static void
test_write(void)
{
	int before;

	before = count();
	umask(077);
	is_int(file_write("new", "one", 3, 0644, -1, -1, false), 0, "new");
	is_file("new", "one", 0644);
	is_int(file_write("new", "two", 3, 0600, -1, -1, false), -1, "again");
	is_int(errno, EEXIST, "exists");
	is_file("new", "one", 0644);
	is_int(file_write("new", "two", 3, 0600, -1, -1, true), 0, "replaced");
	is_file("new", "two", 0600);
	is_int(file_write("./new", "", 0, 0600, -1, -1, true), 0, "emptied");
	is_file("new", "", 0600);
	is_int(file_write("no/new", "x", 1, 0600, -1, -1, true), -1,
	    "no directory");
	is_int(errno, ENOENT, "no such directory");
	if (mkdir("sub", 0700) == -1)
		abort();
	is_int(file_write("sub", "x", 1, 0600, -1, -1, true), -1,
	    "a directory is in the way");
	is_int(file_write("sub", "x", 1, 0600, -1, -1, false), -1,
	    "also when it must be new");
	is_int(count(), before + 2, "no temporary file is left");
}

static void
test_full(void)
{
	static char big[8192];
	struct rlimit limit;
	int before;

	before = count();
	is_int(file_write("new", "old", 3, 0600, -1, -1, true), 0, "before");
	signal(SIGXFSZ, SIG_IGN);
	limit.rlim_cur = 4096;
	limit.rlim_max = RLIM_INFINITY;
	if (getrlimit(RLIMIT_FSIZE, &limit) == -1)
		abort();
	limit.rlim_cur = 4096;
	if (setrlimit(RLIMIT_FSIZE, &limit) == -1)
		abort();
	is_int(file_write("new", big, sizeof(big), 0600, -1, -1, true), -1,
	    "no room");
	is_int(errno, EFBIG, "errno");
	is_file("new", "old", 0600);
	is_int(count(), before, "no temporary file is left");
}

int
main(void)
{
	char dir[] = "/tmp/jwtd-file.XXXXXXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return (1);
	test_directory();
	test_read();
	test_read_again();
	test_stream();
	test_secret();
	test_write();
	test_full();
	(void)unlink("f");
	(void)unlink("empty");
	(void)unlink("fifo");
	(void)unlink("new");
	(void)rmdir("sub");
	(void)rmdir(dir);
	return (done());
}

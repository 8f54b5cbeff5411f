/* The scene of the escape tests: files, sockets and a victim. */
#include "scene.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <err.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "system.h"

struct scene scene;

static int
listen_tcp(uint16_t *port)
{
	struct sockaddr_in sin;
	socklen_t len;
	int fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	len = sizeof(sin);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    listen(fd, 1024) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "loopback");
	*port = ntohs(sin.sin_port);
	return (fd);
}

/* With a NUL first it is an abstract name. */
static int
listen_local(const char *path, size_t len)
{
	struct sockaddr_un sun;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	memcpy(sun.sun_path, path, len);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, (socklen_t)
	    (offsetof(struct sockaddr_un, sun_path) + len)) == -1 ||
	    listen(fd, 1024) == -1)
		err(1, "Unix socket");
	return (fd);
}

static void
start_victim(void)
{
	struct passwd *pw;

	if ((scene.victim = fork()) != 0)
		return;
	(void)signal(SIGTERM, SIG_IGN);
	(void)alarm(600);
	/* where there are users, the one that most attempts are made by */
	if (geteuid() == 0 && ((pw = getpwnam("_jwtd")) == NULL ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1))
		_exit(1);
	for (;;)
		pause();
}

static void
make_users(void)
{
	static const char line[] = "alice:$2b$04$abcdefghijklmnopqrstuu"
	    "5s5J2Lu3LPdvVwCWJZ3Ie1CPYBWBhqy:{}\n";
	struct passwd *pw;
	int fd;

	if (mkdir(scene.users_dir, 0700) == -1 || (fd = open(scene.users,
	    O_WRONLY | O_CREAT | O_EXCL, 0600)) == -1 ||
	    write(fd, line, sizeof(line) - 1) != sizeof(line) - 1)
		err(1, "%s", scene.users);
	close(fd);
	if (geteuid() != 0)
		return;
	if ((pw = getpwnam("_jwtdsign")) == NULL ||
	    chown(scene.users_dir, pw->pw_uid, pw->pw_gid) == -1 ||
	    chown(scene.users, pw->pw_uid, pw->pw_gid) == -1)
		err(1, "_jwtdsign");
}

void
scene_make(void)
{
	char name[64];
	uint16_t port;
	int fd;

	(void)strlcpy(scene.dir, "/tmp/jwtd-escape-XXXXXX", sizeof(scene.dir));
	if (mkdtemp(scene.dir) == NULL || chmod(scene.dir, 0755) == -1)
		err(1, "mkdtemp");
	(void)snprintf(scene.users_dir, sizeof(scene.users_dir), "%s/d",
	    scene.dir);
	(void)snprintf(scene.users, sizeof(scene.users), "%s/users",
	    scene.users_dir);
	(void)snprintf(scene.outside, sizeof(scene.outside), "%s/outside",
	    scene.dir);
	(void)snprintf(scene.socket, sizeof(scene.socket), "%s/sock",
	    scene.dir);
	(void)snprintf(scene.inside, sizeof(scene.inside), "%s/sock",
	    scene.users_dir);
	if (geteuid() == 0 && mkdir(system_empty_directory(), 0755) == -1)
		(void)0;	/* it is there */
	make_users();
	scene.file = open(scene.outside, O_RDWR | O_CREAT | O_EXCL, 0666);
	if (scene.file == -1 || fchmod(scene.file, 0666) == -1)
		err(1, "%s", scene.outside);
	scene.tcp[0] = listen_tcp(&scene.port[0]);
	scene.tcp[1] = listen_tcp(&scene.port[1]);
	fd = listen_local(scene.socket, strlen(scene.socket));
	if (fd == -1 || chmod(scene.socket, 0666) == -1)
		err(1, "%s", scene.socket);
	fd = listen_local(scene.inside, strlen(scene.inside));
	if (fd == -1 || chmod(scene.inside, 0666) == -1)
		err(1, "%s", scene.inside);
	name[0] = '\0';
	(void)strlcpy(name + 1, scene.dir, sizeof(name) - 1);
	scene.abstract = listen_local(name, strlen(scene.dir) + 1);
	scene.listener = listen_tcp(&port);
	scene.unconnected = socket(AF_INET, SOCK_STREAM, 0);
	scene.datagram = socket(AF_INET, SOCK_DGRAM, 0);
	if (scene.unconnected == -1 || scene.datagram == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, scene.pair) == -1)
		err(1, "sockets");
	start_victim();
}

void
scene_remove(void)
{
	(void)kill(scene.victim, SIGKILL);
	(void)waitpid(scene.victim, NULL, 0);
	(void)unlink(scene.users);
	(void)unlink(scene.inside);
	(void)unlink(scene.socket);
	(void)unlink(scene.outside);
	(void)rmdir(scene.users_dir);
	(void)rmdir(scene.dir);
}

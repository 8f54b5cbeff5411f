/*
 * jwtctl(8): keys, certificates, users, tokens and the daemon that runs, from
 * the command line.  This file knows the commands by name and what they share;
 * it touches no key and no user itself.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "file.h"
#include "keydir.h"
#include "libraries.h"
#include "log.h"
#include "paths.h"

static const struct command {
	const char	*group;
	const char	*name;		/* "": the group itself is one */
	const char	*usage;
	int		(*run)(struct ctl *, int, char **);
} commands[] = {
	{ "key", "new", "[-b bits] [-t type] [file]", ctl_key_new },
	{ "key", "show", "[-j] [file]", ctl_key_show },
	{ "key", "list", "", ctl_key_list },
	{ "key", "rotate", "[-b bits] [-t type] [-w time]", ctl_key_rotate },
	{ "certificate", "new", "[-d days] [-s | server]",
	    ctl_certificate_new },
	{ "user", "add", "name [json]", ctl_user_add },
	{ "user", "password", "name", ctl_user_password },
	{ "user", "grant", "name json", ctl_user_grant },
	{ "user", "disable", "name", ctl_user_disable },
	{ "user", "enable", "name", ctl_user_enable },
	{ "user", "delete", "name", ctl_user_delete },
	{ "user", "revoke", "name", ctl_user_revoke },
	{ "user", "list", "", ctl_user_list },
	{ "user", "import", "[-cr] file", ctl_user_import },
	{ "token", "show", "", ctl_token_show },
	{ "token", "verify", "[-a audience] [-s scope]", ctl_token_verify },
	{ "token", "revoke", "[-e expires -i id]", ctl_token_revoke },
	{ "status", "", "", ctl_status },
	{ "reload", "", "", ctl_reload },
	{ "doctor", "", "", ctl_doctor },
	{ "doctor", "token", "[-a audience | path]", ctl_doctor_token },
	{ "doctor", "nginx", "[server]", ctl_doctor_nginx },
	{ "doctor", "haproxy", "[server]", ctl_doctor_haproxy },
	{ "doctor", "registry", "[server]", ctl_doctor_registry },
};

#define NCOMMANDS	(sizeof(commands) / sizeof(commands[0]))

/* Is it about what may be elsewhere than the configuration says? */
static bool
has_users(const struct command *command)
{
	return (strcmp(command->group, "user") == 0 ||
	    command->run == ctl_token_revoke);
}

/* The usage of one command, of a group's, or with NULL of all. */
static int
usage(const char *group, const char *name)
{
	const char *lead;
	size_t i;

	lead = "usage:";
	for (i = 0; i < NCOMMANDS; i++) {
		if (group != NULL && strcmp(group, commands[i].group) != 0)
			continue;
		if (name != NULL && strcmp(name, commands[i].name) != 0)
			continue;
		fprintf(stderr, "%s jwtctl [-f file] %s%s%s%s%s%s\n", lead,
		    has_users(&commands[i]) ? "[-d conninfo] " : "",
		    commands[i].group, *commands[i].name != '\0' ? " " : "",
		    commands[i].name, *commands[i].usage != '\0' ? " " : "",
		    commands[i].usage);
		lead = "      ";
	}
	return (CTL_USAGE);
}

const struct conf *
ctl_conf(struct ctl *ctl)
{
	if (ctl->conf == NULL)
		ctl->conf = conf_load(ctl->conf_path, NULL);
	return (ctl->conf);
}

const struct conf_signer *
ctl_signer(struct ctl *ctl)
{
	const struct conf *conf;

	if ((conf = ctl_conf(ctl)) == NULL)
		return (NULL);
	if (conf->signer == NULL)
		log_warnx("%s: there is no signer block", ctl->conf_path);
	return (conf->signer);
}

const struct conf_signer *
ctl_keys(struct ctl *ctl)
{
	struct conf_signer *signer;

	if (ctl_signer(ctl) == NULL)
		return (NULL);
	signer = ctl->conf->signer;
	if (TAILQ_EMPTY(&signer->keys) &&
	    keydir_fill(signer, (int64_t)time(NULL)) == -1)
		return (NULL);
	return (signer);
}

bool
ctl_check_new(const char *path)
{
	struct stat st;
	const char *base;
	char *dir;
	bool good;

	if (lstat(path, &st) == 0) {
		log_warnx("%s: exists already", path);
		return (false);
	}
	if ((dir = file_directory(path, &base)) == NULL) {
		log_warn("%s", path);
		return (false);
	}
	good = false;
	if (stat(dir, &st) == -1)
		log_warn("%s: directory of \"%s\"", dir, base);
	else if (!S_ISDIR(st.st_mode))
		log_warnx("%s: not a directory", dir);
	else if (*base == '\0')
		log_warnx("%s: not a file's path", path);
	else
		good = true;
	free(dir);
	return (good);
}

int
ctl_write_new(const char *path, BIO *bio, mode_t mode)
{
	char *text;
	long len;
	int status;

	status = CTL_OK;
	len = BIO_get_mem_data(bio, &text);
	if (len <= 0) {
		log_warnx("out of memory");
		return (CTL_FAILED);
	}
	if (path == NULL)
		(void)fwrite(text, 1, (size_t)len, stdout);
	else if (file_write(path, text, (size_t)len, mode, (uid_t)-1,
	    (gid_t)-1, false) == -1) {
		if (errno == EEXIST)
			log_warnx("%s: exists already", path);
		else
			log_warn("%s", path);
		status = CTL_FAILED;
	}
	explicit_bzero(text, (size_t)len);
	return (status);
}

/* main() has read its own options; this one has none left of them. */
static int
dispatch(struct ctl *ctl, int argc, char **argv)
{
	size_t i;
	int own, status;

	for (i = 0; i < NCOMMANDS; i++)
		if (strcmp(argv[0], commands[i].group) == 0)
			break;
	if (i == NCOMMANDS) {
		log_warnx("unknown command \"%s\"", argv[0]);
		return (usage(NULL, NULL));
	}
	/* a group that is a command stands first among its own */
	own = argc < 2 && *commands[i].name == '\0';
	if (argc < 2 && !own)
		return (usage(argv[0], NULL));
	for (; i < NCOMMANDS && !own; i++)
		if (strcmp(argv[0], commands[i].group) == 0 &&
		    strcmp(argv[1], commands[i].name) == 0)
			break;
	if (i == NCOMMANDS) {
		log_warnx("unknown command \"%s %s\"", argv[0], argv[1]);
		return (usage(argv[0], NULL));
	}
	if (ctl->conninfo != NULL && !has_users(&commands[i])) {
		log_warnx("-d is for the commands of users and "
		    "\"token revoke\"");
		return (usage(argv[0], commands[i].name));
	}
	opterr = 0;
	optreset = 1;
	optind = 1;
	status = own ? commands[i].run(ctl, argc, argv) :
	    commands[i].run(ctl, argc - 1, argv + 1);
	if (status == CTL_USAGE)
		return (usage(argv[0], commands[i].name));
	return (status);
}

/* A closed descriptor 0, 1 or 2 must not become a key file's. */
static void
open_standard(void)
{
	int fd;

	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			_exit(CTL_FAILED);
	} while (fd <= STDERR_FILENO);
	close(fd);
}

int
main(int argc, char **argv)
{
	struct ctl ctl;
	int ch, status;

	open_standard();
	umask(077);
	/* a file that may not grow is an error like a full disk */
	(void)signal(SIGXFSZ, SIG_IGN);
	log_init("jwtctl", 1, 0);
	libraries_init();
	ctl.conf_path = path_conf;
	ctl.conninfo = NULL;
	ctl.conf = NULL;
	/* the '+' keeps some from looking past the command's name */
	while ((ch = getopt(argc, argv, "+d:f:")) != -1) {
		switch (ch) {
		case 'd':
			if (conf_conninfo_password(optarg)) {
				log_warnx("-d with a password: use a service "
				    "or password file");
				return (CTL_FAILED);
			}
			ctl.conninfo = optarg;
			break;
		case 'f':
			ctl.conf_path = optarg;
			break;
		default:
			return (usage(NULL, NULL));
		}
	}
	if (optind == argc)
		return (usage(NULL, NULL));
	status = dispatch(&ctl, argc - optind, argv + optind);
	conf_free(ctl.conf);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		log_warnx("cannot write to standard output");
		return (CTL_FAILED);
	}
	return (status);
}

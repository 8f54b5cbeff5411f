/*
 * jwtctl doctor: what is missing or unsafe in a configuration and in what it
 * names.  This file has the order of the checks and the form of a finding, and
 * looks at the configuration itself.  Nothing is changed.
 */
#include "ctl_doctor.h"

#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "trust.h"

#define LIFETIME_LONG	(24 * 60 * 60)	/* seconds */

/* what others log meanwhile, a line each; log_divert() has no argument */
static struct {
	FILE	*file;
	char	*text;
	size_t	 len;
} heard;

static void
hear(const char *message)
{
	fprintf(heard.file, "%s\n", message);
}

static void
hear_anew(void)
{
	if ((heard.file = open_memstream(&heard.text, &heard.len)) == NULL)
		fatal("open_memstream");
}

static void
hear_no_more(void)
{
	if (fclose(heard.file) == EOF)
		fatal("open_memstream");
	heard.file = NULL;
}

void
doctor_say(struct doctor *d, enum doctor_level level, const char *fmt, ...)
{
	static const char *const names[] = { "ok", "warning", "error" };
	va_list ap;

	if (level == DOCTOR_ERROR)
		d->errors++;
	printf("%s: ", names[level]);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* Say each line of a text. */
static void
say_lines(struct doctor *d, enum doctor_level level, const char *text)
{
	size_t n;

	for (; *text != '\0'; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		doctor_say(d, level, "%.*s", (int)n, text);
	}
}

/* The messages that the functions of others logged since the last call. */
void
doctor_tell(struct doctor *d, enum doctor_level level)
{
	hear_no_more();
	say_lines(d, level, heard.text);
	free(heard.text);
	hear_anew();
}

const char *
doctor_time(char *buf, size_t size, time_t t)
{
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    tm.tm_year < -1900 ||
	    strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(buf, size, "%lld s after 1970", (long long)t);
	return (buf);
}

/* Who can write a file of the configuration decides who may log in. */
static void
check_file(struct doctor *d, const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		doctor_say(d, DOCTOR_ERROR, "%s: %s", path, strerror(errno));
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		doctor_say(d, DOCTOR_ERROR, "%s: owned by another user", path);
	else if ((st.st_mode & S_IWOTH) != 0)
		doctor_say(d, DOCTOR_ERROR, "%s: writable by others "
		    "(mode %04o)", path, (unsigned int)st.st_mode & 07777);
	else if ((st.st_mode & S_IWGRP) != 0)
		doctor_say(d, DOCTOR_WARNING, "%s: writable by its group "
		    "(mode %04o)", path, (unsigned int)st.st_mode & 07777);
	else
		doctor_say(d, DOCTOR_OK, "%s: read", path);
}

/* Returns false if there is nothing to look at. */
static bool
check_conf(struct doctor *d, struct ctl *ctl)
{
	char *text;
	size_t i, len;
	FILE *f;

	text = NULL;
	if ((f = open_memstream(&text, &len)) == NULL)
		fatal("open_memstream");
	ctl->conf = conf_load(ctl->conf_path, f);
	if (fclose(f) == EOF)
		fatal("open_memstream");
	say_lines(d, DOCTOR_ERROR, text);
	free(text);
	if ((d->conf = ctl->conf) == NULL)
		return (false);
	for (i = 0; i < d->conf->files.n; i++)
		check_file(d, d->conf->files.v[i]);
	if (d->conf->signer != NULL && d->conf->signer->lifetime >
	    LIFETIME_LONG)
		doctor_say(d, DOCTOR_WARNING, "lifetime of %us: a token "
		    "cannot be taken back, and lives longer than a day",
		    d->conf->signer->lifetime);
	return (true);
}

static void
check_user(struct doctor *d, const char *name)
{
	if (getpwnam(name) == NULL)
		doctor_say(d, DOCTOR_ERROR, "no such user \"%s\"", name);
	else
		doctor_say(d, DOCTOR_OK, "user %s exists", name);
}

static void
check_users(struct doctor *d)
{
	if (geteuid() != 0) {
		doctor_say(d, DOCTOR_OK, "run without root: all that follows "
		    "is for a daemon that this user starts");
		return;
	}
	check_user(d, DOCTOR_WORKER);
	if (d->conf->signer != NULL)
		check_user(d, DOCTOR_SIGNER);
	if (conf_tls(d->conf))
		check_user(d, DOCTOR_TLSKEY);
	if (d->conf->ntrusts > 0)
		check_user(d, DOCTOR_TRUST);
}

static void
check_trusts(struct doctor *d)
{
	const struct conf_trust *trust;
	struct jwt_issuer issuer;

	TAILQ_FOREACH(trust, &d->conf->trusts, entry) {
		if (trust->source == CONF_TRUST_HTTPS) {
			doctor_say(d, DOCTOR_OK, "trust \"%s\": %s is not "
			    "fetched here", trust->issuer, trust->path);
			continue;
		}
		memset(&issuer, 0, sizeof(issuer));
		if (trust_load(trust, &issuer) == -1) {
			doctor_tell(d, DOCTOR_ERROR);
			continue;
		}
		doctor_tell(d, DOCTOR_WARNING);
		doctor_say(d, DOCTOR_OK, "trust \"%s\": %s, %zu key%s",
		    trust->issuer, trust->path, issuer.set.nkeys,
		    issuer.set.nkeys == 1 ? "" : "s");
		jwkset_clear(&issuer.set);
	}
}

int
ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	struct doctor d;

	if (getopt(argc, argv, "+") != -1 || argc != optind)
		return (CTL_USAGE);
	memset(&d, 0, sizeof(d));
	d.conf_path = ctl->conf_path;
	hear_anew();
	log_divert(hear);
	if (check_conf(&d, ctl)) {
		check_users(&d);
		doctor_keys(&d, ctl->conf->signer);
		doctor_store(&d);
		check_trusts(&d);
		doctor_tls(&d);
		doctor_listeners(&d);
		doctor_servers(&d);
		doctor_tell(&d, DOCTOR_WARNING);
	}
	log_divert(NULL);
	hear_no_more();
	free(heard.text);
	return (d.errors == 0 ? CTL_OK : CTL_FAILED);
}

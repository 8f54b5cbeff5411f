/* common/keydir.c: the keys of a directory, by the names in it. */
#include "keydir.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "jwk.h"
#include "log.h"
#include "tap.h"

static char dir[] = "/tmp/keydir-XXXXXXXX";
static unsigned int odd_names;

static void
odd(const char *path, const char *name)
{
	if (strcmp(path, dir) == 0 && strcmp(name, "old.pem") == 0)
		odd_names++;
}

static void
make(const char *name)
{
	char *path;
	int fd;

	path = keydir_path(dir, name);
	if ((fd = open(path, O_WRONLY | O_CREAT, 0600)) == -1)
		abort();
	close(fd);
	free(path);
}

static void
clean(const char *name)
{
	char *path;

	path = keydir_path(dir, name);
	(void)unlink(path);
	free(path);
}

/* the tags of the keys and their states at that time: "a-b+c" */
static const char *
fill(int64_t now)
{
	static char text[256];
	struct conf_signer signer;
	struct conf_key *key;
	size_t n;
	int rc;

	memset(&signer, 0, sizeof(signer));
	TAILQ_INIT(&signer.keys);
	signer.directory = dir;
	signer.directory_alg = CONF_ALG_PS256;
	signer.lifetime = 40;
	rc = keydir_fill(&signer, now);
	n = 0;
	while ((key = TAILQ_FIRST(&signer.keys)) != NULL) {
		if (key->found && key->alg == CONF_ALG_PS256 &&
		    key->since >= 60 && n + 2 < sizeof(text)) {
			text[n++] = key->next ? '+' : key->retired ? '-' : '!';
			text[n++] = key->path[strlen(key->path) - 5];
		}
		TAILQ_REMOVE(&signer.keys, key, entry);
		free(key->path);
		free(key);
	}
	text[n] = '\0';
	return (rc == 0 ? text : NULL);
}

static void
test_fill(void)
{
	struct conf_signer signer;
	struct rotation all;
	const char *why;

	memset(&signer, 0, sizeof(signer));
	TAILQ_INIT(&signer.keys);
	is_int(keydir_fill(&signer, 0), 0, "no directory, nothing to do");
	is_str(fill(0), NULL, "an empty directory");
	make("19700101T000200Z-b.pem");
	make("19700101T000100Z-a.pem");
	make("19700101T000300Z-c.pem");
	make("old.pem");
	make(".19700101T000400Z-d.pem.0123456789");
	is_int(keydir_read(dir, &all, odd, &why), 0, "a directory is read");
	is_int((long long)all.n, 3, "... what is a key's name");
	is_str(all.keys[0].name, "19700101T000100Z-a.pem", "... sorted");
	is_int(odd_names, 1, "... and what may have been meant to be one");
	is_str(fill(0), "!a+b+c", "before them");
	is_str(fill(60), "!a+b+c", "the first");
	is_str(fill(120), "-a!b+c", "the second");
	is_str(fill(219), "-a-b!c", "the third, and those before it");
	is_str(fill(220), "-b!c", "one has expired");
	is_str(fill(280), "!c", "and the other");
	clean("19700101T000300Z-c.pem");
	is_str(fill(280), "!b", "without the last the one before signs");
	clean("19700101T000200Z-b.pem");
	clean("19700101T000100Z-a.pem");
	is_str(fill(280), NULL, "none");
}

static void
test_many(void)
{
	char name[32];
	int i;

	for (i = 0; i <= JWK_SET_MAX; i++) {
		if (i == JWK_SET_MAX)
			ok(fill(0) != NULL, "as many as a key set has");
		(void)snprintf(name, sizeof(name), "19700101T0100%02dZ-%d.pem",
		    i % 60, i);
		make(name);
	}
	is_str(fill(0), NULL, "one more");
	for (i = 0; i <= JWK_SET_MAX; i++) {
		(void)snprintf(name, sizeof(name), "19700101T0100%02dZ-%d.pem",
		    i % 60, i);
		clean(name);
	}
}

static void
test_check(void)
{
	struct rotation all;
	const char *why;

	is_str(keydir_check(dir), NULL, "a directory of one's own");
	if (chmod(dir, 0755) == -1)
		abort();
	is_str(keydir_check(dir), NULL, "names are no secret");
	if (chmod(dir, 0770) == -1)
		abort();
	is_str(keydir_check(dir), "writable by group or others",
	    "writable by others");
	is_str(fill(0), NULL, "... has no keys");
	if (chmod(dir, 0700) == -1)
		abort();
	is_str(keydir_check("/nonexistent"), "No such file or directory",
	    "none");
	is_str(keydir_check("/dev/null"), "not a directory", "a file");
	is_int(keydir_read("/nonexistent", &all, NULL, &why), -1,
	    "none is not read");
	is_str(why, "No such file or directory", "... and why");
}

/* what is logged of each is for another test */
static void
quiet(const char *message)
{
	(void)message;
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return (1);
	log_init("keydir", 1, 0);
	log_divert(quiet);
	test_fill();
	test_many();
	test_check();
	clean("old.pem");
	clean(".19700101T000400Z-d.pem.0123456789");
	is_int(rmdir(dir), 0, "nothing is left");
	return (done());
}

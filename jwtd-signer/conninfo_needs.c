/*
 * What a connection needs of the system: files, Unix sockets, TCP ports.  For
 * the sandbox; it opens nothing.
 */
#include "conninfo_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "system.h"

static void
add_directory(struct conninfo *ci, const char *path, struct sandbox_needs *out)
{
	char *copy;

	if (ci->nfiles == SANDBOX_DIRECTORIES ||
	    out->ndirectories == SANDBOX_DIRECTORIES ||
	    (copy = strdup(path)) == NULL)
		return;
	ci->files[ci->nfiles++] = copy;
	out->directories[out->ndirectories++] = copy;
}

/* Where the file is, and where it really is: it may be a link. */
static void
add_file(struct conninfo *ci, const char *path, struct sandbox_needs *out)
{
	char real[PATH_MAX], *dir;
	const char *base;

	if ((dir = file_directory(path, &base)) == NULL)
		return;
	add_directory(ci, dir, out);
	free(dir);
	if (realpath(path, real) == NULL ||
	    (dir = file_directory(real, &base)) == NULL)
		return;
	add_directory(ci, dir, out);
	free(dir);
}

/* Behind chroot they are all in one directory; else they are anywhere. */
static void
add_files(struct conninfo *ci, struct sandbox_needs *out)
{
	static const char *const files[] = {
		"sslrootcert", "sslcert", "sslkey", "sslcrl"
	};
	const char *path;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path = conninfo_get(ci, files[i]);
		/* libpq 16's name for those that the system trusts */
		if (strcmp(path, "system") == 0)
			path = system_ca_bundle();
		if (*path != '\0')
			add_file(ci, path, out);
	}
	if (*conninfo_get(ci, "sslcrldir") != '\0')
		add_directory(ci, conninfo_get(ci, "sslcrldir"), out);
}

/* The ports of a list, of which each host has one. */
static void
add_ports(const struct conninfo *ci, struct sandbox_needs *out)
{
	char item[16];
	const char *p, *errstr;
	size_t n;

	for (p = ci->port; out->nports < SANDBOX_PORTS; p += n + 1) {
		n = strcspn(p, ",");
		if (n < sizeof(item)) {
			memcpy(item, p, n);
			item[n] = '\0';
			/* one that is no port is libpq's to refuse */
			out->ports[out->nports] = (uint16_t)strtonum(item, 1,
			    UINT16_MAX, &errstr);
			out->nports += errstr == NULL;
		}
		if (p[n] == '\0')
			break;
	}
}

void
conninfo_needs(struct conninfo *ci, struct sandbox_needs *out)
{
	out->directories[out->ndirectories++] = ci->directory;
	if (ci->nsockets > 0)
		out->local = true;
	if (ci->nsockets < ci->nhosts) {
		add_ports(ci, out);
		if (!ci->confined)
			add_files(ci, out);
	}
}

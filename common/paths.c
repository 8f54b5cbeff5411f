/*
 * The paths that are fixed when the program is built.  Compiled once for the
 * build tree, which runs its own jwtd-signer, and once for installation.
 */
#include "paths.h"

#include <stddef.h>

#ifndef PATH_SIGNER
#define PATH_SIGNER	"jwtd-signer"
#endif
#ifndef PATH_CONF
#define PATH_CONF	"/etc/jwtd.conf"
#endif
#ifndef PATH_EXAMPLE
#define PATH_EXAMPLE	NULL
#endif

const char *const path_signer = PATH_SIGNER;
const char *const path_conf = PATH_CONF;
const char *const path_status = "/var/run/jwtd/jwtd.status";
const char *const path_example = PATH_EXAMPLE;

/* Where the programs look for each other and for the configuration. */
#ifndef PATHS_H
#define PATHS_H

extern const char *const path_signer;	/* absolute, or beside jwtd itself */
extern const char *const path_conf;
extern const char *const path_status;	/* of the daemon with path_conf */
extern const char *const path_example;	/* or NULL: not installed */

#endif

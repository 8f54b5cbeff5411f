/* What both ends of the status file need; see status.h. */
#include "status.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "paths.h"

const char *
status_path(const struct conf *conf, const char *conf_path)
{
	if (conf->status != NULL)
		return (conf->status);
	if (geteuid() != 0 || strcmp(conf_path, path_conf) != 0)
		return (NULL);
	return (path_status);
}

pid_t
status_holder(int fd)
{
	struct flock lock;

	memset(&lock, 0, sizeof(lock));
	lock.l_type = F_RDLCK;
	lock.l_whence = SEEK_SET;
	if (fcntl(fd, F_GETLK, &lock) == -1)
		return (-1);
	if (lock.l_type == F_UNLCK)
		return (0);
	return (lock.l_pid > 0 ? lock.l_pid : -2);
}

/* One write to a file of configfs or sysfs. */
#ifndef SCST_WRITE_ONCE_H
#define SCST_WRITE_ONCE_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * 0, or the errno. configfs takes a value in one write; what comes in a second one would be another value. O_CREAT it answers with
 * a misleading EACCES.
 */
static inline int write_once(const char *path, const char *text)
{
	size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;
	ssize_t written;

	if (fd < 0)
		return errno;
	written = write(fd, text, length);
	if (written < 0)
		error = errno;
	else if ((size_t)written != length)
		error = EIO;
	if (close(fd) < 0 && error == 0)
		error = errno;
	return error;
}

#endif

/* The first line of a small file, such as those of sysfs and configfs; empty where it can't be read. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static inline void read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, line, size - 1);

	if (fd >= 0)
		close(fd);
	line[length > 0 ? length : 0] = 0;
	line[strcspn(line, "\n")] = 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * floor - the least that a durable submission can do: standard input into a
 * new file under its final name, fsync of the file and of the directory.
 *
 *	floor DIR < message
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char name[64], b[65536];
	struct timespec t;
	int dir, fd;
	ssize_t n;

	if (argc != 2)
		return 64;
	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(name, sizeof(name), "%lx%lx.%d", (long)t.tv_sec, t.tv_nsec,
	    (int)getpid());
	dir = open(argv[1], O_RDONLY | O_DIRECTORY);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (dir == -1 || fd == -1)
		return 73;
	while ((n = read(0, b, sizeof(b))) > 0)
		if (write(fd, b, (size_t)n) != n)
			return 74;
	return n == 0 && fsync(fd) == 0 && fsync(dir) == 0 ? 0 : 75;
}

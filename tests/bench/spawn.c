/* SPDX-License-Identifier: ISC */
/*
 * spawn - runs a command COUNT times, PARALLEL at a time, its standard input
 * from a file; prints the runs a second, the median milliseconds of one run,
 * and the largest resident set in KiB.
 *
 *	spawn COUNT PARALLEL INPUT command [arg ...]
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct run {
	pid_t	pid;
	double	start;
};

static void
start_one(struct run *r, const char *input, char **argv)
{
	posix_spawn_file_actions_t fa;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, input, O_RDONLY, 0);
	r->start = now();
	if (posix_spawn(&r->pid, argv[0], &fa, NULL, argv, environ) != 0) {
		perror(argv[0]);
		exit(71);
	}
	posix_spawn_file_actions_destroy(&fa);
}

int
main(int argc, char **argv)
{
	long count, parallel, started = 0, ended = 0, i, largest = 0;
	struct rusage u;
	struct run *runs;
	double *took, t0;
	int status;
	pid_t pid;

	if (argc < 5)
		return 64;
	count = strtol(argv[1], NULL, 10);
	parallel = strtol(argv[2], NULL, 10);
	runs = calloc((size_t)parallel, sizeof(*runs));
	took = calloc((size_t)count, sizeof(*took));
	if (runs == NULL || took == NULL)
		return 71;
	t0 = now();
	while (ended < count) {
		for (i = 0; i < parallel && started < count; i++)
			if (runs[i].pid == 0) {
				start_one(&runs[i], argv[3], argv + 4);
				started++;
			}
		pid = wait4(-1, &status, 0, &u);
		for (i = 0; i < parallel && runs[i].pid != pid; i++)
			;
		if (pid == -1 || i == parallel || status != 0) {
			fprintf(stderr, "spawn: status %x\n", status);
			return 70;
		}
		took[ended++] = now() - runs[i].start;
		runs[i].pid = 0;
		if (u.ru_maxrss > largest)
			largest = u.ru_maxrss;
	}
	t0 = now() - t0;
	qsort(took, (size_t)count, sizeof(*took), compare);
	printf("%.1f %.3f %ld\n", (double)count / t0,
	    took[count / 2] * 1000, largest);
	return 0;
}

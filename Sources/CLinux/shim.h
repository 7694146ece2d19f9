// Functions of the C library that Swift's Glibc module lacks.
#pragma once

#if defined(__linux__)
#include <sched.h>

/// Renames a path, or with flag 2 exchanges two, atomically (Linux 3.15).
int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path, unsigned int flags);
/// Reads the processors that a thread may use; thread 0 is the calling one (Linux 2.6).
int sched_getaffinity(pid_t thread, size_t byte_count, cpu_set_t *processors);
int sched_setaffinity(pid_t thread, size_t byte_count, const cpu_set_t *processors);
#endif

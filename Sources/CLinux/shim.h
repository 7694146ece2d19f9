// What the C library has and Swift's Glibc module does not show.
#pragma once

#if defined(__linux__)
#include <sched.h>

/// Renames, or with flag 2 exchanges, two paths in one step (Linux 3.15).
int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path, unsigned int flags);
/// The processors that a thread may use; thread 0 is the one that asks (Linux 2.6).
int sched_getaffinity(pid_t thread, size_t byte_count, cpu_set_t *processors);
int sched_setaffinity(pid_t thread, size_t byte_count, const cpu_set_t *processors);
#endif

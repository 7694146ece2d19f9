// What the C library has and Swift's Glibc module does not show.
#pragma once

#if defined(__linux__)
/// Renames, or with flag 2 exchanges, two paths in one step (Linux 3.15).
int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path, unsigned int flags);
#endif

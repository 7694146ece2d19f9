#ifndef VOLLEY_BUILD_H
#define VOLLEY_BUILD_H

/// The commit that this program was built from, as `git describe --always --dirty` names it; empty if the build was not told.
const char *volley_commit(void);

#endif

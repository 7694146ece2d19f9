#include "build.h"

#define TEXT_OF(...) #__VA_ARGS__
#define EXPANDED(...) TEXT_OF(__VA_ARGS__)

const char *volley_commit(void) {
#ifdef VOLLEY_COMMIT
    return EXPANDED(VOLLEY_COMMIT);
#else
    return "";
#endif
}

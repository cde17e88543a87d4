// expect: CTL | wall: compile | fact: a tree of includes that no depth bounds is ended
#if __INCLUDE_LEVEL__ < 60
#include __FILE__
#include __FILE__
#endif

// expect: CTL | wall: compile | fact: what a compiler prints is bounded
#if __INCLUDE_LEVEL__ < 12
#warning "a line that comes again and again, and once more, and then again, until somebody has had enough of it all"
#include __FILE__
#include __FILE__
#endif

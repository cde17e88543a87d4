#error "@CANARY@"
#if __has_include("@WANTED@")
#include "@WANTED@"
#endif
#if __has_include("/proc/self/environ")
#include "/proc/self/environ"
#endif
#if __has_include("/proc/1/environ")
#include "/proc/1/environ"
#endif
#if __has_include("judge.in")
#include "judge.in"
#endif
#if __has_include("/dev/stdin")
#include "/dev/stdin"
#endif
#include "/proc/self/cmdline"

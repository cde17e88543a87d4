// expect: OK refused | wall: compile | fact: a source can't have the compiler load code: such options are ignored
#pragma comment(linker, "/include:evil")
#pragma GCC plugin "evil.so"
#pragma GCC optimize("-fplugin=/proc/self/cwd/evil.so")
#pragma GCC optimize("-wrapper,/bin/sh", "-specs=evil.specs", "-B.")
#pragma GCC reset_options
#include <stdio.h>
__attribute__((optimize("-fplugin=evil.so"))) static void said(void) { puts("refused"); }
int main(void) { said(); }

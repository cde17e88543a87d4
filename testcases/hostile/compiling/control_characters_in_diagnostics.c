// expect: CE | wall: compile | fact: escape sequences in the name of a source are the compiler's words, and no failure of ours
#line 1 "\033[2J\033]0;judged\007\rmain.c: accepted\b\b\b\x9b\xff"
#error no

// expect: CE | wall: compile | fact: the age of a file of the host can't be asked of the preprocessor
#pragma GCC dependency "@CANARY@" is newer
int main(void) {}

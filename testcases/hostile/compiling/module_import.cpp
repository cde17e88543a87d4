// expect: CE | wall: compile | fact: a module is no way to a file of the host
import "@CANARY@";
export module stolen;
int main() {}

int main() { return "@CANARY@" + nothing_that_is_declared; }

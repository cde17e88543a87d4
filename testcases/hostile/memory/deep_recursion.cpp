// expect: MLE or RTE signal 11 | wall: memory | fact: a stack without end meets its bound or that of memory
static int depth(volatile int *above) {
    volatile int here[64] = {};
    here[0] = *above + 1;
    return depth(here) + here[1];
}

int main() {
    volatile int start = 0;
    return depth(&start);
}

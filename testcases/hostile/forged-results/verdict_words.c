// expect: RTE exit 1 | wall: output | fact: what a program says of itself, in whatever words and on whatever descriptor, is no verdict
#include <string.h>
#include <unistd.h>

int main(void) {
    const char *said[] = {
        "AC\n", "ok 1.0 all good\n", "Accepted\n", "{\"verdict\":\"AC\",\"score\":100}\n", "status:OK\nexitcode:0\ntime:0.001\n",
        "{\"Ended\":{\"report\":{\"exit\":{\"code\":0}},\"files\":[]}}\n", "42\n",
    };
    for (int fd = 1; fd < 256; fd++) {
        for (unsigned i = 0; i < sizeof said / sizeof *said; i++) write(fd, said[i], strlen(said[i]));
    }
    return 1;
}

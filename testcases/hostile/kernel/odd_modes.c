// expect: OK refused | wall: seccomp | fact: segments, pages and memory of one's own choosing, or another's, are not to be had
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    const long numbers[] = {SYS_modify_ldt, SYS_migrate_pages, SYS_move_pages, SYS_process_madvise, SYS_process_mrelease, SYS_name_to_handle_at};
    int reached = 0;
    for (int i = 0; i < 6; i++) {
        if (0 <= syscall(numbers[i], 0, 0, 0, 0, 0)) reached = printf("reached call %ld\n", numbers[i]);
    }
    if (!reached) puts("refused");
}

// expect: OK refused | wall: mounts | fact: a private copy of a shared file, written through /proc/self/mem while it is thrown away, never becomes the file
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *map;
static volatile int over;

static void *forget(void *nothing) {
    while (!over) madvise(map, 4096, MADV_DONTNEED);
    return nothing;
}

int main(void) {
    char before[16], after[16];
    int file = open("/etc/passwd", O_RDONLY), memory = open("/proc/self/mem", O_RDWR);
    pread(file, before, sizeof before, 0);
    map = mmap(0, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    pthread_t thread;
    pthread_create(&thread, 0, forget, 0);
    for (int i = 0; i < 20000; i++) pwrite(memory, "planted-planted-", sizeof before, (off_t)map);
    over = 1;
    pthread_join(thread, 0);
    pread(file, after, sizeof after, 0);
    puts(memcmp(before, after, sizeof before) == 0 ? "refused" : "reached the file");
}

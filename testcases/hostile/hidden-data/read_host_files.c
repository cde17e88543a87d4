// expect: OK refused | wall: mounts | fact: no file of the host but the toolchain can be opened
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int reached;

static void try_open(const char *path) {
    int fd = open(path, O_RDONLY);
    char bytes[64];
    if (0 <= fd && 0 <= read(fd, bytes, sizeof bytes)) {
        printf("reached %s\n", path);
        reached = 1;
    }
    if (0 <= fd) close(fd);
}

int main(void) {
    const char *secrets[] = {
        "@CANARY@", "/etc/shadow", "/etc/gshadow", "/etc/ssh/sshd_config", "/etc/machine-id", "/root/.bashrc",
        "/var/log/dpkg.log", "/proc/sys/kernel/hostname", "/proc/kallsyms", "/proc/mounts/../../kcore", "/proc/cmdline",
        "/sys/kernel/mm/transparent_hugepage/enabled", "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/tty",
        "/proc/self/root/etc/shadow", "/proc/self/cwd/../etc/shadow", "/box/../../../etc/shadow",
        "/proc/self/fd/3", "/proc/self/task/1/environ",
    };
    for (unsigned i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        try_open(secrets[i]);
        unlink("/tmp/link");
        if (symlink(secrets[i], "/tmp/link") == 0) try_open("/tmp/link");
    }
    if (!reached) puts("refused");
}

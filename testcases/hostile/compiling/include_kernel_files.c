// expect: CE | wall: compile | fact: neither /sys nor the kernel's part of /proc is there to be quoted in diagnostics
#include "/proc/kallsyms"
#include "/proc/mounts"
#include "/proc/net/tcp"
#include "/proc/sys/kernel/hostname"
#include "/sys/kernel/notes"
#include "/etc/hostname"
int main(void) {}

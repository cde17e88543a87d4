# expect: OK refused | wall: pids | fact: the init of the sandbox shows nothing of itself, not even that it is there
import os

reached = []
for pid in {1, os.getppid()}:
    for name in ["environ", "mem", "maps", "status", "cmdline", "root/etc/shadow", "cwd/x", "fd/0", "fd/3", "ns/net"]:
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                reached.append((name, file.read(10)))
        except OSError:
            pass
others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
print("refused" if not reached and not others else f"reached {reached} {others}")

# expect: OK refused | runs: 2 | wall: mounts | fact: when a file that all sandboxes see was last read is not noted
import os

PATHS = ["/usr/bin/gcc", "/usr/share", "/etc/passwd", "/dev/zero", "/usr/lib/os-release"]
reached = []
for path in PATHS:
    before = os.stat(path)
    if os.path.isdir(path):
        os.listdir(path)
    else:
        with open(path, "rb") as file:
            file.read(10)
    after = os.stat(path)
    if (before.st_atime_ns, before.st_mtime_ns, before.st_ctime_ns) != (after.st_atime_ns, after.st_mtime_ns, after.st_ctime_ns):
        reached.append(path)
print(f"reached {reached}" if reached else "refused")

# expect: OK refused | wall: credentials | fact: neither a set-uid file of one's own nor one of the host's with a library of one's own gives rights
import os
import shutil
import stat
import subprocess

reached = []
shutil.copy("/usr/bin/id", "/box/id")
os.chmod("/box/id", 0o6755)
for command in [["/box/id", "-u"], ["/usr/bin/id", "-u"]]:
    if subprocess.run(command, capture_output=True).stdout.strip() != b"1000":
        reached.append(command)
found = [os.path.join("/usr/bin", name) for name in os.listdir("/usr/bin")]
found = [path for path in found if os.path.exists(path) and os.stat(path).st_mode & stat.S_ISUID]
for path in found:
    child = subprocess.Popen([path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"LD_PRELOAD": "/box/x.so"})
    try:
        with open(f"/proc/{child.pid}/status") as file:
            if "Uid:\t1000\t1000\t1000\t1000" not in file.read():
                reached.append(path)
    except OSError:
        pass  # it has ended
    child.kill()
    child.wait()
print(f"reached {reached}" if reached else "refused")

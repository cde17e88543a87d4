# expect: OK done | wall: pids | fact: orphans of orphans, in sessions and groups of their own, do not outlive their run
import os
import time

read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    for _ in range(5):
        if os.fork() == 0:
            os.setpgid(0, 0)
            os.chdir("/")
            os.closerange(0, write)
            os.write(write, b"x")
            while True:
                time.sleep(1000)
    os._exit(0)
for _ in range(5):
    os.read(read, 1)
print("done")

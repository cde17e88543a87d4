# expect: RTE signal 6 | wall: pids | fact: the first process decides how a run ended, not a child of it that ends well, and last
import os
import signal

read, write = os.pipe()
if os.fork() == 0:
    os.close(write)
    os.read(read, 1)  # comes back when the parent is gone
    os._exit(0)
os.abort()

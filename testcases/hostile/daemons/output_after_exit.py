# expect: OK done | wall: pids | fact: a child that keeps the output open does not keep the run going
import os
import signal

print("done", flush=True)
if os.fork() == 0:
    os.setsid()
    while True:
        signal.pause()

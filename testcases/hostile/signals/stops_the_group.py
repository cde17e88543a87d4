# expect: WTL | wall: wall clock | fact: a program that stops its whole group, and all that it may signal, stops nobody who watches it
import os
import signal

for _ in range(4):
    if os.fork() == 0:
        while True:
            signal.pause()
os.kill(-1, signal.SIGSTOP)
os.killpg(0, signal.SIGSTOP)

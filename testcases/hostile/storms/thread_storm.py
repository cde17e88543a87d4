# expect: OK refused | wall: processes | fact: threads of Python meet the bound on processes
import os
import threading

threading.stack_size(64 << 10)
try:
    for _ in range(1000):
        threading.Thread(target=threading.Event().wait).start()
    print("reached 1000 threads", flush=True)
except RuntimeError:
    print("refused", flush=True)
os._exit(0)

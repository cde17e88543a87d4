# expect: OK refused or MLE | wall: processes | fact: pools of Python meet the bound on processes
import multiprocessing
import os
import time

if __name__ == "__main__":
    try:
        for _ in range(300):
            multiprocessing.Process(target=time.sleep, args=(1000,)).start()
        print("reached 300 processes", flush=True)
    except BlockingIOError:
        print("refused", flush=True)
    os._exit(0)

# expect: RTE exit 7 | wall: output | fact: who closes its outputs early has not ended yet, and its code still counts
import os
import time

os.close(1)
os.close(2)
time.sleep(0.2)
os._exit(7)

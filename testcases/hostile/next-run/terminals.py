# expect: OK refused | wall: mounts | fact: there are no terminals that a run could leave open for another
import os

try:
    os.openpty()
    print("reached a terminal")
except OSError:
    print("refused")

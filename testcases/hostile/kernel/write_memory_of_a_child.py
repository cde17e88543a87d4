# expect: SV process_vm_writev | wall: seccomp | fact: the memory of another process is not written, though it be a child
import ctypes
import os
import signal

child = os.fork()
if child == 0:
    signal.pause()
ctypes.CDLL(None).process_vm_writev(child, None, 0, None, 0, 0)

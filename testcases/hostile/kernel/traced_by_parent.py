# expect: SV ptrace | wall: seccomp | fact: no process offers itself to be driven by the one above it
import ctypes

ctypes.CDLL(None).ptrace(0, 0, 0, 0)  # PTRACE_TRACEME

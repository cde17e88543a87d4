# expect: SV umount2 | wall: seccomp | fact: what lies below a mount stays hidden
import ctypes

ctypes.CDLL(None).umount2(b"/proc", 2)

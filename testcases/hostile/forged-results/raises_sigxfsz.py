# expect: RTE file size | wall: rlimits | fact: a signal of a limit that was not met makes a failure of the same kind, never a success
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGXFSZ)

# expect: WTL | wall: wall clock | fact: opening a pipe that nobody will ever open at the other end is bounded waiting
import os

os.mkfifo("/tmp/pipe")
open("/tmp/pipe")

# expect: RTE exit 42 | wall: output | fact: the code by which validators accept means nothing when a program exits with it
import sys

print("accepted")
sys.exit(42)

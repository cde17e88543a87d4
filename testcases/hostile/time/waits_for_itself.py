# expect: WTL | wall: wall clock | fact: a program that waits for input that only itself could send is ended
import os

read, write = os.pipe()
os.read(read, 1)

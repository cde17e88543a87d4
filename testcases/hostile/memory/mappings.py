# expect: MLE | wall: memory | fact: Python's maps of memory that belongs to no object of it are counted
import mmap

kept = []
while True:
    kept.append(mmap.mmap(-1, 4 << 20))
    kept[-1].write(b"x" * (4 << 20))

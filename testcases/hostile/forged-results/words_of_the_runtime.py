# expect: OK done | wall: memory | fact: a runtime's words for want of memory, said by a program that ends well, are only words
import sys

print("MemoryError\njava.lang.OutOfMemoryError\nJavaScript heap out of memory", file=sys.stderr)
print("done")

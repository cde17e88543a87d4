# expect: OK done | wall: tmpfs | fact: files of holes, far larger together than all memory, cost nobody anything, and nobody copies them
import os

for number in range(1000):
    with open(f"/tmp/{number}", "wb") as file:
        os.truncate(file.fileno(), 16 << 20)
for number in range(1000):
    os.link(f"/tmp/{number}", f"/tmp/{number}.class")
print("done")

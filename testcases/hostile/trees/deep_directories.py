# expect: OK done | wall: tmpfs | fact: a deep tree whose upper floors forbid to be entered is no obstacle either
import os

floors = []
for _ in range(900):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
    floors.append(os.open(".", os.O_PATH) if len(floors) < 100 else -1)
os.chmod(".", 0)
for floor in reversed([floor for floor in floors if floor != -1]):
    os.chmod(f"/proc/self/fd/{floor}", 0)
print("done")

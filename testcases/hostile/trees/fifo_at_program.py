# expect: OK done | runs: 2 | wall: tmpfs | fact: a pipe with a name in the program's place makes nobody wait for its other end
import os

for name in ["main.py", "program", "verdict", "x.class"]:
    if os.path.exists(f"/box/{name}"):
        os.unlink(f"/box/{name}")
    os.mkfifo(f"/box/{name}")
print("done")

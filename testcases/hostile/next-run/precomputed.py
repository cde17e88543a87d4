# expect: OK refused | runs: 3 | wall: tmpfs | fact: answers that one run has worked out, and hides wherever it can write, are not there for the next
import os

reached = []
PLACES = ["/box", "/tmp", "/dev/shm", "/var/tmp", "/run", "/run/lock", "/var/lock", "/dev/mqueue", "/", "/usr/share", "/proc/self", "/etc", "/dev"]
for place in PLACES:
    for name in ["answers", ".answers", "__pycache__/answers.pyc"]:
        path = f"{place}/{name}"
        if os.path.exists(path):
            reached.append(path)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write("42")
        except OSError:
            pass
print(f"reached {reached}" if reached else "refused")

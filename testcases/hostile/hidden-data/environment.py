# expect: OK refused | wall: credentials | fact: the environment holds what the language's profile says, and nothing of the worker's
import os

EXPECTED = {"ONLINE_JUDGE", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR"}
reached = set(os.environ) - EXPECTED
with open("/proc/self/environ", "rb") as file:
    reached |= {entry.split(b"=")[0].decode() for entry in file.read().split(b"\0") if entry} - EXPECTED
print(f"reached {sorted(reached)}" if reached else "refused")

# expect: OK refused | wall: mounts | fact: the table of mounts names no folder of the worker, of problems or of other slots
import os

with open("/proc/self/mountinfo") as file:
    lines = file.read().splitlines()
canary = os.path.dirname("@CANARY@")
reached = [line for line in lines if canary in line or "judge" in line]
targets = {line.split()[4].split("/")[1] for line in lines}
reached += sorted(targets - {"", "usr", "bin", "sbin", "lib", "lib64", "etc", "dev", "proc", "box", "tmp"})
print(f"reached {reached}" if reached else "refused")

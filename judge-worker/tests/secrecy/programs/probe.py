# Tells the name of whatever it can read that holds a canary, except what was installed for everybody.
import ctypes, os, socket, sys
end = "KaNaR" + "i"
marks = [(start + end).encode() for start in ("HiDdEn", "PaSsWoRd", "SoUrCe")]
own = ("PuBlIc" + end).encode()
looked = 0

def look(place, content):
    global looked
    looked += 1
    for mark in marks:
        if mark in content:
            print("found", mark[:4].decode(), place)
    if own in content:
        print("own", place)

def look_into(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            look(path, os.read(fd, 1 << 22))
        finally:
            os.close(fd)
    except OSError:
        pass

look("standard input", sys.stdin.buffer.read())
installed = {"/usr", "/lib", "/lib64", "/bin", "/sbin", "/proc", "/sys", "/etc/alternatives"}
for folder, inner, files in os.walk("/"):
    inner[:] = [name for name in inner if os.path.join(folder, name) not in installed]
    for name in files:
        look(os.path.join(folder, name) + " (its name)", name.encode())
        look_into(os.path.join(folder, name))
for pid in ["self"] + [name for name in os.listdir("/proc") if name.isdigit()]:
    for name in ("environ", "cmdline", "mountinfo", "mounts", "maps", "status", "stat", "comm", "cgroup"):
        look_into("/proc/%s/%s" % (pid, name))
    try:
        for fd in os.listdir("/proc/%s/fd" % pid):
            if pid != "self" or int(fd) > 2:
                look_into("/proc/%s/fd/%s" % (pid, fd))
    except OSError:
        pass
for name in ("cmdline", "sysvipc/shm", "net/unix", "keys", "kmsg", "kcore"):
    look_into("/proc/" + name)
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0x4B41, 0, 0)
address = libc.shmat(segment, None, 0) if segment != -1 else None
if address not in (None, 2**64 - 1):
    look("shared memory", ctypes.string_at(address, 4096))
try:
    mouth = socket.socket(socket.AF_UNIX)
    mouth.connect("\0kanari")
    look("a socket", mouth.recv(1 << 16))
except OSError:
    pass
print("looked" if 20 < looked else "blind")

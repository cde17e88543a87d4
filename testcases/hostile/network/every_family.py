# expect: OK refused | wall: seccomp | fact: of all families of sockets there are three
import socket

reached = []
for family in range(0, 64):
    if family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
        continue
    for kind in range(1, 11):
        for pair in (False, True):
            try:
                if pair:
                    socket.socketpair(family, kind, 0)
                else:
                    socket.socket(family, kind, 0)
                reached.append((family, kind))
            except OSError:
                pass
print(f"reached {reached}" if reached else "refused")

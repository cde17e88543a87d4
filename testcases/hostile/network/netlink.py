# expect: OK refused | wall: seccomp | fact: no message to the kernel about routes, audits, events or firewalls is sent
import socket

reached = []
for protocol in range(0, 23):
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as it:
            it.bind((0, 0xFFFFFFFF))
            reached.append(protocol)
    except OSError:
        pass
print(f"reached {reached}" if reached else "refused")

# expect: OK refused | wall: network | fact: no listener of the host can be reached, and no name is resolved
import socket

reached = []
for family, kind, address in [
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", @PORT@)),
    (socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", @PORT@)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::1", @PORT@)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::ffff:127.0.0.1", @PORT@)),
    (socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", @PORT@)),
    (socket.AF_UNIX, socket.SOCK_STREAM, "\0@ABSTRACT@"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "@CANARY@.socket"),
]:
    try:
        with socket.socket(family, kind) as it:
            it.settimeout(0.5)
            it.connect(address)
            it.send(b"x")
            reached.append(address)
    except OSError:
        pass
print(f"reached {reached}" if reached else "refused")

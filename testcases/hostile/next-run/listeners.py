# expect: OK refused | runs: 3 | wall: network | fact: ports that one run listens on, or has just closed, are free for the next
import os
import socket

kept = []
try:
    places = [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.0.0.2")]
    if os.path.exists("/proc/self/net/tcp6"):
        places.append((socket.AF_INET6, "::"))
    for family, host in places:
        for kind in [socket.SOCK_STREAM, socket.SOCK_DGRAM]:
            it = socket.socket(family, kind)
            if family == socket.AF_INET6:
                it.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            it.bind((host, 4711 + len(kept)))
            if kind == socket.SOCK_STREAM:
                it.listen()
            kept.append(it)
except OSError as error:
    print(f"reached a port of the run before: {error}")
    raise SystemExit(0)
if os.fork() == 0:
    os.setsid()
    while True:
        kept[0].accept()
print("refused")

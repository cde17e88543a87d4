# expect: OK refused | wall: network | fact: neither the loopback nor a neighbour, a group or a tunnelled address is reached by the newer protocol
import socket

ADDRESSES = ["::1", "::ffff:127.0.0.1", "::127.0.0.1", "ff02::1%lo", "fe80::1", "2001:db8::1", "64:ff9b::7f00:1"]
reached = []
for kind in [socket.SOCK_STREAM, socket.SOCK_DGRAM]:
    for address in ADDRESSES:
        try:
            with socket.socket(socket.AF_INET6, kind) as it:
                it.settimeout(0.2)
                it.connect((address, @PORT@))
                it.send(b"x")
                reached.append(address)
        except OSError:
            pass
print(f"reached {reached}" if reached else "refused")

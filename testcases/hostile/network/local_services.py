# expect: OK refused | wall: mounts | fact: sockets of the host's services are not in sight, by path nor by name
import socket

NAMES = [
    "@CANARY@.socket", "\0@ABSTRACT@", "/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/run/dbus/system_bus_socket",
    "/run/systemd/private", "/run/systemd/journal/socket", "/run/systemd/journal/stdout", "/dev/log", "/run/udev/control",
    "/run/mysqld/mysqld.sock", "/tmp/.X11-unix/X0", "\0/tmp/.X11-unix/X0", "\0/org/kernel/linux/storage/multipathd", "/run/nscd/socket",
]
reached = []
for name in NAMES:
    for kind in [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET]:
        try:
            with socket.socket(socket.AF_UNIX, kind) as it:
                it.settimeout(0.2)
                it.connect(name)
                it.send(b"x")
                reached.append(name)
        except OSError:
            pass
print(f"reached {reached}" if reached else "refused")

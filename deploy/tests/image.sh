#!/bin/bash
# Builds the worker's image as deploy/Dockerfile says, and proves with podman that it judges with the
# rights that deploy/compose.yml gives it, and with none of them less: on this host, and on a kernel
# that has nothing but cgroup v2 (.ci/v2).
#
#   deploy/tests/image.sh [-b BINARY]
#
#   -b  take this release binary; without, the Dockerfile's build stage makes one (10 minutes)
#
# Needs root, Debian 12 and a Rust toolchain. No registry of images: the base comes from Debian's
# mirror by debootstrap, the builder is that with gcc and this machine's toolchain. What is worth
# keeping stays below target/deploy-image (3 GB), and what cargo built in the container where buildah
# keeps such caches (/var/tmp/buildah-cache); both may be removed at any time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
work=${CARGO_TARGET_DIR:-$repo/target}/deploy-image
binary=
while getopts b: option; do
    case $option in
        b) binary=$(readlink -f "$OPTARG") ;;
        *) exit 2 ;;
    esac
done

say() { printf '== %s\n' "$1"; }

missing=
for of in podman:podman debootstrap:debootstrap runc:runc crun:crun; do
    [ -x "/usr/bin/${of%:*}" ] || [ -x "/usr/sbin/${of%:*}" ] || missing="$missing ${of#*:}"
done
/usr/bin/python3 -c 'import yaml' 2> /dev/null || missing="$missing python3-yaml"
if [ -n "$missing" ]; then
    say "installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # one word a package
    apt-get install -y -qq --no-install-recommends $missing > /dev/null
fi
export PATH=/usr/bin:/usr/sbin:$PATH # Debian's Python has Debian's modules

mkdir -p "$work"
work=$(readlink -f "$work")
scratch=$(mktemp -d "$work/scratch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# Podman's own, apart from the machine's. The limits: where the hard ones may not be raised, podman
# would try to and fail.
engine=(podman --root "$work/store" --runroot "$work/run" --runtime runc
    --cgroup-manager cgroupfs --events-backend file)
build=("${engine[@]}" build --network host --format docker --quiet
    --ulimit nofile=4096:4096 --ulimit nproc=4096:4096)

if ! "${engine[@]}" image exists localhost/debian-base; then
    say "base image: Debian 12 by debootstrap"
    debootstrap --variant=minbase bookworm "$scratch/root" http://deb.debian.org/debian \
        > "$work/debootstrap.log" || { tail "$work/debootstrap.log" >&2; exit 1; }
    tar -C "$scratch/root" -c . | "${engine[@]}" import --quiet - localhost/debian-base > /dev/null
fi

image=localhost/judge-worker-proof
if [ -n "$binary" ]; then
    say "image: with the binary $binary"
    install -D "$binary" "$scratch/given/out/judge-worker"
    # Stands in for the stage of that name.
    instead=(--build-context "build=$scratch/given")
else
    say "builder image: the base, gcc, this machine's Rust toolchain"
    authorities=/etc/ssl/certs/ca-certificates.crt
    # The toolchain is mounted, not copied (1.4 GB). So are the authorities that this machine trusts,
    # for a mirror of crates.io may be one of its own.
    "${build[@]}" --tag localhost/rust-base - > /dev/null << 'DOCKERFILE'
FROM localhost/debian-base
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev
ENV PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    CARGO_HOME=/usr/local/cargo CARGO_HTTP_CAINFO=/usr/local/share/host-authorities.crt
DOCKERFILE
    instead=(--build-arg BUILDER=localhost/rust-base
        --volume "$(cd "$repo" && rustc --print sysroot):/usr/local/rust:ro"
        --volume "$authorities:/usr/local/share/host-authorities.crt:ro")
    say "image: the whole Dockerfile"
fi
"${build[@]}" "${instead[@]}" --build-arg BASE=localhost/debian-base --tag "$image" \
    --file "$repo/deploy/Dockerfile" "$repo" > "$work/built"

say "the image says how it is started, stopped and looked after"
said=$("${engine[@]}" image inspect "$image" \
    --format '{{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.StopSignal}} {{index .HealthCheck.Test 0}}')
echo "  $said"
[ "$said" = "[judge-entrypoint] [serve] SIGTERM CMD" ]

say "unpacking it"
rm -rf "$work/rootfs" && mkdir "$work/rootfs"
container=$("${engine[@]}" create --no-healthcheck "$image") # its timer wants systemd
"${engine[@]}" export "$container" | tar -x -C "$work/rootfs"
"${engine[@]}" rm "$container" > /dev/null

say "on this host"
"$here/engine_rights.sh" runc "$work/engine" "$work/rootfs"

say "on a kernel with nothing but cgroup v2"
"$repo/.ci/v2/boot" -m 3072 -t 900 -- "$here/engine_rights.sh" -s crun /run/engine "$work/rootfs"

say "image: proven"

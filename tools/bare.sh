#!/usr/bin/env bash
# `./dev test --bare`: the committed state in a fresh Debian 12 that has nothing but git, so that a
# package missing from tools/packages.txt shows. Needs root, debootstrap and the network.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

MIRROR=${DISTKV_MIRROR:-http://deb.debian.org/debian}
BASE=build/bare/bookworm.tar  # made once; `rm` it to start from the newest Debian

[[ $EUID -eq 0 ]] || exec sudo --preserve-env=DISTKV_MIRROR,TMPDIR "$0" "$@"
# In a mount namespace of its own, whatever we mount is gone when we are, even after kill -9.
[[ ${DISTKV_BARE:-} ]] || DISTKV_BARE=1 exec unshare --mount --propagation private "$0" "$@"
command -v debootstrap >/dev/null || {
    echo "debootstrap is missing: apt-get install debootstrap" >&2
    exit 1
}

mkdir -p build/bare && rm -rf build/bare/log
root=$(mktemp -d "${TMPDIR:-$PWD/build/bare}/bare.XXXXXX")
clean_up() {
    umount -R "$root/proc" "$root/dev" 2>/dev/null || true
    # Never reach through a mount that refused to go.
    rm -rf --one-file-system "$root"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if [[ ! -f $BASE ]]; then
    echo "making the base system from $MIRROR (once)"
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root/new" "$MIRROR" \
        >build/bare/debootstrap.log || { tail build/bare/debootstrap.log && exit 1; }
    tar -C "$root/new" -cf "$BASE.part" . && mv "$BASE.part" "$BASE"
    rm -rf "$root/new"
fi
tar -C "$root" -xf "$BASE"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
echo "127.0.0.1 localhost" >"$root/etc/hosts"  # The installer writes it, debootstrap does not.

[[ -z $(git status --porcelain) ]] || echo "note: only what is committed is tested"
# A clone, as a stranger has it: no build folder, no untracked file, nothing beside it.
git clone -q --no-hardlinks . "$root/root/distkv"
echo "./dev test in a bare Debian $(cat "$root/etc/debian_version") at commit $(git rev-parse --short HEAD)"
env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" \
    chroot "$root" /bin/bash -c 'cd /root/distkv && exec ./dev test "$@"' bash "$@" || code=$?
if [[ ${code:-0} -ne 0 && -d $root/root/distkv/build/log ]]; then
    rm -rf build/bare/log
    cp -r "$root/root/distkv/build/log" build/bare/log
    echo "logs of the steps: build/bare/log"
fi
exit "${code:-0}"

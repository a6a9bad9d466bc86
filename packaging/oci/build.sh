#!/usr/bin/env bash
# Makes an OCI image of the program alone, without an engine and without a base image: buildah lays the layer, tar packs
# it. The same input gives the same bytes.
#
#   packaging/oci/build.sh PROGRAM ARCHIVE VERSION REVISION        with SOURCE_DATE_EPOCH
#
# ARCHIVE is an oci-archive: `skopeo inspect oci-archive:ARCHIVE`, `podman load -i ARCHIVE`.
set -euo pipefail

program=$(realpath "$1") archive=$(realpath -m "$2") version=$3 revision=$4
: "${SOURCE_DATE_EPOCH:?the time of the commit}"
here=$(cd "$(dirname "$0")" && pwd)
authorities=${CA_CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}

work=$(mktemp -d)
# Nothing of it outside of this directory, also where there is no other storage of containers.
export HOME="$work" XDG_RUNTIME_DIR="$work/run" TMPDIR="$work"
mkdir -p "$work/run" "$work/storage" "$work/root"
buildah() {
    command buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"
}
trap 'rm -rf "$work"' EXIT

root=$work/root
install -d -m 0755 "$root/usr/bin" "$root/etc/ssl/certs" "$root/var/lib"
install -m 0755 "$program" "$root/usr/bin/beian"
install -m 0644 "$authorities" "$root/etc/ssl/certs/ca-certificates.crt"
install -m 0644 "$here/../beian.toml" -D "$root/etc/beian/beian.toml"
install -d -m 0700 "$root/var/lib/beian"
install -d -m 1777 "$root/tmp"
# Names come from /etc/hosts first, as everywhere else.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
printf 'root:x:0:0:root:/:/sbin/nologin\nbeian:x:10001:10001:Filing platform:/var/lib/beian:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nbeian:x:10001:\n' >"$root/etc/group"
chmod 0644 "$root"/etc/{nsswitch.conf,passwd,group}
chown -R 0:0 "$root"
chown 10001:10001 "$root/var/lib/beian"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

container=$(buildah from scratch)
# Copied by hand, since `buildah add` gives all of it to root.
cp -a "$root/." "$(buildah mount "$container")/"
buildah umount "$container" >/dev/null
buildah config \
    --user 10001:10001 --workingdir /var/lib/beian --volume /var/lib/beian --port 3000 \
    --entrypoint '["/usr/bin/beian"]' --cmd serve --stop-signal SIGTERM \
    --env BEIAN_CONFIG=/etc/beian/beian.toml --env ADDR=0.0.0.0:3000 --env PATH=/usr/bin \
    --label org.opencontainers.image.title=beian \
    --label org.opencontainers.image.description='Filing platform (联网备案服务平台)' \
    --label org.opencontainers.image.version="$version" \
    --label org.opencontainers.image.revision="$revision" \
    --label org.opencontainers.image.licenses='MIT OR Apache-2.0' \
    "$container"
buildah commit --quiet --format oci --disable-compression=false --omit-history --timestamp "$SOURCE_DATE_EPOCH" \
    "$container" "oci:$work/image:$version" >/dev/null
mkdir -p "$(dirname "$archive")"
tar --create --file "$archive" --directory "$work/image" \
    --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar \
    --mode='u=rwX,go=rX' .

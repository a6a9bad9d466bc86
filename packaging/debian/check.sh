#!/usr/bin/env bash
# Installs the package into a fresh Debian 12 of its own, and does with it what an operator does on the first day; then
# takes it away again. As root, with debootstrap. Ends with 0 when all of it was as it should be.
#
#   packaging/debian/check.sh PACKAGE.deb
set -euo pipefail

package=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
cache=$here/target/debootstrap-bookworm.tar
home=$(mktemp -d)
root=$home/root
mkdir "$root"
passed=0
server=

at_end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    umount "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system "$home"
}
trap at_end EXIT

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
ok() { passed=$((passed + 1)); printf 'ok      %s\n' "$*"; }
fail() { printf 'FAILED  %s\n' "$*" >&2; exit 1; }
# expect WHAT WANTED GOT
expect() { if [ "$2" = "$3" ]; then ok "$1: $3"; else fail "$1: $3 instead of $2"; fi; }
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LC_ALL=C.UTF-8 "$@"; }
as_beian() { inside setpriv --reuid beian --regid beian --init-groups --no-new-privs --inh-caps=-all "$@"; }
beian() { as_beian env ${EXTRA:-} beian --config /etc/beian/beian.toml "$@"; }
# ends CODE COMMAND…: runs it, shows what it says, and compares the code it ends with.
ends() {
    local wanted=$1 got=0
    shift
    "$@" >"$home/said" 2>&1 || got=$?
    sed 's/^/        | /' "$home/said"
    expect "ends ($*)" "$wanted" "$got"
}
says() { grep -qF -- "$1" "$home/said" && ok "says: $1" || fail "does not say: $1"; }

say "A Debian of its own (debootstrap, the first time a minute)"
if [ ! -f "$cache" ]; then
    debootstrap --variant=minbase --include=adduser,ca-certificates bookworm "$root" >"$home/debootstrap.log" 2>&1 ||
        { tail -n 20 "$home/debootstrap.log"; fail "debootstrap"; }
    tar -C "$root" --one-file-system -cf "$cache.new" .
    mv "$cache.new" "$cache"
else
    tar -C "$root" -xf "$cache"
fi
mount -t proc proc "$root/proc"

say "Installing $(basename "$package")"
cp "$package" "$root/tmp/beian.deb"
inside dpkg -i /tmp/beian.deb >"$home/said" 2>&1 || { cat "$home/said"; fail "dpkg -i"; }
sed 's/^/        | /' "$home/said"
says "installed and not started"
expect "the program runs" "beian $(dpkg-deb -f "$package" Version | sed 's/-.*//')" "$(inside beian --version)"
for entry in "755 root:root /usr/bin/beian" "750 root:beian /etc/beian" "640 root:beian /etc/beian/beian.toml" \
    "700 beian:beian /var/lib/beian" "700 beian:beian /var/backups/beian" "755 root:root /usr/lib/beian/nightly-backup"; do
    path=${entry##* }
    expect "$path" "${entry% *}" "$(inside stat -c '%a %U:%G' "$path")"
done
expect "the account has no shell" /usr/sbin/nologin "$(inside getent passwd beian | cut -d: -f7)"
for file in /usr/share/man/man1/beian.1.gz /usr/share/man/man1/beian-keys-reseal.1.gz \
    /usr/share/bash-completion/completions/beian /usr/share/zsh/vendor-completions/_beian \
    /usr/share/fish/vendor_completions.d/beian.fish /usr/share/doc/beian/copyright; do
    [ -s "$root$file" ] && ok "$file" || fail "$file is not there"
done
inside bash -n /usr/share/bash-completion/completions/beian && ok "bash reads its completions"

say "The configuration as delivered"
ends 2 beian check-config
for word in public_url keys '[oidc]' '[sms]'; do says "$word"; done

say "Filling it in"
inside beian keys init /etc/beian/keys
inside chown beian:beian /etc/beian/keys
expect "/etc/beian/keys" "600 beian:beian" "$(inside stat -c '%a %U:%G' /etc/beian/keys)"
ends 2 inside beian keys init /etc/beian/keys
sed -i -e 's/^#\(public_url =\|\[oidc\]\|issuer =\|client_id =\|\[sms\]\)/\1/' \
    -e 's/^#client_secret = .*/client_secret = "a secret of the test"/' \
    -e '/^\[sms\]/,/^$/s/^#\(url\|template\) /\1 /' \
    -e '/^\[sms\]/,/^$/s/^#secret = .*/secret = "sixteen or more bytes"/' "$root/etc/beian/beian.toml"
ends 0 beian check-config
says "The configuration is complete."

say "The first start"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
EXTRA="ADDR=127.0.0.1:$port"
ends 2 beian serve
says "the command \`migrate\` makes a new one"
ends 0 beian migrate
chroot "$root" env -i PATH=/usr/bin:/bin setpriv --reuid beian --regid beian --init-groups --no-new-privs --inh-caps=-all \
    env "ADDR=127.0.0.1:$port" beian --config /etc/beian/beian.toml serve >"$home/log" 2>&1 &
server=$!
for _ in $(seq 100); do
    [ "$(curl -s -o "$home/said" -w '%{http_code}' "http://127.0.0.1:$port/healthz")" != 200 ] || break
    sleep 0.1
done
says ok
page=$(curl -s "http://127.0.0.1:$port/")
expect "the first page" 200 "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")"
style=$(grep -o '/pkg/main-[0-9a-f]*\.css' <<<"$page" | head -n 1)
expect "its style, out of the program, in brotli" "200 br" \
    "$(curl -s -o /dev/null -H 'Accept-Encoding: br' -w '%{http_code} %header{content-encoding}' "http://127.0.0.1:$port$style")"
expect "what it made" "600 beian:beian" "$(inside stat -c '%a %U:%G' /var/lib/beian/beian.db)"

say "Files of strangers are read in a child"
for task in picture:id-portrait.png pdf:document.pdf; do
    install -m 0644 "$here/server/src/dev/world/files/${task#*:}" "$root/tmp/file"
    as_beian sh -c "env -i /usr/bin/beian check-${task%:*} </tmp/file | head -c 100" >"$home/said"
    grep -aqE '^file-verdict:.*(Picture|Pages)' "$home/said" && ok "a ${task%:*} is read" || fail "a ${task%:*} is not read"
done

say "Operating"
ends 0 beian verify-audit
ends 0 beian backup /var/backups/beian/by-hand
ends 0 beian check-backup /var/backups/beian/by-hand
ends 0 as_beian /usr/lib/beian/nightly-backup
ends 0 beian keys check
# The example's identity platform and gateway are nowhere.
ends 1 beian doctor
says "ok     database"
says "WRONG  identity platform"
ends 1 inside beian --config /etc/beian/beian.toml doctor
says "as the account of the service"
kill "$server"
code=0
wait "$server" || code=$?
server=
expect "it ends when it is asked to" 0 "$code"
inside beian keys rotate /etc/beian/keys >"$home/said"
says "Key 2 stands first"
expect "/etc/beian/keys, with another key" "600 beian:beian" "$(inside stat -c '%a %U:%G' /etc/beian/keys)"
ends 0 beian keys reseal
if grep -E " (WARN|ERROR) " "$home/log" | grep -v "there is no administrator" | sed "s/^/        | /" | grep .; then
    say "(what it warned of is above)"
fi

say "Once more, and away"
inside dpkg -i /tmp/beian.deb >"$home/said" 2>&1 || fail "dpkg -i, the second time"
ends 0 beian check-config
inside dpkg -r beian >/dev/null 2>&1
[ ! -e "$root/usr/bin/beian" ] && ok "removed" || fail "the program is still there"
[ -e "$root/etc/beian/beian.toml" ] && ok "the configuration stays" || fail "the configuration went with the program"
inside dpkg -P beian >"$home/said" 2>&1
sed 's/^/        | /' "$home/said"
says "holds keys and stays"
[ ! -e "$root/etc/beian/beian.toml" ] && ok "purged" || fail "the configuration is still there"
[ -e "$root/etc/beian/keys" ] && [ -e "$root/var/lib/beian/beian.db" ] && ok "keys and data stay" || fail "data are gone"

echo "$passed passed"

#!/usr/bin/env bash
# Finds the tools this project needs and installs what is missing, then writes
# target/env.sh, which names the Rust toolchain to use.
#
#   scripts/bootstrap.sh NEED...      NEED is one of: rust node postgres nginx browser monitoring s3 release
#
# Idempotent, and quick when everything is there. What can be installed without
# asking: Debian packages (as root or through sudo), a rustup target, npm
# packages inside end2end/. Everything else ends in a sentence saying what to do.
#
# There is no rust-toolchain.toml on purpose: with one, rustup fetches the named
# toolchain by itself and fails where it cannot reach its server. Any Rust from
# 1.95 on will do. BEIAN_TOOLCHAIN=debian skips rustup, =rustup skips Debian's.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p target

WASM=wasm32-unknown-unknown
OLDEST_RUST=95
OLDEST_NODE=18

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() {
    printf '\033[1mCannot go on:\033[0m %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# --- Debian packages -------------------------------------------------------

may_apt() { have apt-get && { [ "$(id -u)" = 0 ] || have sudo; }; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

updated=
apt_update() {
    [ -z "$updated" ] || return 0
    say "Reading the list of Debian packages (apt-get update)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >target/apt.log 2>&1 ||
        { tail -n 15 target/apt.log >&2; fail "apt-get update failed (target/apt.log)"; }
    updated=yes
}

apt_install() {
    apt_update
    say "Installing Debian packages: $* (a minute or two)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" \
        >target/apt.log 2>&1 || { tail -n 15 target/apt.log >&2; fail "apt-get install failed (target/apt.log)"; }
}

# --- Rust ------------------------------------------------------------------

# Is this rustc recent enough?
recent() {
    local minor
    minor=$("$1" -V 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
    [ -n "$minor" ] && [ "$minor" -ge "$OLDEST_RUST" ]
}

# Can it build for the browser? Linking is part of it: Debian's rustc has no rust-lld and needs another linker. So is
# optimising over all crates, which a standard library without LLVM's bitcode does not allow.
has_wasm() {
    echo '#[no_mangle] pub extern "C" fn probe(n: usize) -> usize { vec![0u8; n].len() }' |
        "$1" --target "$WASM" -C lto --crate-type cdylib --crate-name probe ${2:+-C linker="$2"} -o target/probe.wasm - \
            >/dev/null 2>&1
}

write_env() {
    printf 'export %s\n' "$@" >target/env.sh
}

use_path() {
    write_env "CARGO='$(command -v cargo)'" ${RUSTUP_TOOLCHAIN:+"RUSTUP_TOOLCHAIN='$RUSTUP_TOOLCHAIN'"}
}

use_debian() {
    # A rustup in front of it on PATH must not win, neither as cargo nor as rustc.
    write_env 'CARGO=/usr/bin/cargo' 'RUSTC=/usr/bin/rustc' 'RUSTDOC=/usr/bin/rustdoc' \
        'CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19' 'PATH="/usr/bin:$PATH"'
}

path_is_ready() { have cargo && have rustc && recent rustc && has_wasm rustc && have cc; }

# The default may be an old one although `stable` is there.
stable_is_ready() {
    have rustup || return 1
    export RUSTUP_TOOLCHAIN=stable
    path_is_ready || { unset RUSTUP_TOOLCHAIN; return 1; }
}

debian_is_ready() {
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && have wasm-ld-19 && have cc &&
        recent /usr/bin/rustc && has_wasm /usr/bin/rustc wasm-ld-19
}

# Asks rustup for what is missing. A server that cannot be reached is remembered
# for a day, so that the next run does not wait for it again.
rustup_can() {
    have rustup || return 1
    local refused=target/rustup-unreachable server=${RUSTUP_DIST_SERVER:-https://static.rust-lang.org}
    [ -z "$(find "$refused" -mtime -1 2>/dev/null)" ] || return 1
    say "Asking rustup for the browser target $WASM"
    if have curl && ! curl -sfL --max-time 15 -o /dev/null "$server/dist/channel-rust-stable.toml.sha256"; then
        say "rustup's server does not answer; not asking again for a day (delete $refused to retry)"
        : >"$refused"
        return 1
    fi
    if ! have rustc || ! recent rustc; then
        timeout 600 rustup toolchain install stable --profile minimal --component rustfmt --component clippy --target "$WASM" || return 1
        export RUSTUP_TOOLCHAIN=stable
    else
        timeout 300 rustup target add "$WASM" || { : >"$refused"; return 1; }
    fi
    path_is_ready
}

# Debian's rustc has no library for the browser, but its source package does:
# build it once and put it where rustc looks, as if the target were installed.
debian_wasm() {
    local probe sysroot into
    say "Building Rust's standard library for the browser from rust-web-src (about a minute)"
    probe=$(mktemp -d)
    mkdir -p "$probe/src"
    : >"$probe/src/lib.rs"
    printf '[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$probe/Cargo.toml"
    (
        cd "$probe"
        unset CARGO_TARGET_DIR CARGO_BUILD_TARGET
        # What the bundle is optimised over; cargo leaves it out of what it thinks is only linked.
        export RUSTFLAGS=-Cembed-bitcode=yes
        export PATH="/usr/bin:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 /usr/bin/cargo build -q --release \
            --target "$WASM" -Zbuild-std=std,panic_abort
    ) || fail "the standard library for $WASM could not be built"
    sysroot=$(/usr/bin/rustc --print sysroot)
    into="$sysroot/lib/rustlib/$WASM/lib"
    as_root mkdir -p "$into"
    as_root find "$into" -name '*.rlib' -delete
    find "$probe/target/$WASM/release/deps" -name '*.rlib' ! -name 'libprobe*' -print0 |
        as_root xargs -0 cp -t "$into"
    rm -rf "$probe"
}

offered_rust() { apt-cache policy rustc-web 2>/dev/null | sed -n 's/^ *Candidate: 1\.\([0-9]*\)\..*/\1/p'; }

# The Rust that is needed came to Debian 12 with its security updates, which a machine made by hand may not ask for.
# They lie beside the rest of Debian.
add_security_updates() {
    local beside
    grep -qs '^VERSION_CODENAME=bookworm$' /etc/os-release || return 1
    ! apt-cache policy | grep -q 'n=bookworm-security' || return 1
    beside=$(apt-cache policy | sed -n 's#^ *500 \(http[^ ]*/debian\) bookworm/main .*#\1#p' | head -n 1)
    [ -n "$beside" ] || return 1
    say "Adding Debian's security updates to the sources of apt: the Rust that is needed comes with them"
    echo "deb $beside-security bookworm-security main" |
        as_root tee /etc/apt/sources.list.d/bookworm-security.list >/dev/null
    updated=
    apt_update
}

debian_can() {
    local offered
    may_apt || return 1
    if ! { [ -x /usr/bin/cargo ] && recent /usr/bin/rustc && have wasm-ld-19 && have cc && have pkg-config &&
        [ -d /usr/lib/rustlib/src ]; }; then
        apt_update
        offered=$(offered_rust)
        if [ "${offered:-0}" -lt "$OLDEST_RUST" ] && add_security_updates; then offered=$(offered_rust); fi
        [ -n "$offered" ] && [ "$offered" -ge "$OLDEST_RUST" ] || return 1
        apt_install rustc-web cargo-web rust-web-src lld-19 gcc libc6-dev pkg-config ca-certificates
    fi
    recent /usr/bin/rustc || return 1
    has_wasm /usr/bin/rustc wasm-ld-19 || debian_wasm
    debian_is_ready
}

need_rust() {
    case ${BEIAN_TOOLCHAIN:-} in
    debian) { debian_is_ready || debian_can; } && { use_debian; return; } ;;
    rustup) { path_is_ready || stable_is_ready || rustup_can; } && { use_path; return; } ;;
    '')
        # Whoever began with Debian's goes on with it: another compiler would build everything anew.
        if grep -qs '^export CARGO=/usr/bin/cargo$' target/env.sh && debian_is_ready; then use_debian; return; fi
        if path_is_ready; then use_path; return; fi
        if debian_is_ready; then use_debian; return; fi
        if stable_is_ready || rustup_can; then use_path; return; fi
        if debian_can; then use_debian; return; fi
        ;;
    *) fail "BEIAN_TOOLCHAIN is debian, rustup or not set" ;;
    esac
    fail "no Rust 1.$OLDEST_RUST or later with the target $WASM and a C compiler.
On Debian 12 run this as root. Elsewhere install a C compiler and rustup (https://rustup.rs), then:
    rustup update stable && rustup target add $WASM"
}

# --- Node ------------------------------------------------------------------

node_is_ready() {
    have node && have npm && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$OLDEST_NODE" ]
}

# terser, Playwright and the test identity provider, in the versions of the lock file.
need_node() {
    node_is_ready || { may_apt && apt_install nodejs npm ca-certificates; } || true
    node_is_ready || fail "Node $OLDEST_NODE or later with npm is needed (the browser's script is made small and tested with it)"
    if ! cmp -s end2end/package-lock.json end2end/node_modules/.installed-lock.json; then
        say "Installing the npm packages of end2end/ (terser, Playwright; some seconds)"
        (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error) ||
            fail "npm ci in end2end/ failed"
        cp end2end/package-lock.json end2end/node_modules/.installed-lock.json
    fi
}

# --- What the tests need besides -------------------------------------------

need_postgres() {
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || have initdb || have pg_config ||
        { may_apt && apt_install postgresql-15; } ||
        say "No PostgreSQL found: install version 15 or later to have the tests run on it too"
}

# A package that makes things quicker or more thorough; without it the tests say what they left out.
apt_try() {
    may_apt && (apt_install "$1") >/dev/null 2>&1 || say "$1 cannot be installed here; going on without it"
}

need_nginx() {
    have nginx || [ -x /usr/sbin/nginx ] || apt_try nginx-light
}

need_browser() {
    # Chromium without the windows around it takes two fifths of its processor time.
    if [ -z "${CHROMIUM:-}" ] && ! have chromium-headless-shell; then
        say "Fetching the browsers that the tests use (a minute or two)"
        apt_try chromium-headless-shell
    fi
    if [ -z "${CHROMIUM:-}" ] && ! have chromium-headless-shell && ! have chromium && ! have chromium-browser &&
        ! have google-chrome; then
        { may_apt && apt_install chromium; } ||
            say "No Chromium found: install it or set CHROMIUM=/path/to/it"
    fi
    have firefox-esr || have firefox || apt_try firefox-esr
    if have apt-get && may_apt && ! dpkg -s fonts-noto-cjk >/dev/null 2>&1 &&
        ! { have fc-list && [ -n "$(fc-list :lang=zh family)" ]; }; then
        apt_install fonts-noto-cjk
    fi
}

# What packs: cargo's tools in the versions that were tried, and Debian's for images and for trying the package.
need_release() {
    local tool version missing=
    for tool in buildah debootstrap readelf; do
        PATH=$PATH:/usr/sbin have "$tool" || missing="$missing ${tool/readelf/binutils}"
    done
    # shellcheck disable=SC2086
    [ -z "$missing" ] || { may_apt && apt_install $missing; } ||
        say "Not installed:$missing. Without buildah there is no image, without debootstrap no test of the package"
    for tool in cargo-deb@3.8.0 cargo-cyclonedx@0.5.9; do
        version=${tool#*@} tool=${tool%@*}
        grep -qsF "\"$tool $version " target/tools/.crates.toml || {
            say "Compiling $tool $version (two minutes)"
            (
                . target/env.sh
                CARGO_TARGET_DIR=target/tools/build "$CARGO" install --locked --quiet --root target/tools \
                    --version "$version" "$tool"
            ) || fail "$tool cannot be installed from crates.io"
        }
    done
    rm -rf target/tools/build
}

# promtool reads the alert rules. It comes with Debian's Prometheus (19 MB), which would start a server when installed, so
# that it is only unpacked.
need_monitoring() {
    local tool=target/monitoring/promtool into
    if have promtool || [ -x "$tool" ]; then return; fi
    if have apt-get && have dpkg-deb; then
        say "Fetching promtool, which checks the alert rules (some seconds)"
        into=$(mktemp -d)
        (may_apt && apt_update) >/dev/null 2>&1 || true
        if (cd "$into" && apt-get download -q prometheus) >target/apt.log 2>&1 &&
            dpkg-deb -x "$into"/prometheus_*.deb "$into" 2>>target/apt.log; then
            mkdir -p target/monitoring
            mv "$into/usr/bin/promtool" "$tool"
        fi
        rm -rf "$into"
    fi
    [ -x "$tool" ] || say "promtool cannot be had here: the alert rules are read, but not tried"
}

# A server that speaks S3, for the tests of files in a bucket; without it they say that they were skipped.
need_s3() {
    local wanted=scripts/s3-requirements.txt
    cmp -s "$wanted" target/s3/installed.txt && [ -x target/s3/bin/python ] && return 0
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        { may_apt && (apt_install python3-venv) >/dev/null 2>&1; } || true
    say "Installing an S3 server for the tests into target/s3 (PyPI's moto; some ten seconds)"
    rm -rf target/s3
    if python3 -m venv target/s3 >target/s3.log 2>&1 &&
        target/s3/bin/pip install -q --disable-pip-version-check -r "$wanted" >>target/s3.log 2>&1; then
        cp "$wanted" target/s3/installed.txt
    else
        rm -rf target/s3
        say "It cannot be installed here (target/s3.log); the tests of files in a bucket will be skipped"
    fi
}

for need in "$@"; do
    case $need in
    rust | node | postgres | nginx | browser | monitoring | s3 | release) "need_$need" ;;
    *) fail "unknown need: $need" ;;
    esac
done

[ -x "${CARGO_TARGET_DIR:-target}/debug/xtask" ] ||
    say "Compiling xtask, which does the rest (two to four minutes of two cores, the first time only)"

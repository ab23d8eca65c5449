# Sourced: what the machine must have. Quick where it is already there.

# To build: a C compiler for aws-lc, and Opus.
BUILD_PACKAGES=(build-essential pkg-config libopus-dev)
# To show that it works: foreign SIP clients, a witness on the wire, a file system that loses writes.
DEMO_PACKAGES=(baresip-core sox)
TEST_PACKAGES=("${DEMO_PACKAGES[@]}" python3 sip-tester linphone-cli openssl tshark fuse3 iproute2 nftables)

# To speak the prompts.
SPEECH_PACKAGES=(espeak-ng libespeak-ng1 python3 python3-numpy)

# Installs those of the named Debian packages that are missing.
need_packages() {
    local missing=() package
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    local as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "These packages are missing, and only root can install them." \
            "As root, run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing ${missing[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0)
    local log
    log=$(mktemp)
    if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install them. Install by hand and try again: apt-get install ${missing[*]}"
    fi
    rm -f "$log"
}

# Makes sure of Rust, with the named rustup components.
need_rust() {
    command -v cargo >/dev/null || {
        [[ -x $HOME/.cargo/bin/cargo ]] || fail "Rust is missing. Install it with rustup, then try again."
        PATH=$HOME/.cargo/bin:$PATH
    }
    local component
    for component in "$@"; do
        cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 && continue
        say "Adding $component to the Rust toolchain"
        rustup component add "$component" || fail "Add it by hand and try again: rustup component add $component"
    done
}

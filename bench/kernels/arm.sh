#!/bin/sh
# Builds the kernels for 64-bit ARM, with products of four bytes and without, and checks them in an emulator, where no such
# machine is at hand.
#
#   bench/kernels/arm.sh
#
# Needs clang with lld (Swift's has both), and of Debian libc6-dev-arm64-cross, libgcc-12-dev-arm64-cross (or the number
# that the system has) and qemu-user. Says nothing about speed. Exit codes: 0 right, 1 wrong or not built.
set -eu

cd "$(dirname "$0")/../.."
target=aarch64-linux-gnu
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || { echo "arm.sh: no qemu-aarch64 (Debian: qemu-user)." >&2; exit 1; }
runtime=$(ls -d /usr/lib/gcc-cross/$target/* 2>/dev/null | tail -n 1)
[ -n "$runtime" ] || { echo "arm.sh: no libgcc for $target (Debian: libgcc-12-dev-arm64-cross)." >&2; exit 1; }
program=$(mktemp)
trap 'rm -f "$program"' EXIT
for features in armv8-a armv8.2-a+dotprod; do
    "${CC:-clang}" --target=$target -march=$features -isystem /usr/$target/include -B"$runtime" -L"$runtime" \
        -B/usr/$target/lib -L/usr/$target/lib -fuse-ld=lld -static -O2 -std=c11 -Wall -Wextra -ISources/CKernels/include \
        -o "$program" Sources/CKernels/*.c bench/kernels/check.c -lm
    printf '%s: ' $features
    "$qemu" "$program"
done

#!/usr/bin/env bash
# Builds the documentation of the library with the toolchain's DocC; any warning is an error.
# usage: [HOSTING_BASE_PATH=PATH] docs/build.sh OUTPUT [OPTIONS OF swift build]
#
# A program sees the public symbols of several rooms through `import Volley`: they are documented as Volley's own, which
# swift-docc-plugin cannot be asked for. `swift package generate-documentation` runs this script (plugin/Documentation.swift).
set -euo pipefail
output=$1
shift
cd "$(dirname "$0")/.."

swift build -c release --target Volley "$@"
symbols=.build/symbols
rm -rf "$symbols" "$output"
mkdir -p "$symbols"
modules=$(swift build -c release --show-bin-path "$@")
headers=()
for folder in Sources/C*/; do headers+=(-I "$folder"); done
swift symbolgraph-extract -module-name Volley -target "$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p')" \
    -I "$modules/Modules" "${headers[@]}" -Xcc "-fmodule-map-file=$modules/CKernels.build/module.modulemap" \
    -minimum-access-level public -skip-synthesized-members \
    -experimental-allowed-reexported-modules=Decoding,Models,Tensors,Tokens,Weights -output-dir "$symbols"
docc convert Sources/Volley/Volley.docc --additional-symbol-graph-dir "$symbols" --warnings-as-errors \
    --fallback-display-name Volley --fallback-bundle-identifier volley --output-path "$output" \
    ${HOSTING_BASE_PATH:+--hosting-base-path "$HOSTING_BASE_PATH"}

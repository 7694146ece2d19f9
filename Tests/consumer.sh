#!/usr/bin/env bash
# Builds programs in a package of their own that depends on this one by path and uses its public face alone, and runs them:
# the README's lines, and the examples. It takes the library without its traits, and so must resolve and build without OpenBLAS,
# SwiftNIO and Hummingbird. usage: Tests/consumer.sh [DIRECTORY, kept between runs]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/.build/consumer}
package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT

cat > "$package/Package.swift" <<END
// swift-tools-version: 6.2
import PackageDescription

let volley = Target.Dependency.product(name: "Volley", package: "volley")
let package = Package(
    name: "consumer", platforms: [.macOS(.v15)],
    dependencies: [.package(name: "volley", path: "$root", traits: [])],
    targets: ["Lines", "Streaming", "Concurrent"].map { .executableTarget(name: \$0, dependencies: [volley]) })
END
mkdir "$package/Sources"
cp -R "$root/docs/examples/Streaming" "$root/docs/examples/Concurrent" "$package/Sources"
mkdir "$package/Sources/Lines"
cat > "$package/Sources/Lines/main.swift" <<'END'
import Volley

let path = CommandLine.arguments[1]
let prompt = "In the beginning God created the heaven and"
let options = SessionOptions(threadCount: 1)

let model = try await Model.load(path)
let session = model.session(options)            // options: SessionOptions, defaulted
for try await piece in session.generate(prompt, plan: .multiToken(4)) { print(piece.text, terminator: "") }
END

fail() { echo "consumer: $1" >&2; exit 1; }
fetched=$(swift package --package-path "$package" --scratch-path "$build" show-dependencies --format flatlist)
! grep -E "swift-nio|hummingbird" <<< "$fetched" || fail "the library alone needs the server's packages"

swift build -c release --package-path "$package" --scratch-path "$build"
! ldd "$build/release/Lines" | grep openblas || fail "the library without its traits is linked with OpenBLAS"
model=$root/weights/volley-5m

lines=$("$build/release/Lines" "$model")
[ -n "$lines" ] || fail "the README's lines print nothing"
streamed=$("$build/release/Streaming" "$model" 4 "Sort this list: 73 27 43 37 19" | sed -E 's/\x1B\[[0-9;]*m//g')
[[ $streamed == "19 27 37 43 73"* ]] || fail "the streaming example prints: $streamed"
concurrent=$("$build/release/Concurrent" "$model")
[[ $concurrent == "answer: stop after "*"19 27 37 43 73"*"endless: cancelled after "* ]] ||
    fail "the concurrent example prints: $concurrent"
echo "a package of its own builds and runs: $lines"

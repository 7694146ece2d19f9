// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let openBLAS = Target.Dependency.target(name: "COpenBLAS", condition: .when(traits: ["OpenBLAS"]))

/// A product that only the server needs.
func server(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Server"]))
}

/// Without it, `volley --version` names no commit.
let commit = Context.environment["VOLLEY_COMMIT"].map { CSetting.define("VOLLEY_COMMIT", to: $0) }

let package = Package(
    name: "volley",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Volley", targets: ["Volley"]),
        .executable(name: "volley", targets: ["VolleyCLI"]),
    ],
    traits: [
        .trait(
            name: "OpenBLAS",
            description: "Multiply prompts by float weights with OpenBLAS. Without it the package's own kernels do."),
        .trait(name: "Server", description: "The command `volley serve`, which needs Hummingbird and SwiftNIO."),
        .default(enabledTraits: ["OpenBLAS", "Server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.99.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.20.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .systemLibrary(
            name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
        .systemLibrary(
            name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"]), .brew(["xxhash"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CLineEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .target(name: "CBuild", cSettings: commit.map { [$0] }),
        .target(name: "CKernels"),
        .target(name: "Tensors", dependencies: ["CKernels", openBLAS, "CLinux"], swiftSettings: strict),
        .target(name: "JSON", swiftSettings: strict),
        .target(name: "Jinja", dependencies: ["JSON"], swiftSettings: strict),
        .target(name: "Constraints", dependencies: ["JSON"], swiftSettings: strict),
        .target(
            name: "Weights", dependencies: ["CLZ4", "CLinux", "CXXHash", "JSON", "Tensors"], swiftSettings: strict),
        .target(name: "Tokens", dependencies: ["JSON", "Jinja"], swiftSettings: strict),
        .target(name: "Models", dependencies: ["JSON", "Tensors", "Weights"], swiftSettings: strict),
        .target(
            name: "Decoding", dependencies: ["Constraints", "Models", "Tensors", "Tokens", "Weights"],
            swiftSettings: strict),
        .target(
            name: "Measuring",
            dependencies: [
                "Decoding", "JSON", "Models", "Tokens", "Weights",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            resources: [
                .embedInCode("Resources/comparison.mustache"), .embedInCode("Resources/comparison-style.mustache"),
                .embedInCode("Resources/depth.mustache"), .embedInCode("Resources/figures-table.mustache"),
                .embedInCode("Resources/pass-timeline.mustache"), .embedInCode("Resources/speed-bars.mustache"),
            ],
            swiftSettings: strict),
        .target(
            name: "Volley", dependencies: ["Constraints", "Decoding", "Models", "Tensors", "Tokens", "Weights"],
            swiftSettings: strict),
        .target(
            name: "Serving",
            dependencies: [
                "Constraints", "Decoding", "JSON", "Models", "Tensors", "Tokens",
                server("HTTPTypes", "swift-http-types"),
                server("Hummingbird", "hummingbird"),
                server("HummingbirdCore", "hummingbird"),
                server("HummingbirdTLS", "hummingbird"),
                server("Logging", "swift-log"),
                server("NIOConcurrencyHelpers", "swift-nio"),
                server("NIOCore", "swift-nio"),
                server("NIOHTTP1", "swift-nio"),
                server("NIOHTTPTypes", "swift-nio-extras"),
                server("NIOHTTPTypesHTTP1", "swift-nio-extras"),
                server("NIOPosix", "swift-nio"),
                server("NIOSSL", "swift-nio-ssl"),
                server("ServiceLifecycle", "swift-service-lifecycle"),
                server("UnixSignals", "swift-service-lifecycle"),
            ],
            resources: [
                .embedInCode("Resources/openapi.json"), .embedInCode("Resources/page/page.html"),
                .embedInCode("Resources/page/page.css"), .embedInCode("Resources/page/chat.css"),
                .embedInCode("Resources/page/race.css"), .embedInCode("Resources/page/answers.js"),
                .embedInCode("Resources/page/chat.js"), .embedInCode("Resources/page/chooser.js"),
                .embedInCode("Resources/page/conversations.js"), .embedInCode("Resources/page/dom.js"),
                .embedInCode("Resources/page/examples.js"), .embedInCode("Resources/page/follow.js"),
                .embedInCode("Resources/page/lanes.js"), .embedInCode("Resources/page/markdown.js"),
                .embedInCode("Resources/page/page.js"), .embedInCode("Resources/page/plans.js"),
                .embedInCode("Resources/page/race.js"), .embedInCode("Resources/page/recording.js"),
                .embedInCode("Resources/page/replay.js"), .embedInCode("Resources/page/results.js"),
                .embedInCode("Resources/page/server.js"), .embedInCode("Resources/page/turn.js"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "VolleyCLI",
            dependencies: [
                "CBuild", "CLineEdit", "JSON", "Measuring", "Volley",
                .target(name: "Serving", condition: .when(traits: ["Server"])),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                server("Logging", "swift-log"),
                server("NIOSSL", "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "WeightsBench",
            dependencies: ["Tensors", "Weights", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "bench/weights/measure", swiftSettings: strict),
        .executableTarget(
            name: "KernelBench",
            dependencies: [
                "Measuring", "Models", "Tensors", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "bench/kernels/measure", swiftSettings: strict),
        .executableTarget(
            name: "LogitDump",
            dependencies: [
                "Decoding", "Tensors", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "bench/smollm2/dump", swiftSettings: strict),
        .executableTarget(
            name: "StreamingExample", dependencies: ["Volley"], path: "docs/examples/Streaming", swiftSettings: strict),
        .executableTarget(
            name: "ConcurrentExample", dependencies: ["Volley"], path: "docs/examples/Concurrent",
            swiftSettings: strict),
        .plugin(name: "Documentation", capability: .command(intent: .documentationGeneration), path: "docs/plugin"),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "TensorsTests", dependencies: ["CKernels", openBLAS, "Tensors", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(
            name: "ConstraintsTests", dependencies: ["Constraints", "JSON", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "JinjaTests", dependencies: ["JSON", "Jinja", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "WeightsTests", dependencies: ["JSON", "Weights", "Tensors", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "TokensTests", dependencies: ["JSON", "Tokens", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ModelsTests", dependencies: ["JSON", "Models", "Tensors", "Weights", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "DecodingTests",
            dependencies: [
                "Constraints", "Decoding", "JSON", "Models", "Tensors", "Tokens", "Weights", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MeasuringTests", dependencies: ["Decoding", "Measuring", "Models", "Tokens", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "Constraints", "Decoding", "JSON", "Models", "Serving", "Tensors", "Tokens", "Weights", "TestSupport",
                server("Logging", "swift-log"),
            ],
            exclude: ["clients"], swiftSettings: strict),
        .testTarget(
            name: "VolleyTests", dependencies: ["Volley", "ConcurrentExample", "StreamingExample", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "CLITests", dependencies: ["Volley", "VolleyCLI", "TestSupport"], swiftSettings: strict),
    ]
)

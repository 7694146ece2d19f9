// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "volley",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Volley", targets: ["Volley"]),
        .executable(name: "volley", targets: ["VolleyCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .systemLibrary(name: "CLineEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .target(name: "CKernels"),
        .target(name: "Tensors", dependencies: ["CKernels", "COpenBLAS"], swiftSettings: strict),
        .target(name: "Weights", dependencies: ["Tensors"], swiftSettings: strict),
        .target(name: "Tokens", swiftSettings: strict),
        .target(name: "Models", dependencies: ["Tensors", "Weights"], swiftSettings: strict),
        .target(name: "Decoding", dependencies: ["Models", "Tensors", "Tokens", "Weights"], swiftSettings: strict),
        .target(
            name: "Volley", dependencies: ["Decoding", "Models", "Tensors", "Tokens", "Weights"],
            swiftSettings: strict),
        .executableTarget(
            name: "VolleyCLI",
            dependencies: [
                "CLineEdit", "Volley", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "TensorsTests", dependencies: ["CKernels", "Tensors", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "WeightsTests", dependencies: ["Weights", "Tensors", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "TokensTests", dependencies: ["Tokens", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ModelsTests", dependencies: ["Models", "Tensors", "Weights", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "DecodingTests", dependencies: ["Decoding", "Models", "Tensors", "Tokens", "Weights", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "VolleyTests", dependencies: ["Volley", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "CLITests", dependencies: ["Volley", "VolleyCLI", "TestSupport"], swiftSettings: strict),
    ]
)

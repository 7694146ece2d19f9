import Foundation

/// Locates the recorded data in `Tests/Goldens`, independent of the working directory.
public enum Goldens {
    public static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Goldens")

    /// The embedded model.
    public static let embedded = directory.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "weights/volley-5m").path

    public static func url(_ path: String) -> URL { directory.appending(path: path) }

    public static func decode<T: Decodable>(_ type: T.Type, _ path: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(path)))
    }
}

/// Mutations per fuzz test: `VOLLEY_FUZZ_ROUNDS`, by default enough to notice a broken parser.
public let fuzzRounds = ProcessInfo.processInfo.environment["VOLLEY_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 2_000

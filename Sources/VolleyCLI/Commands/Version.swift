import CBuild

/// What `volley --version` prints, and what records of measurements hold.
enum Version {
    static let number = "0.2.0"

    /// The number, then the commit if the build was told (`make` does), and whether the build is optimised.
    static var text: String {
        let commit = String(cString: volley_commit())
        return "\(number) (\(commit.isEmpty ? "" : "commit \(commit), ")\(kind))"
    }

    private static var kind: String {
        #if DEBUG
            "debug build"
        #else
            "release build"
        #endif
    }
}

import ArgumentParser

/// What `shortgpt` and `laco` choose by.
struct CalibrationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A text by which shortgpt and laco choose their layers (default: a short one in English).",
            valueName: "file"))
    var calibration: String?

    /// Nil for the default.
    func text() throws -> String? { try calibration.map { try TextInput.file($0) } }
}

import ArgumentParser

/// The text by which `shortgpt` and `laco` choose layers.
struct CalibrationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A text by which shortgpt and laco choose layers (default: a built-in English text).",
            valueName: "file"))
    var calibration: String?

    /// The text; nil for the default.
    func text() throws -> String? { try calibration.map { try TextInput.file($0) } }
}

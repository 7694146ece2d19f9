import ArgumentParser
import Volley

/// What the text must be.
struct ConstraintOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Write JSON that the JSON schema in this file describes.", valueName: "file"))
    var jsonSchema: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Write a text that this regular expression matches as a whole.", valueName: "text"))
    var regex: String?

    @Option(help: ArgumentHelp("Write a text of the grammar in this file, in GBNF.", valueName: "file"))
    var grammar: String?

    func validate() throws {
        guard [jsonSchema, regex, grammar].count(where: { $0 != nil }) < 2 else {
            throw ValidationError("give one of --json-schema, --regex and --grammar")
        }
    }

    /// The constraint; nil if none is given.
    ///
    /// - Throws: `ConstraintError` naming what cannot be kept; `StreamError` for a file that cannot be read.
    func constraint() throws -> Constraint? {
        if let jsonSchema { return try .jsonSchema(TextInput.file(jsonSchema)) }
        if let grammar { return try .grammar(TextInput.file(grammar)) }
        return try regex.map { text throws(ConstraintError) in try .regularExpression(text) }
    }
}

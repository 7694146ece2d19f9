import JSON

/// What a generated text must be: JSON by a schema, a match of a regular expression, or a text of a grammar.
///
/// Constraints work with every plan. Tokens that would break them are never chosen, and the text ends only where it is complete.
/// What cannot be kept is refused when the constraint is made.
public struct Constraint: Sendable, Equatable {
    let grammar: Grammar
    /// Tells constraints apart.
    package let source: Source

    /// What a constraint was made of.
    package indirect enum Source: Hashable, Sendable {
        case jsonSchema(String)
        case expression(String)
        case grammar(String)
        case choices([String])
        case tools([String])
        case afterReasoning(ReasoningPrefix, Source)
    }

    init(_ source: Source, _ grammar: Grammar) {
        (self.source, self.grammar) = (source, grammar)
    }

    public static func == (left: Constraint, right: Constraint) -> Bool { left.source == right.source }

    /// JSON that a schema describes (draft 2020-12).
    ///
    /// Properties come in the order of the schema, with little white space. Objects get no properties beyond those of the schema
    /// unless it asks for them with `additionalProperties`.
    ///
    /// - Parameter text: the schema, as JSON.
    /// - Throws: `ConstraintError` that names the keyword or value that cannot be kept.
    public static func jsonSchema(_ text: String) throws(ConstraintError) -> Constraint {
        let schema: JSONValue
        do {
            schema = try JSONValue(parsing: Array(text.utf8), limits: .configuration)
        } catch {
            throw .schema(place: "#", problem: "\(error)")
        }
        return try jsonSchema(schema)
    }

    /// JSON that a parsed schema describes.
    package static func jsonSchema(_ schema: JSONValue) throws(ConstraintError) -> Constraint {
        Constraint(.jsonSchema(schema.text), try SchemaGrammar.grammar(schema))
    }

    /// Any JSON object.
    public static let jsonObject: Constraint = {
        let schema: JSONValue = ["type": "object"]
        guard let constraint = try? jsonSchema(schema) else { preconditionFailure("objects need no refused keyword") }
        return constraint
    }()

    /// Texts that a regular expression matches as a whole: the syntax that ECMAScript and Python share, without lookarounds,
    /// backreferences and word boundaries.
    ///
    /// - Throws: `ConstraintError.expression`.
    public static func regularExpression(_ text: String) throws(ConstraintError) -> Constraint {
        var grammar = Grammar()
        grammar.start = try PatternParser.whole(text).node(.plain)
        return Constraint(.expression(text), grammar)
    }

    /// Texts of a grammar in GBNF, llama.cpp's notation.
    ///
    /// - Throws: `ConstraintError.grammar`.
    public static func grammar(_ text: String) throws(ConstraintError) -> Constraint {
        Constraint(.grammar(text), try GrammarNotation.grammar(text))
    }

    /// One of several texts.
    public static func choices(_ texts: [String]) -> Constraint {
        var grammar = Grammar()
        grammar.start = .choice(texts.map { .literal($0) })
        return Constraint(.choices(texts), grammar)
    }
}

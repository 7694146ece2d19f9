import Foundation
import JSON

/// A chat template in the Jinja language, as `transformers` runs it: parsed once, rendered often.
///
/// The judge is jinja2 3.1 in an `ImmutableSandboxedEnvironment` with `trim_blocks`, `lstrip_blocks`, `break` and
/// `continue`, and the `generation` tag, `tojson`, `raise_exception` and `strftime_now` of transformers. A template is
/// untrusted: it reaches nothing but its variables, and `Limits` bound what it may use.
package struct Template: Sendable {
    private let body: [any Statement]
    private let layout: Layout
    private let limits: Limits

    /// Parses a template.
    /// - Throws: `TemplateError.syntax` or `.limit` with the template's line.
    package init(_ source: String, limits: Limits = Limits()) throws(TemplateError) {
        guard source.utf8.count <= limits.sourceBytes else {
            throw .limit(line: 1, problem: "the template has more than \(limits.sourceBytes) bytes")
        }
        let (body, names, scopes) = try Parser.parse(source)
        self.body = body
        self.limits = limits
        layout = try Resolver.layout(of: body, names: names, scopes: scopes)
    }

    /// The names of the variables that the template reads without setting them itself, built-in functions left out.
    package var variables: Set<String> { Set(layout.globalNames).subtracting(Builtins.all.keys) }

    /// Renders the template.
    /// - Parameters:
    ///   - variables: what the template can read; objects keep the order of their fields. A variable with the name of a
    ///     built-in function hides it.
    ///   - now: the time that `strftime_now` tells, in the local time zone.
    /// - Throws: `TemplateError` with the template's line; `.raised` where the template refuses its input.
    package func render(_ variables: JSONObject, now: Date = .now) throws(TemplateError) -> String {
        let globals = layout.globalNames.map { name in
            variables[name].map { Value($0) } ?? Builtins.all[name].map { .object(Function(name, $0)) }
        }
        let run = Run(layout, globals: globals, now: now, limits: limits)
        defer { run.end() }
        run.enter(0)
        _ = try body.execute(run)
        return String(decoding: run.output, as: UTF8.self)
    }
}

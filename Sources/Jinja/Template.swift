import Foundation
import JSON

/// A chat template in the Jinja language: parsed once, rendered often.
///
/// Follows `transformers`, which runs templates with jinja2 3.1 in an `ImmutableSandboxedEnvironment` with
/// `trim_blocks`, `lstrip_blocks`, `break` and `continue`, and adds the `generation` tag, `tojson`, `raise_exception`
/// and `strftime_now`. Templates are untrusted: they read only their variables, and `Limits` bounds their work.
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

    /// The variables that the template reads without assigning them, built-in functions excluded.
    package var variables: Set<String> { Set(layout.globalNames).subtracting(Builtins.all.keys) }

    /// Renders the template.
    /// - Parameters:
    ///   - variables: the template's variables; objects keep the order of their fields. A variable hides a built-in
    ///     function of the same name.
    ///   - now: the time for `strftime_now`, shown in the local time zone.
    /// - Throws: `TemplateError` with the template's line; `.raised` if the template refuses its input.
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

import JSON
import Jinja

/// A chat template, parsed once.
struct ChatTemplate: Sendable {
    /// Jinja source.
    let source: String
    private let template: Result<Template, TemplateError>

    /// Never fails: a template that does not parse throws when used.
    init(_ source: String) {
        self.source = source
        template = Result { () throws(TemplateError) in try Template(source) }
    }

    /// The variables that the template reads; empty if it does not parse.
    var variables: Set<String> { (try? template.get().variables) ?? [] }

    /// - Throws: `TokenizerError.badTemplate` if the template does not parse or can never run; `.badChat`, with the
    ///   template's line, if it fails on these variables or refuses them.
    func render(_ variables: JSONObject) throws(TokenizerError) -> String {
        let template: Template
        do throws(TemplateError) {
            template = try self.template.get()
        } catch {
            throw .badTemplate(problem: error.description)
        }
        do throws(TemplateError) {
            return try template.render(variables)
        } catch {
            throw .badChat(problem: error.description)
        }
    }
}

import JSON
import Jinja

/// One chat template, parsed once.
struct ChatTemplate: Sendable {
    /// Jinja.
    let source: String
    private let template: Result<Template, TemplateError>

    /// A template that does not parse is refused when it is used.
    init(_ source: String) {
        self.source = source
        template = Result { () throws(TemplateError) in try Template(source) }
    }

    /// The names that the template reads; none for a template that does not parse.
    var variables: Set<String> { (try? template.get().variables) ?? [] }

    /// - Throws: `TokenizerError.badTemplate` for a template that does not parse or cannot be run on any chat's variables,
    ///   `.badChat` where it fails on these or refuses them, with its line.
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

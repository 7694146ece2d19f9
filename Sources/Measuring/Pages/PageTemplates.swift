import Foundation
import Mustache

/// The Mustache templates of all pages, compiled into the program.
enum PageTemplates {
    /// Parsed at first use.
    private static let library: MustacheLibrary = {
        MustacheContentTypes.register(PageText(), named: "PAGE")
        let sources = [
            "comparison": PackageResources.comparison_mustache,
            "comparison-style": PackageResources.comparison_style_mustache,
            "depth": PackageResources.depth_mustache,
            "figures-table": PackageResources.figures_table_mustache,
            "pass-timeline": PackageResources.pass_timeline_mustache,
            "speed-bars": PackageResources.speed_bars_mustache,
        ]
        do {
            return MustacheLibrary(
                templates: try sources.mapValues { try MustacheTemplate(string: String(decoding: $0, as: UTF8.self)) })
        } catch {
            preconditionFailure("a template does not parse: \(error)")
        }
    }()

    /// - Parameters:
    ///   - contents: properties that the template names.
    ///   - name: a template's file name without its extension.
    static func render(_ contents: Any, as name: String) -> String {
        guard let text = library.render(contents, withTemplate: name) else {
            preconditionFailure("there is no template \(name)")
        }
        return text
    }
}

/// Escapes text between tags and in quoted attributes.
///
/// Mustache's own HTML type escapes `Character`s, and so leaves a quote alone that a combining mark follows.
private struct PageText: MustacheContentType {
    func escapeText(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

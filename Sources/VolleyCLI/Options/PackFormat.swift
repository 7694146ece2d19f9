import ArgumentParser
import Volley

/// A format to convert to, or `keep`.
struct PackFormat: ExpressibleByArgument {
    /// The format; nil keeps the stored one.
    let format: StorageFormat?

    static let keep = PackFormat(format: nil)

    var isKeep: Bool { format == nil }

    init(format: StorageFormat?) { self.format = format }

    init?(argument: String) {
        if argument == "keep" {
            format = nil
        } else {
            guard let format = StorageFormat(argument: argument), PackOptions.formats.contains(format) else {
                return nil
            }
            self.format = format
        }
    }

    var defaultValueDescription: String { format?.rawValue ?? "keep" }
}

import ArgumentParser
import Volley

/// A format that weights can be converted to.
struct HeadFormat: ExpressibleByArgument {
    let format: StorageFormat

    init?(argument: String) {
        guard let format = StorageFormat(argument: argument), PackOptions.formats.contains(format) else { return nil }
        self.format = format
    }
}

import ArgumentParser
import Volley

extension StorageFormat: ExpressibleByArgument {
    /// Ignores case, because other programs write Q4_K.
    public init?(argument: String) {
        guard let format = Self.allCases.first(where: { $0.rawValue.lowercased() == argument.lowercased() }) else {
            return nil
        }
        self = format
    }
}

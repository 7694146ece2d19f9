public import Foundation
public import Tensors

/// Why a configuration cannot be used: one sentence with the field, its value and a remedy.
///
/// Fields have Hugging Face's names, for a GGUF file too.
public enum ConfigurationError: Error, Sendable, Equatable {
    /// A required field is missing.
    case missing(field: String)
    /// A field has an invalid value.
    case invalid(field: String, found: String, expected: String)
    /// Two or more fields contradict each other.
    case inconsistent(problem: String)
    /// The value is valid, but the feature that it asks for is not implemented.
    case unsupported(field: String, value: String, remedy: String)
    /// The requested number of head layers is 0, or leaves no trunk.
    case headLayersOutOfRange(requested: Int, layerCount: Int)
    /// The model has no trunk, so only vanilla decoding is possible.
    case noTrunk(layerCount: Int)
    /// `lm_head` cannot be screened: its format has no smaller copy, or its rows are not whole blocks of the copy's format.
    case noScreen(format: StorageFormat, columns: Int)
}

extension ConfigurationError: CustomStringConvertible {
    /// The whole sentence, without a period.
    public var description: String {
        switch self {
        case .missing(let field):
            "configuration: \(field) is missing; the checkpoint's configuration is incomplete: download it again"
        case .invalid(let field, let found, let expected):
            "configuration: \(field) is \(found), but must be \(expected); correct the checkpoint's configuration or "
                + "download it again"
        case .inconsistent(let problem):
            "configuration: \(problem); correct the checkpoint's configuration or download it again"
        case .unsupported(let field, let value, let remedy):
            "configuration: \(field) \(value) is not implemented; \(remedy)"
        case .headLayersOutOfRange(let requested, let layerCount):
            layerCount > 1
                ? "head layers: \(requested) is out of range; choose 1 to \(layerCount - 1), as the model has "
                    + "\(layerCount) layers"
                : "head layers: \(requested) is out of range; the model has \(layerCount) layer and cannot be split"
        case .noTrunk(let layerCount):
            "configuration: all \(layerCount) layers belong to the head, so multi-token decoding has no trunk to save; "
                + "use vanilla decoding or fewer head layers"
        case .noScreen(let format, let columns): Self.noScreen(format, columns)
        }
    }

    private static func noScreen(_ format: StorageFormat, _ columns: Int) -> String {
        let problem =
            switch RowScreen.copyFormats(of: format).last {
            case let copy?:
                "with rows of \(columns) values cannot be screened: they are no whole blocks of \(copy.rawValue) "
                    + "(\(copy.valuesPerBlock) values), the smaller copy's format"
            case nil: "cannot be screened: no smaller copy is close enough to it"
            }
        let others = [StorageFormat.q8_0, .bf16].filter { RowScreen.copyFormat(of: $0, columns: columns) != nil }
        let choice = others.map(\.rawValue).joined(separator: " or ")
        return "lm_head in \(format.rawValue) \(problem); leave out --screen"
            + (others.isEmpty ? "" : ", or choose --lm-head-format \(choice)")
    }
}

extension ConfigurationError: LocalizedError {
    /// The same sentence as `description`.
    public var errorDescription: String? { description }
}

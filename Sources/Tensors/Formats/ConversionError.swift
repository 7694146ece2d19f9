/// Why a matrix cannot be put into another format.
package enum ConversionError: Error, Equatable {
    case notWholeBlocks
    case notFinite
}

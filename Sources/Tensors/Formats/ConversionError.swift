/// The reason why a matrix cannot be converted to another format.
package enum ConversionError: Error, Equatable {
    /// The columns do not fill blocks of the format.
    case notWholeBlocks
    /// A block format cannot hold NaN or infinity.
    case notFinite
}

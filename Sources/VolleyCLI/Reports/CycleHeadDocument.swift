import Measuring

/// A report on a head of its own for cycles, as JSON.
struct CycleHeadDocument: Encodable {
    let kind = "cycle_head"
    let madeFor: String?
    let layers: Int
    let trainedFactor: Int?
    let trainedTokens: Int?
    let parameters: Int
    let bytes: Int
    let storedBytes: Int
    let tensors: [InspectionDocument.Tensor]

    init(_ head: CycleHeadReport) {
        (madeFor, layers) = (head.base, head.layerCount)
        (trainedFactor, trainedTokens) = (head.trainedFactor, head.trainedTokens)
        let total = head.total
        (parameters, bytes, storedBytes) = (total.valueCount, total.byteCount, total.storedByteCount)
        tensors = head.tensors.map(InspectionDocument.Tensor.init)
    }
}

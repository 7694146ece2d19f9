import Models
import Tensors

/// A sequence's tokens, and the record of what was computed for them: everything except keys, values and trunk outputs.
struct SavedSequence {
    let trunkLayerCount: Int
    let promptCount: Int
    let layers: LayerChoice
    let tokens: [Int]
    let fed: [HeadInput]
    /// Positions of the trunk's entries. The head's are 0 ..< `fed.count`.
    let trunkPositions: [Int]
    /// The highest number of entries that the trunk's ring has held (`KVRing.written`).
    let trunkWritten: Int
    /// The same of the head's ring.
    let headWritten: Int
    /// The first trunk entry whose output is kept; so are all later ones.
    let firstOutput: Int
    let depths: DepthRecord

    init(_ sequence: TokenSequence) {
        trunkLayerCount = sequence.configuration.trunkLayerCount
        promptCount = sequence.promptCount
        layers = sequence.plan.layers
        tokens = sequence.tokens
        fed = sequence.fed
        trunkPositions = (0..<sequence.trunkRing.count).map(sequence.trunkRing.position(of:))
        (trunkWritten, headWritten) = (sequence.trunkRing.written, sequence.headRing.written)
        firstOutput = sequence.trunkOutputs.start
        depths = sequence.depths
    }

    var bytes: [UInt8] {
        var fields = FieldWriter()
        fields.append(trunkLayerCount)
        fields.append(promptCount)
        fields.append(layers)
        fields.append(tokens.map { UInt32($0) })
        fields.append(fed.map(\.rawValue))
        fields.append(trunkPositions)
        fields.append(trunkWritten)
        fields.append(headWritten)
        fields.append(firstOutput)
        fields.append(depths.shares)
        fields.append(depths.gates)
        return fields.bytes
    }

    /// Reads and checks everything against the model.
    init(_ fields: inout FieldReader, model: ModelConfiguration, options: SessionOptions) throws(Damage) {
        func check(_ isTrue: Bool, _ problem: @autoclosure () -> String) throws(Damage) {
            guard isTrue else { throw Damage(problem()) }
        }
        let trunkLayerCount = try fields.int()
        try check(
            trunkLayerCount == model.trunkLayerCount || (1..<model.layerCount).contains(trunkLayerCount),
            "its trunk of \(trunkLayerCount) layers is not one of the model's")
        let promptCount = try fields.int()
        layers = try fields.layers()
        tokens = try fields.values(of: UInt32.self).map { Int($0) }
        let fed = try fields.values(of: UInt8.self).map { HeadInput(rawValue: $0) }
        let positions = try fields.values(of: Int.self)
        (trunkWritten, headWritten) = (try fields.int(), try fields.int())
        let firstOutput = try fields.int()
        let shares = try fields.values(of: Float.self)
        let gates = try fields.values(of: Float.self)
        try fields.end()

        try check(tokens.allSatisfy { $0 < model.vocabularySize }, "a token id is outside the vocabulary")
        try check(options.window != nil || tokens.count <= model.contextLength, "its tokens do not fit the context")
        try check((0...tokens.count).contains(promptCount), "its prompt is longer than its tokens")
        try check(fed.count <= tokens.count && !fed.contains(nil), "what its head was fed is impossible")
        try check(
            zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 } && positions.first ?? 0 >= 0
                && positions.last ?? -1 < tokens.count,
            "its trunk's positions do not ascend within its tokens")
        let limit = options.slotLimit(contextLength: model.contextLength)
        for (written, count) in [(trunkWritten, positions.count), (headWritten, fed.count)] {
            try check((count...count + limit).contains(written), "its rings' numbers of entries are impossible")
        }
        try check(
            (0...positions.count).contains(firstOutput) && positions.count - firstOutput <= limit,
            "its trunk's outputs are not those of its entries")
        guard let depths = DepthRecord(layerCount: model.layerCount, shares: shares, gates: gates),
            depths.positionCount <= tokens.count
        else { throw Damage("its record of layers does not fit its tokens") }
        (self.trunkLayerCount, self.promptCount, self.firstOutput) = (trunkLayerCount, promptCount, firstOutput)
        (self.fed, trunkPositions, self.depths) = (fed.compactMap(\.self), positions, depths)
    }
}

extension FieldWriter {
    fileprivate mutating func append(_ layers: LayerChoice) {
        switch layers {
        case .all: append(0)
        case .routed: append(1)
        case .only(let kept):
            append(2)
            append(kept.sorted())
        case .untilSaturated(let cosine):
            append(3)
            append(Int(cosine.bitPattern))
        }
    }
}

extension FieldReader {
    fileprivate mutating func layers() throws(Damage) -> LayerChoice {
        switch try int() {
        case 0: return .all
        case 1: return .routed
        case 2: return .only(Set(try values(of: Int.self)))
        case 3: return .untilSaturated(cosine: Float(bitPattern: UInt32(truncatingIfNeeded: try int())))
        case let kind: throw Damage("its choice of layers is of kind \(kind), which is unknown")
        }
    }
}

/// The plan of a restored sequence until its next generation.
struct RestoredPlan: DecodePlan {
    let layers: LayerChoice

    var name: String { "restored" }
    var needsSplit: Bool { false }
    func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
}

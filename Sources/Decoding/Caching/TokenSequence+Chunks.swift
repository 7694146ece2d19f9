import Models

/// The keys and values of a prompt's positions, as the prompt cache keeps them.
extension TokenSequence {
    /// Whether a ring has overwritten entries.
    var hasWrapped: Bool { trunkRing.hasWrapped || headRing.hasWrapped }

    /// Maximum number of entries of a ring that has not wrapped.
    var slotLimit: Int { min(trunkRing.shape.limit, headRing.shape.limit) }

    /// Bytes of one position's keys and values in all layers.
    var bytesPerPosition: Int { trunkRing.shape.bytesPerSlot + headRing.shape.bytesPerSlot }

    /// What the plan feeds the head at the positions before `end`.
    func inputs(before end: Int) -> [HeadInput] {
        let text = layout
        return (0..<end).map { plan.headInput(at: $0, in: text) }
    }

    /// Whether both rings hold the positions before `end`, and the plan hides none of them from the trunk.
    func holdsPrefix(upTo end: Int) -> Bool {
        headRing.count >= end && trunkRing.denseCount >= end && showsTrunk(end)
    }

    /// Whether the positions `start ..< end` can be adopted.
    func acceptsPrefix(from start: Int, to end: Int, of engine: Engine) -> Bool {
        trunkRing.denseCount == trunkRing.end && trunkRing.end <= end && headRing.count < end && showsTrunk(end)
            && start <= min(trunkRing.count, headRing.count)
            && (engine.isRowExact || inputs(before: end).allSatisfy(\.needsTrunk))
    }

    private func showsTrunk(_ end: Int) -> Bool { plan.trunkCount(before: end, promptCount: promptCount) == end }

    /// Copies the keys and values of positions.
    func copyPrefix(_ range: Range<Int>, to buffer: UnsafeMutableRawBufferPointer) {
        var offset = 0
        for ring in [trunkRing, headRing] {
            ring.forEachPart(of: range) { part in
                UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + part.count]).copyMemory(
                    from: UnsafeRawBufferPointer(part))
                offset += part.count
            }
        }
    }

    /// Takes the keys and values of the positions `start ..< end`, as `copyPrefix` wrote them, in place of computing them. The last
    /// token's are then computed all the same, for its logits.
    func adopt(_ buffer: UnsafeRawBufferPointer, from start: Int, to end: Int) {
        var offset = 0
        let inputs = inputs(before: end)
        for ring in [trunkRing, headRing] {
            ring.extend(from: start, to: end) { part in
                part.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + part.count]))
                offset += part.count
            }
        }
        fed = inputs
        // The head has seen these positions, so their trunk outputs are not needed.
        trunkOutputs.skip(to: end)
        wholeChunkEnd = end
        if end == tokens.count { forgetLast() }
    }
}

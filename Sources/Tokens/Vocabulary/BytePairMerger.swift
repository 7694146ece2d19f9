/// Applies the merges to one piece at a time; reuses its memory between pieces.
///
/// A piece is a linked list of tokens; its possible merges form a heap ordered by rank, then position. A merge whose
/// tokens have changed stays in the heap and is skipped when popped, so any piece of n bytes takes O(n log n) steps.
/// Order and skipping rule follow Hugging Face tokenizers.
struct BytePairMerger {
    private struct Symbol {
        /// −1 once merged into the left neighbour.
        var token: Int32
        /// Index of the neighbour, or −1.
        var previous: Int32
        var next: Int32
    }

    private struct Candidate {
        /// Rank, then the left symbol's index. The lowest is merged first.
        let order: UInt64
        let token: Int32
    }

    private let model: BytePairModel
    private var symbols: [Symbol] = []
    private var heap: [Candidate] = []

    init(_ model: BytePairModel) { self.model = model }

    /// Appends the tokens of `piece`.
    mutating func append(_ piece: Slice<UnsafeBufferPointer<UInt8>>, to ids: inout [Int]) {
        if let token = model.wholeToken(piece) { return ids.append(token) }
        start(piece)
        for index in symbols.indices.dropLast() { offer(index) }
        while let best = popCandidate() { apply(best) }
        for symbol in symbols where symbol.token >= 0 { ids.append(Int(symbol.token)) }
    }

    private mutating func start(_ piece: Slice<UnsafeBufferPointer<UInt8>>) {
        symbols.removeAll(keepingCapacity: true)
        heap.removeAll(keepingCapacity: true)
        for byte in piece {
            guard let token = model.byteTokens[Int(byte)] else { continue }
            let index = Int32(symbols.count)
            symbols.append(Symbol(token: token, previous: index - 1, next: index + 1))
        }
        if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
    }

    /// Pushes the merge of the symbol at `index` with its right neighbour onto the heap, if there is one.
    private mutating func offer(_ index: Int) {
        let left = symbols[index]
        guard left.next >= 0, let merge = model.merges[left.token, symbols[Int(left.next)].token] else { return }
        push(Candidate(order: UInt64(merge.rank) << 32 | UInt64(index), token: merge.id))
    }

    private mutating func apply(_ candidate: Candidate) {
        let index = Int(truncatingIfNeeded: candidate.order & 0xFFFF_FFFF)
        let left = symbols[index]
        guard left.token >= 0, left.next >= 0 else { return }
        let right = symbols[Int(left.next)]
        guard model.merges[left.token, right.token]?.id == candidate.token else { return }
        symbols[Int(left.next)].token = -1
        symbols[index].token = candidate.token
        symbols[index].next = right.next
        if right.next >= 0 { symbols[Int(right.next)].previous = Int32(index) }
        if left.previous >= 0 { offer(Int(left.previous)) }
        offer(index)
    }
}

// A binary heap with the lowest order on top.

extension BytePairMerger {
    private mutating func push(_ candidate: Candidate) {
        heap.append(candidate)
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard candidate.order < heap[parent].order else { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = candidate
    }

    private mutating func popCandidate() -> Candidate? {
        guard let last = heap.popLast() else { return nil }
        guard let top = heap.first else { return last }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].order < heap[child].order { child += 1 }
            guard heap[child].order < last.order else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return top
    }
}

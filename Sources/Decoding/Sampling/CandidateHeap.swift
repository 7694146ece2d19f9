/// A token and its probability relative to the most likely one's.
struct Candidate {
    let token: Int
    let weight: Float

    /// Equally likely tokens keep the order of their ids, so that draws never depend on the heap's history.
    func precedes(_ other: Candidate) -> Bool {
        weight != other.weight ? weight > other.weight : token < other.token
    }
}

/// Candidates that give up their most likely ones in order, without allocating: a heap in front, what was taken from
/// it behind, most likely last.
struct CandidateHeap {
    private var storage: [Candidate] = []
    private var heapCount = 0

    init(capacity: Int) { storage.reserveCapacity(capacity) }

    var count: Int { storage.count }

    mutating func removeAll() {
        storage.removeAll(keepingCapacity: true)
        heapCount = 0
    }

    mutating func append(_ candidate: Candidate) {
        storage.append(candidate)
        heapCount += 1
    }

    /// The candidate of `rank`, 0 the most likely, once `takeMostLikely` has been called more than `rank` times;
    /// before any call, the candidates in no order.
    subscript(rank: Int) -> Candidate { storage[storage.count - 1 - rank] }

    /// Puts the candidates in heap order: takes time linear in their number.
    mutating func heapify() {
        for index in stride(from: heapCount / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
    }

    /// Takes the most likely candidate off the heap and returns it.
    mutating func takeMostLikely() -> Candidate {
        heapCount -= 1
        storage.swapAt(0, heapCount)
        siftDown(from: 0)
        return storage[heapCount]
    }

    private mutating func siftDown(from start: Int) {
        var parent = start
        while 2 * parent + 1 < heapCount {
            var child = 2 * parent + 1
            if child + 1 < heapCount, storage[child + 1].precedes(storage[child]) { child += 1 }
            guard storage[child].precedes(storage[parent]) else { return }
            storage.swapAt(parent, child)
            parent = child
        }
    }
}

/// Candidates that are taken in order of probability, without allocating. The front of the storage is a heap; candidates taken
/// from it are at the back, the most likely last.
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

    /// The candidate of `rank`, 0 being the most likely, once `takeMostLikely` has been called more than `rank` times. Before any
    /// call, the candidates are in no order.
    subscript(rank: Int) -> Candidate { storage[storage.count - 1 - rank] }

    /// Puts the candidates in heap order, in linear time.
    mutating func heapify() {
        for index in stride(from: heapCount / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
    }

    /// Removes the most likely candidate from the heap and returns it.
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

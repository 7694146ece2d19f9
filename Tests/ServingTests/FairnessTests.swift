import Decoding
import Dispatch
import Serving
import Testing

/// Clients take turns, and none locks out another.
struct FairnessTests {
    private static func job(
        _ client: String, prompt: Int = 2, tokens: Int = 4, _ listener: Listener = Listener()
    ) -> Job {
        Job(
            prompt: Array(repeating: 7, count: prompt), plan: .vanilla,
            options: GenerationOptions(maximumTokens: tokens, sampling: .greedy, ignoresEnd: true),
            client: Client(id: client)
        ) { listener.hear($0) }
    }

    @Test("clients take turns; each client's own elements keep their order")
    func turns() {
        var queue = FairQueue<Int>()
        for (client, number) in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("b", 6)] {
            queue.add(number, for: client)
        }
        #expect(queue.clientCount == 3 && queue.count(of: "a") == 3)
        var order: [Int] = []
        while let number = queue.next() { order.append(number) }
        #expect(order == [1, 4, 5, 2, 6, 3])
        #expect(queue.count == 0)
    }

    @Test("elements that are not taken keep their places")
    func conditions() {
        var queue = FairQueue<Int>()
        for number in 1...4 { queue.add(number, for: number < 4 ? "a" : "b") }
        #expect(queue.next { $0 > 1 } == 2)
        #expect(queue.removeAll { $0 == 3 } == [3])
        #expect(queue.next() == 4 && queue.next() == 1 && queue.next() == nil)
    }

    @Test("a client without a seat gets one beside a full batch of another's")
    func guestSeat() throws {
        var limits = ServingLimits()
        limits.batchSize = 2
        let engine = try Fixture.engine(limits)
        let long = (0..<6).map { _ in Listener() }
        let short = Listener()
        try engine.queue.submit(long.map { Self.job("a", tokens: 400, $0) })
        for _ in 0..<5 { engine.step() }
        try engine.queue.submit([Self.job("b", tokens: 4, short)])
        for _ in 0..<6 { engine.step() }
        #expect(short.hasEnded)
        #expect(long.filter { $0.count > 0 }.count == 2)
    }

    @Test("a queue that one client fills still takes another's share, up to twice its length")
    func shares() throws {
        var limits = ServingLimits()
        limits.queueLength = 4
        let queue = try Fixture.engine(limits).queue
        try queue.submit((0..<4).map { _ in Self.job("a") })
        #expect(throws: AdmissionError.queueFull(limit: 4)) { try queue.submit([Self.job("a")]) }
        try queue.submit([Self.job("b"), Self.job("b")])
        #expect(throws: AdmissionError.queueFull(limit: 4)) { try queue.submit([Self.job("b")]) }
        try queue.submit([Self.job("c")])
        try queue.submit([Self.job("d")])
        #expect(throws: AdmissionError.queueFull(limit: 4)) { try queue.submit([Self.job("e")]) }
    }

    @Test("a request that is being prepared has a place in the queue until it is dropped or becomes jobs")
    func places() throws {
        var limits = ServingLimits()
        limits.queueLength = 2
        let queue = try Fixture.engine(limits).queue
        do {
            let first = try queue.enter(Client(id: "a"))
            let second = try queue.enter(Client(id: "a"))
            #expect(throws: AdmissionError.queueFull(limit: 2)) { try queue.submit([Self.job("a")]) }
            try queue.submit([Self.job("a")], from: second)
            #expect(throws: AdmissionError.queueFull(limit: 2)) { try queue.submit([Self.job("a")]) }
            try queue.submit([Self.job("a")], from: first)
        }
        #expect(queue.count == 2)
    }

    @Test("small jobs overtake one that does not fit, but not for ever")
    func overtaking() throws {
        var limits = ServingLimits()
        limits.batchSize = 4
        limits.queueLength = 256
        limits.kvByteCount = 1024 * (try Fixture.bytesPerSlot(Fixture.model))
        let engine = try Fixture.engine(limits)
        let (running, large) = (Listener(), Listener())
        try engine.queue.submit([Self.job("a", tokens: 200, running), Self.job("a", prompt: 600, tokens: 300, large)])
        var small: [Listener] = []
        while !large.hasEnded, small.count < 200 {
            small.append(Listener())
            try engine.queue.submit([Self.job("a", tokens: 2, small[small.count - 1])])
            for _ in 0..<4 { engine.step() }
        }
        #expect(small[0].hasEnded)
        #expect(large.hasEnded)
    }

    @Test("large bodies of one client leave memory for another's; the first bytes are free")
    func bodies() {
        let budget = BodyBudget(byteCount: 100)
        #expect(budget.take(50, for: "a"))
        #expect(!budget.take(1, for: "a"))
        #expect(budget.take(50, for: "b"))
        #expect(!budget.take(1, for: "c"))
        budget.give(50, for: "a")
        #expect(budget.take(30, for: "c"))
    }

    @Test("small work does not wait for large work")
    func workers() async throws {
        let workers = Workers()
        let end = DispatchSemaphore(value: 0)
        async let large = workers.run(Workers.largeByteCount, for: Client(id: "a")) { end.wait(timeout: .now() + 10) }
        let small = try await workers.run(1, for: Client(id: "b")) { 2 }
        end.signal()
        #expect(small == 2)
        #expect(try await large == .success)
    }
}

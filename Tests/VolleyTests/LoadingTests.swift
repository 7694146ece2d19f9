import Foundation
import Synchronization
import TestSupport
import Testing
import Volley
import Weights

/// What a program hears while a model is loaded, and what it can stop.
struct LoadingTests {
    /// Shares of one loading, as they came.
    private final class Shares: Sendable {
        private let values = Mutex<[Double]>([])

        var all: [Double] { values.withLock { $0 } }

        func append(_ share: Double) { values.withLock { $0.append(share) } }
    }

    private static func expectHonest(_ shares: [Double], atLeast count: Int) {
        #expect(shares.count >= count, "\(shares.count)")
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(shares.allSatisfy { (0...1).contains($0) } && shares.last == 1)
        // Each step is a frame or a layer, no step most of the work.
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $1 - $0 < 0.5 })
    }

    @Test("the share done rises to 1: of a packed checkpoint by frames and layers, of others by layers")
    func progress() async throws {
        let packed = Shares()
        let model = try await Model.load(Goldens.embedded) { packed.append($0) }
        Self.expectHonest(packed.all, atLeast: model.configuration.layerCount)
        let plain = Shares()
        let small = try await Model.load(Goldens.url("dmtd/qwen3-tied").path) { plain.append($0) }
        Self.expectHonest(plain.all, atLeast: small.configuration.layerCount)
    }

    /// A loading that its own listener can cancel, once it is known.
    private final class Loading: Sendable {
        private let task = Mutex<Task<Model, any Error>?>(nil)
        private let isKnown = DispatchSemaphore(value: 0)

        func set(_ task: Task<Model, any Error>) {
            self.task.withLock { $0 = task }
            isKnown.signal()
        }

        func cancel() {
            isKnown.wait()
            task.withLock { $0?.cancel() }
        }
    }

    @Test("a cancelled task stops loading where it is", arguments: [0.01, 0.3, 0.8])
    func cancellation(_ share: Double) async throws {
        let shares = Shares()
        let loading = Loading()
        let task = Task {
            try await Model.load(Goldens.embedded) { done in
                shares.append(done)
                if done >= share, shares.all.filter({ $0 >= share }).count == 1 { loading.cancel() }
            }
        }
        loading.set(task)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect((shares.all.last ?? 1) < 1)
    }
}

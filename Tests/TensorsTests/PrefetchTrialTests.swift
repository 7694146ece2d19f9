import Tensors
import Testing

struct PrefetchTrialTests {
    private static let matrices = [12, 8, 24, 12, 6]

    @Test(
        "the faster kind wins, for any sequence of matrices and despite occasional slow runs",
        arguments: [true, false], 1...5)
    func verdict(asking: Bool, period: Int) {
        var trial = PrefetchTrial()
        var measurements = 0
        while !trial.isOver && measurements < 1 << 16 {
            let byteCount = Self.matrices[measurements % period] << 20
            var seconds = Double(byteCount) * (trial.prefetches == asking ? 1 : 1.05)
            if measurements % 7 == 0 { seconds *= 20 }
            trial.record(seconds: seconds, byteCount: byteCount)
            measurements += 1
        }
        #expect(trial.prefetches == asking)
        #expect(measurements == 2 * PrefetchTrial.length)
    }

    @Test("the trial repeats after a while, because a shared machine's bandwidth changes")
    func terms() {
        var trial = PrefetchTrial()
        for asking in [true, false, false, true] {
            while !trial.isOver { trial.record(seconds: trial.prefetches == asking ? 1 : 2, byteCount: 1) }
            for _ in 0..<PrefetchTrial.term {
                #expect(trial.isOver && trial.prefetches == asking)
                trial.recordUntimed()
            }
            #expect(!trial.isOver)
        }
    }

    @Test("each matrix of a layer gets its share of both kinds", arguments: 1...8)
    func shares(period: Int) {
        var trial = PrefetchTrial()
        var asking = [Int](repeating: 0, count: period), all = asking
        var index = 0
        while !trial.isOver {
            asking[index % period] += trial.prefetches ? 1 : 0
            all[index % period] += 1
            index += 1
            trial.record(seconds: 1, byteCount: 1)
        }
        for kind in 0..<period { #expect(abs(2 * asking[kind] - all[kind]) <= all[kind] / 4, "\(asking) of \(all)") }
    }
}

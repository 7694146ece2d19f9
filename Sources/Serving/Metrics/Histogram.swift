/// A Prometheus histogram.
struct Histogram: Sendable {
    let bounds: [Double]
    /// For each bound, the values up to it and above the one before; last, the values above all bounds.
    private var counts: [Int]
    private var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func add(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// The histogram in Prometheus' text format.
    func text(_ name: String, help: String) -> String {
        var total = 0
        var lines = "# HELP \(name) \(help)\n# TYPE \(name) histogram\n"
        for (bound, count) in zip(bounds, counts) {
            total += count
            lines += "\(name)_bucket{le=\"\(bound)\"} \(total)\n"
        }
        total += counts[bounds.count]
        return lines + "\(name)_bucket{le=\"+Inf\"} \(total)\n\(name)_sum \(sum)\n\(name)_count \(total)\n"
    }
}

/// Repeated measurements of one quantity.
package struct Samples: Sendable, Equatable {
    package private(set) var values: [Double]

    package init(_ values: [Double] = []) { self.values = values }

    package mutating func append(_ value: Double) { values.append(value) }

    /// The median; 0 if there are no values.
    package var median: Double { quantile(0.5) }
    package var lowest: Double { values.min() ?? 0 }
    package var highest: Double { values.max() ?? 0 }

    /// Interquartile range over the median.
    package var spread: Double { median > 0 ? (quantile(0.75) - quantile(0.25)) / median : 0 }

    /// Above this spread, a median is not reliable.
    package static let trustedSpread = 0.1
    package var isSteady: Bool { spread <= Self.trustedSpread }

    /// The quantile, interpolated linearly between neighbours.
    private func quantile(_ share: Double) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.indices.last else { return 0 }
        let rank = share * Double(last)
        let below = Int(rank)
        let above = min(below + 1, last)
        return sorted[below] + (sorted[above] - sorted[below]) * (rank - Double(below))
    }
}

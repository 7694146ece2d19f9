/// Repeated measurements of one thing.
package struct Samples: Sendable, Equatable {
    package private(set) var values: [Double]

    package init(_ values: [Double] = []) { self.values = values }

    package mutating func append(_ value: Double) { values.append(value) }

    /// The middle one, or the mean of the middle two; 0 of none.
    package var median: Double { quantile(0.5) }
    package var lowest: Double { values.min() ?? 0 }
    package var highest: Double { values.max() ?? 0 }

    /// Distance between the quartiles over the median: how far a measurement can be trusted.
    package var spread: Double { median > 0 ? (quantile(0.75) - quantile(0.25)) / median : 0 }

    /// Beyond this spread a median says little.
    package static let trustedSpread = 0.1
    package var isSteady: Bool { spread <= Self.trustedSpread }

    /// Interpolated between neighbours.
    private func quantile(_ share: Double) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.indices.last else { return 0 }
        let place = share * Double(last)
        let below = Int(place)
        let above = min(below + 1, last)
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
}

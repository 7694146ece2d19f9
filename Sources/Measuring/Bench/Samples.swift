/// Repeated measurements of one thing.
public struct Samples: Sendable, Equatable {
    public private(set) var values: [Double]

    public init(_ values: [Double] = []) { self.values = values }

    public mutating func append(_ value: Double) { values.append(value) }

    /// The middle one, or the mean of the middle two; 0 of none.
    public var median: Double { quantile(0.5) }
    public var lowest: Double { values.min() ?? 0 }
    public var highest: Double { values.max() ?? 0 }

    /// Distance between the quartiles over the median: how far a measurement can be trusted.
    public var spread: Double { median > 0 ? (quantile(0.75) - quantile(0.25)) / median : 0 }

    /// Beyond this spread a median says little.
    public static let trustedSpread = 0.1
    public var isSteady: Bool { spread <= Self.trustedSpread }

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

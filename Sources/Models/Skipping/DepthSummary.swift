/// Mean and variance of layers per token.
public struct DepthSummary: Sendable, Equatable {
    public let mean: Double
    /// The population variance.
    public let variance: Double

    /// - Parameter layersUsed: the layers that each token ran; if empty, mean and variance are 0.
    public init(_ layersUsed: [Double]) {
        let count = Double(max(layersUsed.count, 1))
        let mean = layersUsed.reduce(0, +) / count
        self.mean = mean
        variance = layersUsed.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    }
}

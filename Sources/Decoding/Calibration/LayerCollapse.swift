import Models
import Tensors

/// Layers collapsed into the first of each run (LaCo, arXiv 2402.11187).
///
/// From the last layers on, a run of four becomes one where the residuals that come out of the last layer stay like the
/// model's, on a text; else the run that begins one layer earlier is tried. Runs do not overlap. The threshold is the highest
/// that leaves out as many layers as were asked for, and the last run is as short as they need.
package struct LayerCollapse: Sendable {
    package let layerCount: Int
    /// Runs of layers that became one, the last first.
    package let runs: [Range<Int>]
    /// What each run became, by its first layer.
    package let collapsed: [Int: LayerWeights]
    /// Average cosine between the model's residuals and those without the layers, over the text's tokens.
    package let similarity: Double

    /// Layers of a run, C in the paper.
    private static let runLength = 4

    /// - Parameter tokens: the text, of which the first 512 are looked at.
    /// - Throws: `PlanError.layersOutOfRange` where runs cannot leave out so many, `PlanError.weightsNotFinite`;
    ///   `SessionError` for no tokens, or one outside the vocabulary.
    package init(of stack: LayerStack, leavingOut count: Int, on tokens: [Int], options: SessionOptions) throws {
        let largest = max(
            stack.layers.count / Self.runLength * (Self.runLength - 1), min(stack.layers.count, Self.runLength) - 1)
        guard (0...largest).contains(count) else {
            throw PlanError.layersOutOfRange(plan: "laco", count: count, range: 0...largest)
        }
        let trials = CollapseTrials(of: stack, pass: try CalibrationPass(of: stack, on: tokens, options: options))
        do {
            var (threshold, attempt) = (1.0, try Self.attempt(count, above: 1, trials))
            while attempt.left > 0 {
                // The next threshold at which another run is taken.
                threshold = attempt.closest
                attempt = try Self.attempt(count, above: threshold, trials)
            }
            layerCount = stack.layers.count
            runs = attempt.runs
            similarity = try trials.similarity(of: runs)
            collapsed = try trials.weights(of: runs)
        } catch is ConversionError {
            throw PlanError.weightsNotFinite(plan: "laco:\(count)")
        }
    }

    private struct Attempt {
        var runs: [Range<Int>] = []
        /// Layers that are yet to be left out.
        var left: Int
        /// The highest similarity that was too low.
        var closest = -Double.infinity
    }

    /// The paper's loop.
    private static func attempt(_ count: Int, above threshold: Double, _ trials: CollapseTrials) throws -> Attempt {
        var attempt = Attempt(left: count)
        var end = trials.layerCount
        while attempt.left > 0 {
            let run = end - min(runLength, attempt.left + 1)..<end
            guard run.lowerBound >= 0 else { break }
            let similarity = try trials.similarity(of: attempt.runs + [run])
            if similarity >= threshold {
                attempt.runs.append(run)
                attempt.left -= run.count - 1
                end = run.lowerBound
            } else {
                attempt.closest = max(attempt.closest, similarity)
                end -= 1
            }
        }
        return attempt
    }
}

/// Tries collapsed layers on a text.
private final class CollapseTrials {
    private let stack: LayerStack
    private let pass: CalibrationPass
    /// Residuals that go into each layer of the whole model, and what comes out of the last: [layer], [token, hidden].
    private let residuals: [AlignedBuffer<Float>]
    private var similarities: [[Range<Int>]: Double] = [:]
    /// Of the last trial's runs.
    private var collapsed: [Range<Int>: LayerWeights] = [:]

    var layerCount: Int { stack.layers.count }

    init(of stack: LayerStack, pass: CalibrationPass) {
        (self.stack, self.pass) = (stack, pass)
        residuals =
            [pass.copiedHidden()]
            + stack.layers.map { layer in
                pass.run([layer])
                return pass.copiedHidden()
            }
    }

    /// What the residuals after the last layer keep of the model's where `runs`, the last first, are collapsed.
    func similarity(of runs: [Range<Int>]) throws(ConversionError) -> Double {
        guard let first = runs.last?.lowerBound else { return 1 }
        if let known = similarities[runs] { return known }
        let weights = try weights(of: runs)
        pass.resume(from: residuals[first])
        pass.run(
            (first..<layerCount).compactMap { layer in
                guard let run = runs.first(where: { $0.contains(layer) }) else { return stack.layers[layer] }
                return weights[layer].flatMap { layer == run.lowerBound ? $0 : nil }
            })
        let similarity = pass.averageCosine(with: residuals[layerCount])
        // What is no number is like nothing.
        similarities[runs] = similarity.isNaN ? -1 : similarity
        return similarities[runs] ?? -1
    }

    /// By the runs' first layers.
    func weights(of runs: [Range<Int>]) throws(ConversionError) -> [Int: LayerWeights] {
        var found: [Range<Int>: LayerWeights] = [:]
        for run in runs {
            let (first, others) = (stack.layers[run.lowerBound], Array(stack.layers[run.dropFirst()]))
            if let known = collapsed[run] { found[run] = known } else { found[run] = try first.collapsed(with: others) }
        }
        collapsed = found
        return Dictionary(uniqueKeysWithValues: found.map { ($0.lowerBound, $1) })
    }
}

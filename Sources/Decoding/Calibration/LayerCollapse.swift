import Models
import Tensors

/// Runs of layers, each merged into one layer (LaCo, arXiv 2402.11187).
///
/// The search goes from the last layers to the first. A run of four layers is merged if the output of the last layer stays
/// similar to the model's on a text; otherwise the run that begins one layer earlier is tried. Runs do not overlap. The
/// similarity threshold is the highest that leaves out the requested number of layers. The last run is as short as that
/// number needs.
package struct LayerCollapse: Sendable {
    package let layerCount: Int
    /// Merged runs of layers, the last first.
    package let runs: [Range<Int>]
    /// The layer that replaces each run, by the run's first layer.
    package let collapsed: [Int: LayerWeights]
    /// Average cosine between the outputs of the last layer with and without merged layers, over the text's tokens.
    package let similarity: Double

    /// Layers per run, C in the paper.
    private static let runLength = 4

    /// - Parameter tokens: the text; its first 512 tokens are used.
    /// - Throws: `PlanError.experts` for a mixture of experts, `PlanError.layersOutOfRange` if runs cannot leave out `count` layers, `PlanError.weightsNotFinite`;
    ///   `SessionError` if `tokens` is empty or holds an id outside the vocabulary.
    package init(of stack: LayerStack, leavingOut count: Int, on tokens: [Int], options: SessionOptions) throws {
        guard stack.configuration.experts == nil else { throw PlanError.experts(plan: "laco:\(count)") }
        let largest = max(
            stack.layers.count / Self.runLength * (Self.runLength - 1), min(stack.layers.count, Self.runLength) - 1)
        guard (0...largest).contains(count) else {
            throw PlanError.layersOutOfRange(plan: "laco", count: count, range: 0...largest)
        }
        let trials = CollapseTrials(of: stack, pass: try CalibrationPass(of: stack, on: tokens, options: options))
        do {
            var (threshold, attempt) = (1.0, try Self.attempt(count, above: 1, trials))
            while attempt.left > 0 {
                // The highest threshold that accepts another run.
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
        /// Layers still to be left out.
        var left: Int
        /// The highest similarity below the threshold.
        var closest = -Double.infinity
    }

    /// The paper's search for runs whose similarity is at least `threshold`.
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

/// Measures the similarity of merged layers on a text.
private final class CollapseTrials {
    private let stack: LayerStack
    private let pass: CalibrationPass
    /// The input of each layer of the unmerged model, and the output of the last: [layer], [token, hidden].
    private let residuals: [AlignedBuffer<Float>]
    private var similarities: [[Range<Int>]: Double] = [:]
    /// The merged layers of the last trial.
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

    /// The average cosine between the outputs of the last layer with and without merging `runs`, the last first.
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
        // NaN: treat the outputs as unrelated.
        similarities[runs] = similarity.isNaN ? -1 : similarity
        return similarities[runs] ?? -1
    }

    /// The merged layers, by the first layer of each run.
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

import JSON
import Weights

/// The tensors of a checkpoint that the model has not read.
final class UnreadTensors {
    private var names: Set<String>

    init(_ checkpoint: Checkpoint) { names = Set(checkpoint.tensorNames.filter { !Self.isHarmless($0) }) }

    func noteRead(_ name: String) { names.remove(name) }

    /// Refuses a checkpoint with unread tensors: they were trained for a different forward pass.
    ///
    /// - Throws: `CheckpointError.unsupported`, naming the first of the tensors.
    func refuse(_ checkpoint: Checkpoint, modelType: String) throws(CheckpointError) {
        guard !names.isEmpty else { return }
        let shown = names.sorted().prefix(3).map { quoted($0) }.joined(separator: ", ")
        let rest = names.count > 3 ? " and \(names.count - 3) more" : ""
        throw .unsupported(
            path: checkpoint.path, place: "\(names.count == 1 ? "tensor" : "tensors") \(shown)\(rest)",
            problem: "a model of type \(modelType) has no use for \(names.count == 1 ? "it" : "them")",
            remedy: "use the configuration that belongs to the weights, or leave such tensors out with "
                + "--ignore-unused-tensors")
    }

    /// Whether the tensor is a table of RoPE frequencies, which some converters store and every program computes.
    private static func isHarmless(_ name: String) -> Bool {
        [".rotary_emb.inv_freq", ".attn_rot_embd.weight", ".attn_rot_embd"].contains { name.hasSuffix($0) }
    }
}

/// Why an add-on head does not belong to a model, in one sentence.
package enum CycleHeadError: Error, Equatable, CustomStringConvertible {
    case layerCount(head: String, count: Int, model: Int)
    case otherModel(head: String, base: String?)

    package var description: String {
        switch self {
        case .layerCount(let head, let count, let model):
            "\(head) has \(count) head layers and the model is cut to \(model); give --head-layers \(count), or leave it out"
        case .otherModel(let head, let base):
            "\(head) is the head of \(base ?? "another model"), whose norms differ from this model's; give that model, or its own head"
        }
    }
}

import Models
import Tensors

/// The weights that a head pass runs: they differ if the model has a head of its own for cycles.
enum HeadPart {
    /// The model's own head, for positions that are fed T.
    case own
    /// The head of head-only places.
    case cycle

    func layers(of stack: LayerStack) -> ArraySlice<LayerWeights> { self == .own ? stack.head : stack.cycleLayers }

    func norm(of stack: LayerStack) -> Vector { self == .own ? stack.finalNorm : stack.cycleNorm }
}

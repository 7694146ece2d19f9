import Volley

/// A model and how long it took to load.
struct LoadedModel {
    let model: Model
    let seconds: Double
}

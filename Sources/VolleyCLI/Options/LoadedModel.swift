import Volley

/// A model and its loading time.
struct LoadedModel {
    let model: Model
    let seconds: Double
}

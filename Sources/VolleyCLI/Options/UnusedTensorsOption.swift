import ArgumentParser

/// The option that ignores tensors which the model does not use.
struct UnusedTensorsOption: ParsableArguments {
    @Flag(help: "Ignore tensors that the model does not use, rather than refuse the checkpoint.")
    var ignoreUnusedTensors = false
}

import ArgumentParser

/// The option that ignores tensors which the model does not use.
struct UnusedTensorsOption: ParsableArguments {
    @Flag(help: "Leave out tensors that the model has no use for, in place of refusing the checkpoint.")
    var ignoreUnusedTensors = false
}

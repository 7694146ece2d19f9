import ArgumentParser
import Volley

/// The model, and how it computes.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A native or Hugging Face directory, or a .gguf file (default: the embedded model).", valueName: "path"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "A head of its own for the head-only places of cycles, trained for this model.", valueName: "path"))
    var head: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Use the last N layers as the head (default: the checkpoint's number).", valueName: "n"))
    var headLayers: Int?

    @Option(
        help: ArgumentHelp(
            "Convert lm_head, which is read for every token: f32, bf16, f16, q8_0, q4_0 or q4_1.", valueName: "format"))
    var lmHeadFormat: HeadFormat?

    @Option(name: .customLong("head-format"), help: .hidden)
    var oldLMHeadFormat: HeadFormat?

    @Option(
        help: ArgumentHelp(
            "Convert the FP8 weights of a Hugging Face directory: formats as for --lm-head-format (default: bf16).",
            valueName: "format"))
    var fp8Format: HeadFormat?

    @Flag(
        help: "In greedy decoding, find the next token with a smaller copy of lm_head: exact, faster, more memory.")
    var screen = false

    @Option(parsing: .unconditional, help: "Compute threads (default: all cores).")
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Number format of the KV cache: f16, q8_0, f32, or those of keys and values, as in q8_0/f16.",
            valueName: "format"))
    var kv: KVFormat = .f16

    @Option(
        help: ArgumentHelp(
            "Format of activations for quantised weights: int16, or int8, which is faster and less exact.",
            valueName: "format"))
    var activations: ActivationFormat = .int16

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Attend only to the last W positions, so that memory use stays constant.", valueName: "w"))
    var window: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With a window, also attend to the first S positions.", valueName: "s"))
    var sinks: Int = 0

    @Flag(help: "Load a native checkpoint without verifying its tensors' checksums.")
    var skipChecksums = false

    @OptionGroup var unused: UnusedTensorsOption

    func load() throws -> LoadedModel {
        let loaded = try load(model ?? Embedded().model, headLayers: headLayers)
        guard let head else { return loaded }
        let start = ContinuousClock.now
        let model = try loaded.model.with(cycleHead: head, threadCount: sessionOptions().threadCount)
        return LoadedModel(model: model, seconds: loaded.seconds + (ContinuousClock.now - start).seconds)
    }

    /// Loads the model, and the smaller one that drafts for it, if there is one.
    func load(_ drafts: DraftOptions) throws -> LoadedModel {
        let loaded = try load()
        guard let path = drafts.modelPath else { return loaded }
        let drafting = try load(path, headLayers: nil)
        return LoadedModel(
            model: try loaded.model.drafted(by: drafting.model), seconds: loaded.seconds + drafting.seconds)
    }

    /// Loads the checkpoint that runs vanilla, with the same options.
    func loadBaseline(_ path: String) throws -> Model { try load(path, headLayers: nil).model }

    private func load(_ path: String, headLayers: Int?) throws -> LoadedModel {
        let start = ContinuousClock.now
        let options = sessionOptions()
        try options.check()
        let loaded = try Model(
            path: path, headLayers: headLayers, vocabularyFormat: (lmHeadFormat ?? oldLMHeadFormat)?.format,
            fp8Format: fp8Format?.format ?? .bf16, screens: screen, threadCount: options.threadCount,
            checksTensors: !skipChecksums, ignoresUnusedTensors: unused.ignoreUnusedTensors)
        (loaded.warnings + (loaded.tokenizer?.warnings ?? [])).forEach(StandardError.warn)
        return LoadedModel(model: loaded, seconds: (ContinuousClock.now - start).seconds)
    }

    func sessionOptions() -> SessionOptions {
        var options = SessionOptions(kvFormat: kv, activations: activations, window: window, sinkCount: sinks)
        if let threads { options.threadCount = threads }
        return options
    }
}

extension KVFormat: ExpressibleByArgument {
    public static var allValueStrings: [String] { numberFormats.map(\.rawValue) + ["KEYS/VALUES"] }
}
extension ActivationFormat: ExpressibleByArgument {}

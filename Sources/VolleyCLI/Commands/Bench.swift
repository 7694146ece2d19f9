import ArgumentParser
import Measuring
import Volley

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure prompt and decoding speed by factor, compared with vanilla and with the memory's bandwidth.",
        discussion: """
            Measures checkpoints, or random weights in the shape of a known model. Tokens are decoded greedily, as \
            `generate` does, and checked once against the same sequence computed in one pass. Then the factors decode \
            in turns, in --repeats rounds. Figures are medians; the spread is the interquartile range over the median. \
            The byte limit is the speedup if speed depended only on the bytes of weights, keys and values that must be \
            read. `of limit` is decoding speed over the roofline at the memory bandwidth measured in the same rounds.

            EXAMPLES
              volley bench
              volley bench --shape qwen3-0.6b --format q8_0 -p 512 -n 128
              volley bench --shape qwen3-4b --format q4_0 --mtd off,2,4,6 --passes --profile
              volley bench --shape qwen3-4b --mtd off --skip 0,0.25,0.5,0.75,1
              volley bench -m a.gguf b.gguf -t 1 -d 4096 -o json
            """)

    @Option(
        name: .shortAndLong, parsing: .upToNextOption,
        help: ArgumentHelp(
            "Native or Hugging Face directories, or .gguf files (default: the embedded model).", valueName: "paths"))
    var model: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Random weights in the shape of \(ModelShape.all.map(\.name).joined(separator: ", ")), or of its first layers, as \
            qwen3-30b-a3b:12.
            """, valueName: "names")
    )
    var shape: [ModelShape] = []

    @Option(help: ArgumentHelp("Format of random weights.", valueName: "format"))
    var format: StorageFormat = .q8_0

    @Option(
        help: ArgumentHelp(
            "Format of lm_head (default: the model's, or --format): f32, bf16, f16, q8_0, q4_0 or q4_1.",
            valueName: "format"))
    var lmHeadFormat: HeadFormat?

    @Option(name: .customLong("head-format"), help: .hidden)
    var oldLMHeadFormat: HeadFormat?

    @Option(
        help: ArgumentHelp(
            "Convert the FP8 weights of a Hugging Face directory: formats as for --lm-head-format (default: bf16).",
            valueName: "format"))
    var fp8Format: HeadFormat?

    @Flag(help: "Find the next token with a smaller copy of lm_head, as --screen of generate does.")
    var screen = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Use the last N layers as the head (default: the model's number).", valueName: "n"))
    var headLayers: Int?

    @Option(
        help: ArgumentHelp(
            "A head of its own for the head-only places of cycles, trained for the model of --model.", valueName: "path"
        ))
    var head: String?

    @Option(
        name: [.short, .customLong("prompt")], parsing: .unconditional, help: "Tokens of the timed prompt; 0 for none.")
    var promptTokens = 512

    @Option(
        name: [.customShort("n"), .customLong("decode")], parsing: .unconditional,
        help: "Tokens that each factor decodes.")
    var decodeTokens = 128

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Tokens in the context before the decoded ones.")
    var depth = 0

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Timed rounds.")
    var repeats = 5

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Compute threads (default: all cores).")
    var threads: Int?

    @Flag(help: "Pin each compute thread to one processor.")
    var pin = false

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

    @OptionGroup var unused: UnusedTensorsOption

    @Option(help: ArgumentHelp("Factors to compare; off is vanilla.", valueName: "off,2,3"))
    var mtd: MTDFactors?

    @OptionGroup var rule: RuleOptions

    @Flag(help: "Measure the cost of trunk passes over 1 to 16 tokens.")
    var passes = false

    @Option(
        help: ArgumentHelp(
            "Measure decoding with these shares of the routed layers skipped, by forced gates.",
            valueName: "0,0.5,1"))
    var skip: SkipRates?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With --skip, route the last N layers (default: half of the layers).", valueName: "n"))
    var routedLayers: Int?

    @Option(
        help: ArgumentHelp(
            """
            Measure kept, refreshed, metered and verified cycles of the factors of --mtd. Drafts of the last become tokens with \
            these probabilities, whatever the model would choose.
            """, valueName: "0,0.5,0.9"))
    var acceptance: SkipRates?

    @Flag(help: "Show the time that decoding spends in each part.")
    var profile = false

    @Option(name: .shortAndLong, help: ArgumentHelp("Output format: md, json or csv.", valueName: "form"))
    var output: Form = .md

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case md
        case json
        case csv
    }

    func validate() throws {
        if head != nil, !shape.isEmpty {
            throw ValidationError("--head belongs to a model, and --shape makes random ones; leave one of them out")
        }
        for (name, value, least) in [
            ("-p", promptTokens, 0), ("-n", decodeTokens, 1), ("-d", depth, 0), ("-r", repeats, 1),
        ] where !(least...1 << 24).contains(value) {
            throw ValidationError("\(name) is \(value); give a number from \(least) to \(1 << 24)")
        }
    }

    func run() throws {
        let interrupt = Interrupt()
        var sessionOptions = SessionOptions(kvFormat: kv, activations: activations)
        if let threads { sessionOptions.threadCount = threads }
        sessionOptions.pinsThreads = pin
        try sessionOptions.check()
        var options = SpeedBench.Options()
        (options.promptTokens, options.decodeTokens) = (promptTokens, decodeTokens)
        (options.depth, options.repeats) = (depth, repeats)
        var entries: [BenchReport.Entry] = []
        do {
            for subject in try subjects() {
                let loaded = try Progress.during("preparing \(subject.name)") { try subject.load(sessionOptions) }
                entries.append(try measured(loaded, subject.name, options, sessionOptions, interrupt))
            }
        } catch is CancellationError {
            throw ExitCode(130)
        }
        let report = BenchReport(entries: entries, options: options, sessionOptions: sessionOptions)
        switch output {
        case .md: try StandardOutput.write(report.markdown)
        case .json: try StandardOutput.write(report.json())
        case .csv: try StandardOutput.write(report.csv)
        }
    }

    /// A model to measure, with a function that loads or makes it.
    private struct Subject {
        let name: String
        let load: (SessionOptions) throws -> LayerStack
    }

    private func subjects() throws -> [Subject] {
        let shapes = shape.map { shape in
            Subject(name: shape.name) { _ in
                try .random(
                    shape, format: format, lmHeadFormat: (lmHeadFormat ?? oldLMHeadFormat)?.format,
                    headLayers: headLayers, screens: screen)
            }
        }
        let paths = model.isEmpty && shape.isEmpty ? [try Embedded().model] : model
        return paths.map { path in
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return Subject(name: name) { options in
                let model = try Model(
                    path: path, headLayers: headLayers, vocabularyFormat: (lmHeadFormat ?? oldLMHeadFormat)?.format,
                    fp8Format: fp8Format?.format ?? .bf16, screens: screen, threadCount: options.threadCount,
                    ignoresUnusedTensors: unused.ignoreUnusedTensors)
                model.warnings.forEach(StandardError.warn)
                return try head.map { try model.with(cycleHead: $0, threadCount: options.threadCount).stack }
                    ?? model.stack
            }
        } + shapes
    }

    private func measured(
        _ stack: LayerStack, _ name: String, _ options: SpeedBench.Options, _ sessionOptions: SessionOptions,
        _ interrupt: Interrupt
    ) throws -> BenchReport.Entry {
        let factors = mtd ?? (stack.configuration.canRunCycles ? .all : .vanilla)
        let plans = try factors.plans(for: stack.configuration, rule: rule.overrides)
        let bar = ProgressBar("measuring \(name)")
        defer { bar.end() }
        let isCancelled: @Sendable () -> Bool = { interrupt.isPressed }
        let speed = try SpeedBench(
            of: stack, plans: plans, options: options, sessionOptions: sessionOptions, progress: bar.show,
            isCancelled: isCancelled)
        bar.end()
        let costs =
            try passes
            ? Progress.during("measuring passes") {
                try PassBench(
                    of: stack, depth: depth, repeats: repeats, sessionOptions: sessionOptions,
                    isCancelled: isCancelled)
            } : nil
        let profiles =
            try profile
            ? plans.map { plan in
                try DecodingProfile(
                    of: stack, plan: plan, options: options, sessionOptions: sessionOptions,
                    isCancelled: isCancelled)
            } : []
        let depths = try skip.map { skip in
            try Progress.during("measuring skipped layers") {
                try DepthBench(
                    of: stack, rates: skip.rates, routed: routedLayers, options: options,
                    sessionOptions: sessionOptions, isCancelled: isCancelled)
            }
        }
        let cycles = try acceptance.map { acceptance in
            try Progress.during("measuring cycles") {
                try CycleBench(
                    of: stack, factors: plans.map(\.cycleLength).filter { $0 > 1 }, acceptances: acceptance.rates,
                    options: options, sessionOptions: sessionOptions, isCancelled: isCancelled)
            }
        }
        return BenchReport.Entry(
            name: name, roofline: ByteRoofline(stack, kvFormat: sessionOptions.kvFormat), formats: stack.formats,
            speed: speed, passes: costs, profiles: profiles, depths: depths,
            cycles: cycles)
    }
}

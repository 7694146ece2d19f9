public import Models

/// Runs the same layers for every token, as if the model had no others.
///
/// LayerSkip's early exit (arXiv 2404.16710) keeps the first layers, ShortGPT (arXiv 2403.03853) those that change the
/// residual most, LaCo (arXiv 2402.11187) those into which others were merged.
public struct FixedLayersPlan: DecodePlan {
    public let name: String
    /// The layers that run.
    public let kept: Set<Int>
    /// Weights that replace those of a layer, by layer.
    package let replaced: [Int: LayerWeights]

    private init(name: String, kept: Set<Int>, replaced: [Int: LayerWeights] = [:]) {
        self.name = name
        self.kept = kept
        self.replaced = replaced
    }

    public var layers: LayerChoice { .only(kept) }
    public var needsSplit: Bool { false }
    public func headInput(at position: Int, promptCount: Int) -> HeadInput { .trunk }
    public func cycleIndex(of position: Int, promptCount: Int) -> Int? { nil }
    public func model(from model: Model) -> Model { model.replacing(layers: replaced) }

    /// LayerSkip's early exit: the final norm and `lm_head` read the residual after the first `count` layers.
    ///
    /// - Throws: `PlanError.layersOutOfRange` for a count outside 1 to the model's.
    package static func exit(after count: Int, of model: ModelConfiguration) throws(PlanError) -> FixedLayersPlan {
        guard (1...model.layerCount).contains(count) else {
            throw .layersOutOfRange(plan: "exit", count: count, range: 1...model.layerCount)
        }
        return FixedLayersPlan(name: "exit:\(count)", kept: Set(0..<count))
    }

    /// ShortGPT: all layers except the `count` with the least block influence.
    ///
    /// - Throws: `PlanError.layersOutOfRange` if no layer would be left.
    package static func shortGPT(
        dropping count: Int, by influence: BlockInfluence
    ) throws(PlanError) -> FixedLayersPlan {
        let layerCount = influence.ofLayers.count
        guard (0..<layerCount).contains(count) else {
            throw .layersOutOfRange(plan: "shortgpt", count: count, range: 0...layerCount - 1)
        }
        let dropped = influence.ascending.prefix(count)
        return FixedLayersPlan(name: "shortgpt:\(count)", kept: Set(0..<layerCount).subtracting(dropped))
    }

    /// LaCo: each run of layers is merged into one layer with its own weights.
    package static func laco(_ collapse: LayerCollapse) -> FixedLayersPlan {
        let dropped = collapse.runs.flatMap { $0.dropFirst() }
        return FixedLayersPlan(
            name: "laco:\(dropped.count)", kept: Set(0..<collapse.layerCount).subtracting(dropped),
            replaced: collapse.collapsed)
    }
}

extension PlanRequest {
    /// LayerSkip's early exit after the first `layers` layers.
    public static func exit(layers: Int) -> PlanRequest {
        PlanRequest("exit:\(layers)") { configuration, _ throws(PlanError) in
            try FixedLayersPlan.exit(after: layers, of: configuration)
        }
    }

    /// ShortGPT without the `layers` layers of least influence.
    public static func shortGPT(dropping layers: Int) -> PlanRequest {
        PlanRequest(measured: "shortgpt:\(layers)") { stack, tokens, options in
            try FixedLayersPlan.shortGPT(
                dropping: layers, by: BlockInfluence(of: stack, on: tokens, options: options))
        }
    }

    /// LaCo: layers merged into others until `layers` are left out.
    public static func laco(leavingOut layers: Int) -> PlanRequest {
        PlanRequest(measured: "laco:\(layers)") { stack, tokens, options in
            .laco(try LayerCollapse(of: stack, leavingOut: layers, on: tokens, options: options))
        }
    }
}

extension FixedLayersPlan {
    static let exitKind = PlanKind("exit", "N", help: "the first N layers") { argument, text throws(PlanError) in
        .exit(layers: try PlanKind.layerCount(argument, of: text))
    }

    static let shortGPTKind = PlanKind("shortgpt", "N", help: "without the N layers that change least") {
        argument, text throws(PlanError) in
        .shortGPT(dropping: try PlanKind.layerCount(argument, of: text))
    }

    static let lacoKind = PlanKind("laco", "N", help: "layers merged until N are left out") {
        argument, text throws(PlanError) in
        .laco(leavingOut: try PlanKind.layerCount(argument, of: text))
    }
}

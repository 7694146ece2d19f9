import Models
import Tensors

extension LayerStack {
    /// The same weights with routers in the last `routed` layers. Every token skips `skipping` of these, spread evenly, and runs
    /// the others. Routers and adapters cost as much as trained ones; layers without them get random ones.
    ///
    /// - Precondition: `0...routed` contains `skipping`, and `1...layers` contains `routed`.
    func forcingGates(routed: Int, skipping: Int) -> LayerStack {
        let first = layers.count - routed
        let forced = layers.enumerated().map { index, layer in
            guard index >= first else { return layer }
            let routedIndex = index - first
            let skips = (routedIndex + 1) * skipping / routed > routedIndex * skipping / routed
            let routing = layer.routing ?? randomRouting(of: layer, seed: UInt64(1_000_000 + index))
            return layer.routed(by: routing.forced(toSkip: skips))
        }
        return replacing(layers: forced)
    }

    /// A random router and adapter of a sixteenth of the layer's widths, as in the authors' release. The router's encoder is in
    /// bfloat16, as in `volley pack`.
    private func randomRouting(of layer: LayerWeights, seed: UInt64) -> RoutingWeights {
        let hidden = configuration.hiddenSize
        let (code, adapter) = (max(1, hidden / 16), max(1, configuration.feedForwardSize / 16))
        let stored = layer.feedForward.matrices[0].formats[0]
        func matrix(_ rows: Int, _ columns: Int, _ format: StorageFormat, _ number: UInt64) -> Matrix {
            let fits = format.rowByteCount(columns: columns) != nil
            return randomMatrix(rows: rows, columns: columns, format: fits ? format : .bf16, seed: 8 * seed + number)
        }
        return .flexiDepth(
            Router(
                encoder: Linear([matrix(code, hidden, .bf16, 0)]), norm: ones(code), order: .normThenTanh,
                gate: Gate(row: Linear([matrix(1, code, .f32, 1)]))),
            adapter: .dense(
                gateUp: Linear([matrix(adapter, hidden, stored, 2), matrix(adapter, hidden, stored, 3)]),
                down: Linear([matrix(hidden, adapter, stored, 4)])))
    }
}

extension RoutingWeights {
    fileprivate func forced(toSkip skips: Bool) -> RoutingWeights {
        func forced(_ gate: Gate) -> Gate { Gate(row: gate.row, offset: skips ? -.infinity : .infinity) }
        return switch self {
        case .flexiDepth(let router, let adapter):
            .flexiDepth(
                Router(
                    encoder: router.encoder, norm: router.norm, order: router.order, gate: forced(router.gate)),
                adapter: adapter)
        case .mindSkip(let attention, let feedForward):
            .mindSkip(attention: forced(attention), feedForward: forced(feedForward))
        case .mixtureOfDepths(let gate): .mixtureOfDepths(forced(gate))
        }
    }

    /// Whether the gates are forced so that every token skips the layer.
    var skipsAll: Bool {
        switch self {
        case .flexiDepth(let router, _): router.gate.offset == -.infinity
        case .mindSkip(let attention, _): attention.offset == -.infinity
        case .mixtureOfDepths(let gate): gate.offset == -.infinity
        }
    }
}

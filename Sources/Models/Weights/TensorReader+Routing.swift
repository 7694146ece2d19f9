import JSON
import Tensors
import Weights

/// Reads routed layers: FlexiDepth's tensors by its authors' names, those of other methods by the recipe's names.
extension TensorReader {
    /// Refuses routers of other methods, and routers in layers that the configuration does not list.
    func checkRouters(_ configuration: ModelConfiguration) throws {
        let routed = Set((configuration.routing?.layers ?? []).map { "model.layers.\($0)." })
        for name in checkpoint.tensorNames where name.contains("router") {
            if name.hasSuffix(".bias") {
                throw unsupported(name, "biases of routers are not implemented", "use a checkpoint without them")
            }
            guard routed.contains(where: { name.hasPrefix($0) }) else {
                throw unsupported(
                    name, "its layer is none of the configuration's routing_layers",
                    "use the configuration that belongs to the weights")
            }
        }
    }

    /// Refuses DiffSkip, another method by the same authors with the same model type.
    func refuseDiffSkip() throws {
        guard checkpoint.configuration["model_type"]?.stringValue == ModelConfiguration.routedLlama,
            !checkpoint.tensorNames.contains(where: { $0.contains(".router.router_enc.") })
        else { return }
        throw ConfigurationError.unsupported(
            field: "model_type", value: "'ddllama' without router.router_enc tensors (a DiffSkip checkpoint)",
            remedy: "use a FlexiDepth checkpoint")
    }

    func routing(_ layer: String, _ configuration: ModelConfiguration, _ routing: RoutingConfiguration) throws
        -> RoutingWeights
    {
        switch routing.method {
        case .flexiDepth:
            .flexiDepth(
                try router("\(layer).router", configuration, routing),
                adapter: try adapter("\(layer).router_proj", configuration, routing))
        case .mindSkip:
            .mindSkip(
                attention: try gate("\(layer).attention_router", configuration),
                feedForward: try gate("\(layer).mlp_router", configuration))
        case .mixtureOfDepths: .mixtureOfDepths(try gate("\(layer).router", configuration))
        }
    }

    private func gate(_ name: String, _ configuration: ModelConfiguration) throws -> Gate {
        Gate(row: Linear([try matrix("\(name).row", rows: 1, columns: configuration.hiddenSize)]))
    }

    private func router(
        _ name: String, _ configuration: ModelConfiguration, _ routing: RoutingConfiguration
    ) throws -> Router {
        let hidden = configuration.hiddenSize
        let width = try rows(of: "\(name).router_enc", stated: routing.codeWidth, atMost: hidden)
        return Router(
            encoder: Linear([try matrix("\(name).router_enc", rows: width, columns: hidden)]),
            norm: try vector("\(name).router_norm", count: width), order: routing.order,
            gate: Gate(
                row: Linear([
                    product(
                        try matrix("\(name).router_head", rows: 1, columns: hidden),
                        try matrix("\(name).router_dec", rows: hidden, columns: width))
                ])))
    }

    /// Reads an adapter. The authors' `up_proj` is its down matrix, their `down_proj` its up matrix.
    private func adapter(
        _ name: String, _ configuration: ModelConfiguration, _ routing: RoutingConfiguration
    ) throws -> FeedForward {
        let hidden = configuration.hiddenSize
        let width = try rows(
            of: "\(name).gate_proj", stated: routing.adapterWidth, atMost: configuration.feedForwardSize)
        return .dense(
            gateUp: Linear([
                try matrix("\(name).gate_proj", rows: width, columns: hidden),
                try matrix("\(name).down_proj", rows: width, columns: hidden),
            ]),
            down: Linear([try matrix("\(name).up_proj", rows: hidden, columns: width)]))
    }

    /// The first dimension of a tensor, checked against the configuration's value if it has one.
    private func rows(of name: String, stated: Int?, atMost limit: Int) throws -> Int {
        let shape = try checkpoint.tensor("\(name).weight").shape
        guard shape.count == 2, (1...limit).contains(shape[0]) else {
            throw fault("\(name).weight", "its shape is \(shape), but it must have 1 to \(limit) rows")
        }
        if let stated, shape[0] != stated {
            throw fault(
                "\(name).weight", "it has \(shape[0]) rows, but the configuration's reduction factor asks for \(stated)"
            )
        }
        return shape[0]
    }

    private func unsupported(_ name: String, _ problem: String, _ remedy: String) -> CheckpointError {
        .unsupported(path: checkpoint.path, place: "tensor \(name)", problem: problem, remedy: remedy)
    }

    /// row · matrix, accumulated in double precision: [1, matrix.columns], float32.
    private func product(_ row: Matrix, _ matrix: Matrix) -> Matrix {
        let factors = Vector(count: row.columns)
        let values = Vector(count: matrix.columns)
        var sums = [Double](repeating: 0, count: matrix.columns)
        row.copyRow(0, to: factors.pointer)
        for index in 0..<matrix.rows {
            matrix.copyRow(index, to: values.pointer)
            for column in sums.indices {
                sums[column] += Double(factors.pointer[index]) * Double(values.pointer[column])
            }
        }
        let output = Vector(count: matrix.columns)
        for (column, sum) in sums.enumerated() { output.pointer[column] = Float(sum) }
        return Matrix(
            rows: 1, columns: matrix.columns, format: .f32, bytes: UnsafeRawPointer(output.pointer), owner: output)
    }
}

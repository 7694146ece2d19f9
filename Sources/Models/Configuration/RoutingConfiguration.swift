import JSON
import Weights

/// The layers that a token may skip, and the shape of their routers.
public struct RoutingConfiguration: Sendable, Equatable {
    /// Routed layers, ascending; at least one (`routing_layers`).
    public let layers: [Int]
    /// The routing method (`routing_method`).
    public let method: RoutingMethod
    /// Width of the router's code, if the configuration gives it (`router_reduction_factor`).
    let codeWidth: Int?
    /// Width of the adapter, if the configuration gives it (`proj_reduction_factor`, or the router's factor).
    let adapterWidth: Int?
    /// The order of norm and tanh between the router's matrices (`router_order`).
    let order: Router.Order
}

extension RoutingConfiguration {
    /// Nil if the model has no routed layers.
    ///
    /// - Parameter isRequired: whether models of this type must have routed layers.
    init?(
        _ fields: ConfigurationReader, layerCount: Int, hiddenSize: Int, feedForwardSize: Int, isRequired: Bool
    ) throws(ConfigurationError) {
        try fields.refuseUnimplementedRouters()
        guard let value = fields.value("routing_layers") else {
            if isRequired { throw .missing(field: "routing_layers") }
            return nil
        }
        let layers = (value.arrayValue ?? []).compactMap(\.intValue).filter { (0..<layerCount).contains($0) }.sorted()
        guard !layers.isEmpty, layers.count == value.arrayValue?.count, Set(layers).count == layers.count else {
            throw fields.invalid(
                "routing_layers", value, "a list of different layer numbers from 0 to \(layerCount - 1)")
        }
        let routerFactor = try fields.count("router_reduction_factor", in: 1...hiddenSize)
        let adapterFactor =
            try fields.count("proj_reduction_factor", in: 1...feedForwardSize) ?? routerFactor
        self.layers = layers
        method = try Self.method(fields)
        codeWidth = routerFactor.map { hiddenSize / $0 }
        adapterWidth = adapterFactor.map { feedForwardSize / $0 }
        order = try Self.order(fields)
    }

    private static func method(_ fields: ConfigurationReader) throws(ConfigurationError) -> RoutingMethod {
        guard let name = try fields.text("routing_method") else { return .flexiDepth }
        guard let method = RoutingMethod(rawValue: name) else {
            throw fields.unsupported(
                "routing_method", "use a checkpoint of flexidepth, mindskip or mixture_of_depths")
        }
        return method
    }

    private static func order(_ fields: ConfigurationReader) throws(ConfigurationError) -> Router.Order {
        guard let name = try fields.text("router_order") else { return .normThenTanh }
        guard let order = Router.Order(rawValue: name) else {
            throw fields.invalid("router_order", .string(name), "norm_tanh or tanh_norm")
        }
        return order
    }
}

extension ConfigurationReader {
    /// Refuses other projects' derivatives of FlexiDepth, which have the same model type.
    fileprivate func refuseUnimplementedRouters() throws(ConfigurationError) {
        for field in ["router_gate_mode", "router_head_bias_init"] where value(field) != nil {
            throw unsupported(field, "use a checkpoint of FlexiDepth as its authors published it")
        }
    }
}

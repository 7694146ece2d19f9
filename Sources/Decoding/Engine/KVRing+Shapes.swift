import Models

extension KVRing {
    /// The shapes of a sequence's rings: one for the trunk's layers, one for the head's.
    package static func shapes(
        _ configuration: ModelConfiguration, options: SessionOptions
    ) -> (trunk: Shape, head: Shape) {
        let limit = options.slotLimit(contextLength: configuration.contextLength)
        let rollback = options.window.map { limit - options.sinkCount - $0 + 1 } ?? 0
        func shape(_ layerCount: Int) -> Shape {
            Shape(
                configuration, layerCount: layerCount, format: options.kvFormat, sinks: options.sinkCount, limit: limit,
                rollback: rollback)
        }
        return (shape(configuration.trunkLayerCount), shape(configuration.headLayerCount))
    }
}

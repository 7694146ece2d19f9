import JSON

extension ConfigurationError {
    /// Refuses weights packed by a method that is not implemented. `quantization_config` names the method.
    static func quantized(_ configuration: JSONValue) -> ConfigurationError {
        let method = configuration["quant_method"]?.stringValue
        return .unsupported(
            field: method == nil ? "quantization_config" : "quantization_config.quant_method",
            value: method ?? String("\(configuration)".prefix(80)),
            remedy: "use the model's unquantised original, which volley pack quantises, or a GGUF file of it")
    }
}

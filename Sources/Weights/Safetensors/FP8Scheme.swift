import JSON
import Tensors

/// The FP8 scheme of a checkpoint: matrices of e4m3 codes with one scale per block of rows and columns.
///
/// `config.json` declares it in `quantization_config` (`quant_method` `fp8`, transformers' `FineGrainedFP8Config`).
/// Tensor `X.weight_scale_inv` holds the scales of `X.weight`: value = e4m3 · scale, in float32.
struct FP8Scheme: Sendable {
    /// Path of the configuration, for messages.
    let path: String
    let blockRows: Int
    let blockColumns: Int

    static let field = "quantization_config"

    /// Returns nil if the configuration names no quantisation method, or one other than FP8.
    ///
    /// - Throws: `CheckpointError.unsupported` for any other FP8 scheme, naming the field that requires it.
    init?(_ configuration: JSONObject, path: String) throws(CheckpointError) {
        guard let fields = configuration[Self.field]?.objectValue, fields["quant_method"]?.stringValue == "fp8" else {
            return nil
        }
        self.path = path
        func refuse(_ key: String, _ remedy: String) -> CheckpointError {
            .unsupported(
                path: path, place: "\(Self.field).\(key)", problem: "is \(fields[key] ?? .null)", remedy: remedy)
        }
        for (key, value) in fields {
            guard let accepted = Self.acceptedValues[key] else {
                throw refuse(key, "it is not known: use the checkpoint's unquantised original")
            }
            guard value.isNull || accepted.isEmpty || accepted.contains(value) else {
                throw refuse(key, "use a checkpoint with \(accepted.map { "\($0)" }.joined(separator: " or "))")
            }
        }
        guard let size = fields["weight_block_size"] else {
            (blockRows, blockColumns) = (128, 128)
            return
        }
        let sizes = size.arrayValue?.compactMap(\.intValue).filter { (1...1 << 20).contains($0) } ?? []
        guard sizes.count == 2, size.arrayValue?.count == 2 else {
            throw refuse("weight_block_size", "use a checkpoint with a scale for each block of rows and columns")
        }
        (blockRows, blockColumns) = (sizes[0], sizes[1])
    }

    /// Accepted fields with the values that do not change the computation; an empty list accepts any. How activations
    /// would be rounded does not matter, because they stay in full precision. Recorded activation scales (`static`) are
    /// refused: the file would hold tensors that are never read.
    private static let acceptedValues: [String: [JSONValue]] = [
        "quant_method": [], "weight_block_size": [], "modules_to_not_convert": [], "ignored_layers": [],
        "modules_to_convert": [], "dequantize": [], "fmt": ["e4m3"], "activation_scheme": ["dynamic"],
        "scale_fmt": ["float", "ue8m0"], "expert_dtype": ["fp8"],
    ]

    /// A description for the user.
    func description(as format: StorageFormat) -> String {
        "fp8: e4m3 with a scale for every \(blockRows) × \(blockColumns) values, made \(format.rawValue) on the way in"
    }

    /// Attaches the scales to every e4m3 matrix. The scales are then no longer tensors of their own.
    ///
    /// - Parameter format: the format to convert values to; bf16 if a matrix's rows are not whole blocks of it.
    /// - Throws: `CheckpointError` if scales are missing or do not fit their matrix.
    func joined(
        _ locations: [String: TensorLocation], format: StorageFormat
    ) throws(CheckpointError) -> [String: TensorLocation] {
        guard Quantizer.formats.contains(format) else {
            throw .unsupported(
                path: path, place: Self.field, problem: "FP8 weights cannot be converted to \(format.rawValue)",
                remedy: "ask for \(Quantizer.formats.map(\.rawValue).joined(separator: ", "))")
        }
        var result = locations
        for (name, location) in locations where location.type == .e4m3 {
            result[name + "_scale_inv"] = nil
            result[name] = try joined(name, location, locations).converted(to: format)
        }
        return result
    }

    private func joined(
        _ name: String, _ location: TensorLocation, _ locations: [String: TensorLocation]
    ) throws(CheckpointError) -> TensorLocation {
        func damaged(_ problem: String) -> CheckpointError {
            .damaged(path: location.file.path, place: "tensor \(quoted(name))", problem: problem)
        }
        guard let scales = locations[name + "_scale_inv"] else {
            guard locations[name + "_scale"] == nil else {
                throw .unsupported(
                    path: location.file.path, place: "tensor \(quoted(name + "_scale"))",
                    problem: "is a scale for a whole tensor",
                    remedy: "use a checkpoint with a scale for each block of rows and columns")
            }
            throw damaged("is F8_E4M3, and its scales \(quoted(name + "_scale_inv")) are missing")
        }
        guard location.shape.count == 2, location.shape.allSatisfy({ $0 > 0 }) else {
            throw damaged("is F8_E4M3 of shape \(location.shape), and only matrices have scales")
        }
        let grid = [
            (location.shape[0] - 1) / blockRows + 1, (location.shape[1] - 1) / blockColumns + 1,
        ]
        guard scales.shape == grid else {
            throw damaged(
                "its scales have the shape \(scales.shape), but blocks of \(blockRows) × \(blockColumns) are \(grid)")
        }
        guard case .known(let scaleFormat) = scales.type, scaleFormat.valuesPerBlock == 1 else {
            throw .unsupported(
                path: scales.file.path, place: "tensor \(quoted(name + "_scale_inv"))",
                problem: "is stored as \(scales.type.name)", remedy: "use a checkpoint whose scales are F32 or BF16")
        }
        var result = location
        result.scales = BlockScales(
            name: name, file: scales.file, byteRange: scales.byteRange, format: scaleFormat, blockRows: blockRows,
            blockColumns: blockColumns, columnCount: grid[1])
        return result
    }
}

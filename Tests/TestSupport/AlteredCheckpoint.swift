import Foundation

/// A modified copy of a recorded Hugging Face directory.
public final class AlteredCheckpoint {
    private let directory: TemporaryDirectory
    /// `config.json`.
    public var configuration: [String: Any]
    public var tensors: [String: Tensor]

    public struct Tensor {
        public var dtype: String
        public var shape: [Int]
        public var bytes: Data

        public init(dtype: String, shape: [Int], bytes: Data) {
            (self.dtype, self.shape, self.bytes) = (dtype, shape, bytes)
        }

        public init(_ values: [Float], shape: [Int]) {
            self.init(dtype: "F32", shape: shape, bytes: values.withUnsafeBytes { Data($0) })
        }

        /// The values of an F32 tensor.
        public var values: [Float] {
            get { bytes.withUnsafeBytes { $0.withMemoryRebound(to: Float.self) { Array($0) } } }
            set { bytes = newValue.withUnsafeBytes { Data($0) } }
        }
    }

    /// - Parameter golden: a directory in `Tests/Goldens` with one F32 safetensors file.
    public init(_ golden: String = "dmtd/qwen3-tied") throws {
        directory = try TemporaryDirectory()
        configuration = try Self.object(Data(contentsOf: Goldens.url("\(golden)/config.json")))
        let file = try Data(contentsOf: Goldens.url("\(golden)/model.safetensors"))
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        tensors = try Self.object(file[8..<8 + length]).compactMapValues { entry in
            guard let entry = entry as? [String: Any], let dtype = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int]
            else { return nil }
            let data = 8 + length
            return Tensor(dtype: dtype, shape: shape, bytes: Data(file[data + offsets[0]..<data + offsets[1]]))
        }
    }

    /// Writes the files and returns the directory's path.
    public func write() throws -> String {
        try directory.write(Array(JSONSerialization.data(withJSONObject: configuration)), "config.json")
        var header: [String: Any] = ["__metadata__": ["format": "pt"]]
        var data = Data()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            header[name] = [
                "dtype": tensor.dtype, "shape": tensor.shape,
                "data_offsets": [data.count, data.count + tensor.bytes.count],
            ]
            data += tensor.bytes
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        try directory.write(Array(length + text + data), "model.safetensors")
        return directory.path
    }

    private static func object(_ data: Data) throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return object
    }
}

extension AlteredCheckpoint {
    /// Makes token 7 alone produce a value in the first layer that is finite but overflows float16.
    public func overflowAtTokenSeven() {
        let width = tensors["model.embed_tokens.weight"]?.shape[1] ?? 0
        change("model.embed_tokens.weight") { values in
            for start in stride(from: 0, to: values.count, by: width) { values[start] = 0 }
            values.replaceSubrange(7 * width..<8 * width, with: repeatElement(0, count: width))
            values[7 * width] = 1
        }
        change("model.layers.0.self_attn.v_proj.weight") { $0[0] = 1e6 }
    }

    /// Changes the values of an F32 tensor.
    public func change(_ name: String, _ body: (inout [Float]) -> Void) {
        guard var tensor = tensors[name] else { fatalError("no tensor \(name)") }
        body(&tensor.values)
        tensors[name] = tensor
    }
}
